"""The SMTP connection of transactional mail: Flask-Mail's, with patience that ends and a farewell that may fail."""

import smtplib
from contextlib import ExitStack, suppress
from email.charset import QP, Charset
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from email.policy import compat32
from typing import Any, Self

from flask import current_app
from flask_mail import Connection, Message

ANSWER_WITHIN = 0.5  # of the lease, for each answer; Flask-Mail's own connection would wait for ever


_quoted = Charset("utf-8")
_quoted.body_encoding = QP
_AS_ENCODED = compat32.clone(linesep="\r\n", max_line_length=None)


class QuotedMessage(Message):
    """A mail whose lines no server finds too long (RFC 5321, section 4.5.3.1.6), whatever people wrote in one."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> Any:
        return MIMEText(text or "", subtype, _quoted)  # type: ignore[arg-type]  # a Charset is what it takes (email.mime.text)

    def _message(self) -> MIMEBase:
        """The mail with its headers as Flask-Mail has encoded and folded them; its own policy would parse each of them again."""
        message = super()._message()
        message.policy = _AS_ENCODED
        return message


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

    def __exit__(self, *_: object) -> None:
        """Say goodbye; the mail's fate is settled by then, so a lost connection is nothing to raise."""
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.host.quit()


class LastingConnection:
    """A connection for several mails: opened for the first, kept for the next, and opened anew after a failure."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._connection: PatientConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send(self, message: Message) -> None:
        """Hand over a mail. Raises OSError, SMTPException, and what Flask-Mail raises for what is no mail."""
        try:
            if self._connection is None:
                self._connection = self._open.enter_context(PatientConnection(current_app.extensions["mail"]))
            self._connection.send(message)
        except BaseException:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        self._connection = None
        self._open.close()
