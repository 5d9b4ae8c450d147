"""The SMTP servers that letters go to, from the settings, and a connection to one. This part is smtplib's."""

import smtplib
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from network_api.settings import SMTP_SCHEMES
from newsletters.dispatch.smtp import TIMEOUT, Connection, as_text


class NotConnected(Exception):
    """There is no connection to be had: nothing has gone out, and nothing will for a while."""


class Server(NamedTuple):
    """An SMTP server and how to speak to it."""

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def connect(self) -> Connection:
        """A connection: greeted, encrypted and signed in as the server is to be spoken to. Raises NotConnected."""
        try:
            return Connection(self._greeted())
        except (OSError, smtplib.SMTPException) as error:
            raise NotConnected(f"{self}: {as_text(error)}") from error

    def _greeted(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            if self.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self.username:
                smtp.login(self.username, self.password)
            smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException):
            smtp.close()
            raise
        return smtp


def servers(config: Mapping[str, Any]) -> list[Server]:
    """The servers of the settings, the preferred one first: those for letters, or the one for all mail."""
    if config["DISPATCH_SERVERS"]:
        return [_from_url(url) for url in config["DISPATCH_SERVERS"]]
    scheme = "smtps" if config["MAIL_USE_SSL"] else "smtp+starttls" if config["MAIL_USE_TLS"] else "smtp"
    username, password = config["MAIL_USERNAME"] or "", config["MAIL_PASSWORD"] or ""
    return [Server(scheme, config["MAIL_SERVER"], config["MAIL_PORT"], username, password)]


def _from_url(url: str) -> Server:
    parts = urlsplit(url)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.scheme, parts.hostname or "", parts.port or SMTP_SCHEMES[parts.scheme], username, password)
