"""A real SMTP server for tests, which keeps what it was given."""

import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """All mails that the server has accepted, in order of arrival; `answer` is what it says to the next ones."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"
        self._lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            message = message_from_bytes(bytes(envelope.content or b""), policy=default)
            assert isinstance(message, EmailMessage)
            with self._lock:
                self.messages.append(message)
        return self.answer

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to an address."""
        with self._lock:
            return [message for message in self.messages if address.lower() in str(message["To"]).lower()]

    def text_to(self, address: str) -> str:
        """The text of the newest mail to an address."""
        found = self.to(address)
        assert found, f"no mail to {address}"
        body = found[-1].get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def clear(self) -> None:
        """Forget all mails and answer friendly again."""
        with self._lock:
            self.messages.clear()
        self.answer = "250 OK"


class MailServer(Controller):
    """The server in a thread, on a free port of this machine."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        super().__init__(self.mailbox, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        """aiosmtpd asks itself on the port it was told; with 0 the system has chosen one."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
