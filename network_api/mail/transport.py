"""The SMTP connection of transactional mail: Flask-Mail's, with patience that ends and a farewell that may fail."""

import contextlib
import smtplib
from types import TracebackType

from flask import current_app
from flask_mail import Connection

ANSWER_WITHIN = 0.5  # of the lease, for each answer; Flask-Mail's own connection would wait for ever


class PatientConnection(Connection):
    """A connection that gives up on a silent server, and does not mind how it is closed."""

    def configure_host(self) -> smtplib.SMTP:
        """Connect, by TLS where the settings say so, and sign in. Raises OSError or SMTPException."""
        patience = current_app.config["MAIL_LEASE_SECONDS"] * ANSWER_WITHIN
        kind = smtplib.SMTP_SSL if self.mail.use_ssl else smtplib.SMTP
        host = kind(self.mail.server, self.mail.port, timeout=patience)
        if self.mail.use_tls:
            host.starttls()
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host

    def __exit__(self, exc_type: type[BaseException], exc_value: BaseException, tb: TracebackType) -> None:
        """Say goodbye; the mail's fate is settled by then, so a lost connection is nothing to raise."""
        if self.host is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.host.quit()


def connect() -> PatientConnection:
    """A connection to the server that the settings name, for a `with`."""
    return PatientConnection(current_app.extensions["mail"])
