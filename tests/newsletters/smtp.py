"""An SMTP server whose faults a test chooses, and which remembers what it was given."""

import asyncio
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.mailserver import MailServer

Fault = Callable[[str], str | None]


class FaultyServer(MailServer):
    """`at_rcpt` and `at_dot` get the recipient and give the server's reply, None for yes; "drop" hangs up instead."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = self
        self.received: list[tuple[str, str]] = []  # recipient and Message-ID of every mail that came in whole
        self.at_rcpt: Fault = lambda _: None
        self.at_dot: Fault = lambda _: None
        self.slowness = 0.0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        reply = self._or_drop(server, self.at_rcpt(address))
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.slowness)
        address = envelope.rcpt_tos[0]
        message = message_from_bytes(envelope.content if isinstance(envelope.content, bytes) else b"")
        self.received.append((address, str(message["Message-ID"])))
        return self._or_drop(server, self.at_dot(address)) or "250 OK"

    def _or_drop(self, server: SMTP, reply: str | None) -> str | None:
        if reply == "drop":
            assert server.transport is not None
            server.transport.abort()
        return reply

    def times(self) -> Counter[str]:
        """How often each address has been given a mail."""
        return Counter(address for address, _ in self.received)
