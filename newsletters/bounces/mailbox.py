"""Reading the mailbox that bounces come to, over IMAP (RFC 9051, and RFC 3501 for older servers).

A mail is taken in first and moved afterwards, so that a crash in between has it read again, which changes nothing. What was
a report goes into a folder below the mailbox, anything else into another, where a person can look through it.
"""

import imaplib
import re
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from newsletters.bounces import receiving
from newsletters.bounces.documents import MAILBOX
from newsletters.bounces.reports import MOST_BYTES

HANDLED, OTHER = FOLDERS = ("Handled", "Other")
MOST_AT_ONCE = 500  # mails in one run; the next goes on
TIMEOUT = 30.0  # seconds
PORTS = {"imap": 143, "imap+starttls": 143, "imaps": 993}
UNREACHABLE = (imaplib.IMAP4.error, OSError)  # what a server that cannot be reached, or says no, raises
_SEPARATOR = re.compile(rb'\) "(.)" ')


def read_mailbox(url: str) -> Counter[str]:
    """Take in what has come, and move it; how many mails went into which folder. Raises one of UNREACHABLE."""
    moved: Counter[str] = Counter()
    with _opened(url) as mailbox:
        for uid in mailbox.uids()[:MOST_AT_ONCE]:
            raw = mailbox.fetch(uid)
            if raw is not None:  # another reader has not moved it meanwhile
                folder = HANDLED if receiving.receive(raw, MAILBOX) else OTHER
                mailbox.move(uid, folder)
                moved[folder] += 1
    return moved


@contextmanager
def _opened(url: str) -> Iterator["_Mailbox"]:
    parts = urlsplit(url)
    imap = _connected(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme])
    try:
        imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
        yield _Mailbox(imap, unquote(parts.path).strip("/") or "INBOX")
    finally:
        with suppress(*UNREACHABLE):
            imap.logout()


def _connected(scheme: str, host: str, port: int) -> imaplib.IMAP4:
    tls = ssl.create_default_context()
    if scheme == "imaps":
        return imaplib.IMAP4_SSL(host, port, ssl_context=tls, timeout=TIMEOUT)
    imap = imaplib.IMAP4(host, port, timeout=TIMEOUT)
    if scheme == "imap+starttls":
        imap.starttls(ssl_context=tls)
    return imap


class _Mailbox:
    """The opened mailbox. Mails are named by their UIDs, which stay when others come or go (RFC 9051, section 2.3.1.1)."""

    def __init__(self, imap: imaplib.IMAP4, name: str) -> None:
        self.imap = imap
        found = _SEPARATOR.search(self._said(imap.list('""', '""'))[0] or b"")
        self.prefix = f"{name}{found[1].decode() if found else '/'}"
        for folder in FOLDERS:
            with suppress(imaplib.IMAP4.error):
                imap.create(self._quoted(self.prefix + folder))  # says no where it is there already
        self._said(imap.select(self._quoted(name)))

    def uids(self) -> list[str]:
        """The mails that are there."""
        return [uid.decode() for uid in (self._said(self.imap.uid("SEARCH", "UNDELETED"))[0] or b"").split()]

    def fetch(self, uid: str) -> bytes | None:
        """The beginning of a mail, without marking it as read; None where it is gone."""
        found = self._said(self.imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
        return next((bytes(part[1]) for part in found if isinstance(part, tuple)), None)

    def move(self, uid: str, folder: str) -> None:
        """Move a mail, unless another reader has done so meanwhile."""
        try:
            self._move(uid, self._quoted(self.prefix + folder))
        except imaplib.IMAP4.error:
            if self._said(self.imap.uid("SEARCH", "UID", uid))[0]:
                raise

    def _move(self, uid: str, target: str) -> None:
        """Where the server knows how (RFC 6851) in one step."""
        if "MOVE" in self.imap.capabilities:
            self._said(self.imap.uid("MOVE", uid, target))
            return
        self._said(self.imap.uid("COPY", uid, target))
        self._said(self.imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        self._said(self.imap.uid("EXPUNGE", uid) if "UIDPLUS" in self.imap.capabilities else self.imap.expunge())

    @staticmethod
    def _quoted(name: str) -> str:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    @staticmethod
    def _said(answer: tuple[str, list[Any]]) -> list[Any]:
        """What the server answered. Raises IMAP4.error where it said no."""
        status, data = answer
        if status != "OK":
            raise imaplib.IMAP4.error(f"{status} {data[:1]}")
        return data
