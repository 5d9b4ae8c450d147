"""The mail that has arrived at the sink."""

import re
import threading
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import NamedTuple

LINK = re.compile(r"/manage/(registrations|subscriptions)/([\w~-]+(?:\.[\w~-]+)*)")


class Mail(NamedTuple):
    """A mail that the sink has kept."""

    to: str
    identifier: str
    links: dict[str, str]


class Inbox:
    """The mail that has arrived."""

    def __init__(self, maildir: Path) -> None:
        self.folder = maildir / "new"
        self._read: dict[str, Mail] = {}
        self._turn = threading.Lock()

    def mails(self) -> list[Mail]:
        """All of it."""
        with self._turn:
            for name in {entry.name for entry in self.folder.iterdir()} - self._read.keys():
                self._read[name] = _mail((self.folder / name).read_bytes())
            return list(self._read.values())

    def links(self, kind: str) -> dict[str, str]:
        """The personal links that people have got, by address."""
        return {mail.to: mail.links[kind] for mail in self.mails() if kind in mail.links}


def _mail(content: bytes) -> Mail:
    message = message_from_bytes(content, policy=default)
    body = message.get_body(("plain",))  # type: ignore[attr-defined]  # of an EmailMessage, as the policy has it
    text = body.get_content() if body else ""
    return Mail(str(message["Delivered-To"]), str(message["Message-ID"]), dict(LINK.findall(text)))
