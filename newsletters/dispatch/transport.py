"""SMTP for letters: one lasting connection, and an outcome by the point of failure.

Before the final dot is written nothing has gone out; a reply is certain; a dot without a reply is `unknown` (RFC 5321,
section 4.1.1.4: responsibility passes with the reply).
"""

import re
import smtplib
import ssl
from functools import partial
from typing import NamedTuple, Self

from flask import current_app

from newsletters.dispatch.ledger import ACCEPTED, DEFERRED, REFUSED, UNKNOWN

TIMEOUT = 10.0  # seconds; shorter than a lease, so that a silent server never outlasts it
SERVICE_CLOSING, PERMANENT, OK, START_INPUT = 421, 500, 250, 354
_LONGEST_ANSWER = 300
_LEADING_DOT = re.compile(rb"(?m)^\.")


class NotConnected(Exception):
    """There is no connection to be had: nothing has gone out, and nothing will for a while."""


class Outcome(NamedTuple):
    """What became of one mail, and what the server said."""

    state: str
    answer: str


class Transport:
    """A connection to the SMTP server of the settings, opened when it is first needed and again when it was lost."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye, if somebody is there."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    def send(self, sender: str, recipient: str, content: bytes) -> Outcome:
        """Hand over one mail. Raises NotConnected.

        A connection that is lost before the final dot defers the mail; one that had been idle gets a second chance.
        """
        reused = self._smtp is not None
        try:
            return self._attempt(sender, recipient, content)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            if not reused:
                return Outcome(DEFERRED, _text(error))
        return self.send(sender, recipient, content)

    def _attempt(self, sender: str, recipient: str, content: bytes) -> Outcome:
        smtp = self._connected()
        refusal = self._envelope(smtp, sender, recipient)
        if refusal is not None:
            return refusal
        smtp.send(_LEADING_DOT.sub(b"..", content) + b".\r\n")
        return self._reply(smtp)

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str) -> Outcome | None:
        """MAIL, RCPT and DATA; the refusal where one of them was refused. Raises SMTPException where the server leaves."""
        for step in (partial(smtp.mail, sender), partial(smtp.rcpt, recipient), partial(smtp.docmd, "DATA")):
            code, answer = step()
            if code == SERVICE_CLOSING:
                raise smtplib.SMTPServerDisconnected(_line(code, answer))
            if code not in (OK, 251, START_INPUT):
                smtp.rset()
                return _outcome(code, answer)
        return None

    def _reply(self, smtp: smtplib.SMTP) -> Outcome:
        try:
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(UNKNOWN, _text(error))
        if code == SERVICE_CLOSING:
            self._drop()
        return _outcome(code, answer)

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                self._smtp = _connect()
            except (OSError, smtplib.SMTPException) as error:
                raise NotConnected(_text(error)) from error
        return self._smtp

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def _connect() -> smtplib.SMTP:
    config = current_app.config
    kind = smtplib.SMTP_SSL if config["MAIL_USE_SSL"] else smtplib.SMTP
    smtp = kind(config["MAIL_SERVER"], config["MAIL_PORT"], timeout=TIMEOUT)
    try:
        if config["MAIL_USE_TLS"]:
            smtp.starttls(context=ssl.create_default_context())
        if config["MAIL_USERNAME"]:
            smtp.login(config["MAIL_USERNAME"], config["MAIL_PASSWORD"] or "")
        smtp.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException):
        smtp.close()
        raise
    return smtp


def _line(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode(errors='replace')}"[:_LONGEST_ANSWER]


def _outcome(code: int, answer: bytes) -> Outcome:
    if code == OK:
        return Outcome(ACCEPTED, _line(code, answer))
    return Outcome(REFUSED if code >= PERMANENT else DEFERRED, _line(code, answer))


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_ANSWER]
