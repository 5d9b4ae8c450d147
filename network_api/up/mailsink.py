"""The mail sink: an SMTP server that keeps every mail in a Maildir and sends none on.

A mail is on the disk, under its final name, before the client hears 250: what was accepted survives a kill.
Run as `python -m network_api.up.mailsink PORT MAILDIR`.
"""

import asyncio
import itertools
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from network_api.up.data_folder import LOOPBACK

LARGEST_MAIL = 32 * 1024 * 1024  # bytes
FOLDERS = ("tmp", "new", "cur")


class Maildir:
    """A Maildir that mails are delivered to (see maildir(5): written in tmp, moved to new)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = itertools.count(1)
        for folder in FOLDERS:
            (path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    def deliver(self, content: bytes) -> Path:
        """Store a mail durably; returns its file. The names sort in the order of arrival. Raises OSError, and leaves nothing."""
        seconds, fraction = divmod(time.time_ns(), 1_000_000_000)
        name = f"{seconds}.M{fraction:09}P{os.getpid()}Q{next(self._count):06}.localhost"
        draft, target = self.path / "tmp" / name, self.path / "new" / name
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(target)
        except OSError:
            draft.unlink(missing_ok=True)  # the beginnings of mails would keep a full disk full
            raise
        self._sync_folder("new")
        return target

    def _sync_folder(self, folder: str) -> None:
        descriptor = os.open(self.path / folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Sink:
    """What aiosmtpd calls for each mail."""

    def __init__(self, maildir: Maildir) -> None:
        self.maildir = maildir

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Store the mail, with the envelope that it came in as the last hop notes it (RFC 5321, section 4.4)."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        noted = [f"Return-Path: <{envelope.mail_from}>", *(f"Delivered-To: {to}" for to in envelope.rcpt_tos)]
        head = "".join(f"{line}\r\n" for line in noted).encode("utf-8", "surrogateescape")
        try:
            await asyncio.to_thread(self.maildir.deliver, head + content)
        except OSError as error:
            with suppress(OSError):  # where its disk is full, so may be that of the log
                print(f"cannot store a mail: {error}", flush=True)  # noqa: T201 - the log of this process
            return "452 4.3.1 The disk does not take the mail; try again later"
        return "250 2.0.0 Stored"


async def serve(port: int, maildir: Path) -> None:
    """Listen until SIGTERM or SIGINT."""
    sink = Sink(Maildir(maildir))
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def protocol() -> SMTP:
        return SMTP(sink, hostname="localhost", data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(protocol, LOOPBACK, port)
    print(f"listening on {LOOPBACK}:{port}, keeping mail in {maildir}", flush=True)  # noqa: T201
    await ended.wait()
    server.close()


def main() -> None:
    """Serve on the port, into the Maildir, that the arguments name."""
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))


if __name__ == "__main__":
    main()
