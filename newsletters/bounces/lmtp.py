"""Bounces by LMTP (RFC 2033): a mail server hands each over, and hears that it is taken once it is stored, not before."""

import asyncio
import logging
import signal
from collections.abc import Callable

from aiosmtpd.lmtp import LMTP as Protocol
from aiosmtpd.smtp import Envelope, Session
from flask import Flask
from pymongo.errors import PyMongoError

from newsletters.bounces import receiving
from newsletters.bounces.documents import LMTP
from newsletters.bounces.reports import MOST_BYTES

ACCEPTED, IGNORED = "250 2.0.0 Noted", "250 2.0.0 No report, nothing noted"
LATER, ONE_AT_A_TIME = "451 4.3.0 Try again later", "452 4.5.3 One recipient at a time"


logging.getLogger("mail.log").setLevel(logging.WARNING)  # it would log every address


class Lines(Protocol):
    """LMTP with lines as long as servers write them: a report that quotes a letter is not to be refused for that."""

    line_length_limit = MOST_BYTES


class Intake:
    """What the protocol calls; the database is worked with in a thread, so that other connections go on."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    async def handle_RCPT(self, server: Protocol, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """One recipient for each mail: LMTP owes an answer to each of them, and a report has one."""
        if envelope.rcpt_tos:
            return ONE_AT_A_TIME
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Protocol, session: Session, envelope: Envelope) -> str:
        """Answered after the commit. What is no report is taken too: a refusal would be mailed to whoever is named as sender."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        return await asyncio.get_running_loop().run_in_executor(None, self._receive, raw, tuple(envelope.rcpt_tos))

    def _receive(self, raw: bytes, recipients: tuple[str, ...]) -> str:
        with self.app.app_context():
            try:
                return ACCEPTED if receiving.receive(raw, LMTP, recipients) else IGNORED
            except PyMongoError:
                self.app.logger.warning("The database did not take a report; the mail server will bring it again.")
                return LATER


def listen(app: Flask, host: str, port: int, say: Callable[[str], object]) -> None:
    """Take bounces in until SIGTERM."""
    asyncio.run(_listen(app, host, port, say))


async def _listen(app: Flask, host: str, port: int, say: Callable[[str], object]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    server = await loop.create_server(lambda: Lines(Intake(app), hostname=host, ident="network-api"), host, port)
    async with server:
        say(f"Taking bounces in by LMTP on {host}:{server.sockets[0].getsockname()[1]}")
        await stop.wait()
