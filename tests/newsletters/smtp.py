"""An SMTP server on raw sockets whose faults a test chooses, and which remembers what it was given.

A `Fault` is asked at its stage and gives the server's reply (more lines of one reply are divided by newlines), None for
yes, or `DROP`, which resets the connection without a word. A reply of 421 is the server's last.
"""

import base64
import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes

Fault = Callable[[str], str | None]
DROP = "drop"
SILENCE = 30.0  # seconds after which a client that says nothing is hung up on
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


def willing(_: str) -> None:
    """The fault of a server that has none."""


class FaultyServer:
    """Listens in threads of its own.

    `at_connect` gets the number of the connection from 1; `at_mail` the sender; the others the recipient: `at_content` when
    a first piece of the content has been read, `at_dot` when all of it has been and been noted in `received`.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.at_connect: Fault = willing
        self.at_mail: Fault = willing
        self.at_rcpt: Fault = willing
        self.at_data: Fault = willing
        self.at_content: Fault = willing
        self.at_dot: Fault = willing
        self.pipelining = True  # announced; where it is not, `impatient` notes who does not wait for a reply
        self.data_anyway = False  # whether DATA is accepted after every RCPT was refused
        self.slowness = 0.0  # seconds before the reply to a content
        self.split = False  # whether each reply comes byte by byte
        self.context = context  # for STARTTLS
        self.credentials: tuple[str, str] | None = None  # asked of everybody, by AUTH PLAIN
        self.received: list[tuple[str, str]] = []  # recipient and Message-ID of every mail that came in whole
        self.contents: dict[str, bytes] = {}  # the newest content by recipient, as it was before dots were stuffed
        self.senders: dict[str, str] = {}  # the envelope's sender by recipient
        self.commands: list[str] = []  # the verbs, in order, of all connections
        self.impatient: list[str] = []
        self.connections = 0
        self.port = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen on a free port; after a stop, on the same one again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def stop(self) -> None:
        """Hang up on everybody."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.hang_up()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def hang_up(self) -> None:
        """End all connections, and take new ones."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def times(self) -> Counter[str]:
        """How often each address has been given a mail."""
        return Counter(address for address, _ in self.received)

    @property
    def alive(self) -> int:
        """How many connections there are now."""
        with self._lock:
            return len(self._open)

    def keep(self, recipient: str, sender: str, content: bytes) -> None:
        """Note a mail that has come in whole."""
        identifier = str(message_from_bytes(content)["Message-ID"])
        with self._lock:
            self.received.append((recipient, identifier))
            self.contents[recipient], self.senders[recipient] = content, sender

    def _run(self, work: Callable[[socket.socket], None], argument: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(argument,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            self._run(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        number = str(self.connections)
        with contextlib.suppress(OSError), Session(self, connection) as session:
            session.converse(number)
        with self._lock:
            self._open.discard(connection)
        connection.close()


class Hangup(OSError):
    """The server has ended the connection."""


class Session:
    """One connection."""

    def __init__(self, server: FaultyServer, connection: socket.socket) -> None:
        self.server, self.socket = server, connection
        self.socket.settimeout(SILENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.addressed = ""  # the newest recipient, accepted or not
        self.authenticated = server.credentials is None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *failure: object) -> None:
        self.socket.close()

    def converse(self, number: str) -> None:
        """Answer until somebody hangs up."""
        self._answer(self.server.at_connect(number) or "220 faulty.example.org ESMTP")
        while True:
            line = self._line().decode("utf-8", "surrogateescape")
            verb = line.split(" ")[0].upper()
            with self.server._lock:
                self.server.commands.append(verb)
            if not self.server.pipelining and self.buffer:
                self.server.impatient.append(line)
            step = getattr(self, f"do_{verb.lower()}", None)
            self._answer(step(line) if step else "500 5.5.1 What?")
            if verb == "QUIT":
                return
            if verb == "STARTTLS":
                assert self.server.context is not None
                self.buffer = b""  # what came before the handshake was said by anybody
                self.socket = self.server.context.wrap_socket(self.socket, server_side=True)

    def do_ehlo(self, line: str) -> str:
        extensions = ["faulty.example.org", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self.server.pipelining:
            extensions.append("PIPELINING")
        if self.server.context is not None and not isinstance(self.socket, ssl.SSLSocket):
            extensions.append("STARTTLS")
        if self.server.credentials is not None:
            extensions.append("AUTH PLAIN")
        return "\n".join(f"250{' ' if word == extensions[-1] else '-'}{word}" for word in extensions)

    def do_helo(self, line: str) -> str:
        return "250 faulty.example.org"

    def do_starttls(self, line: str) -> str:
        return "220 2.0.0 Go ahead"

    def do_auth(self, line: str) -> str:
        given = tuple(base64.b64decode(line.split(" ")[2]).decode().split("\0")[1:])
        self.authenticated = given == self.server.credentials
        return "235 2.7.0 Welcome" if self.authenticated else "535 5.7.8 No"

    def do_mail(self, line: str) -> str:
        if not self.authenticated:
            return "530 5.7.0 Authentication required"
        if self.sender is not None:
            return "503 5.5.1 Nested MAIL command"
        sender = _path(line)
        refusal = self._fault(self.server.at_mail(sender))
        if refusal is None:
            self.sender = sender
        return refusal or "250 2.1.0 Ok"

    def do_rcpt(self, line: str) -> str:
        if self.sender is None:
            return "503 5.5.1 Need MAIL command"
        self.addressed = _path(line)
        refusal = self._fault(self.server.at_rcpt(self.addressed))
        if refusal is None or refusal.startswith("2"):
            self.recipients.append(self.addressed)
        return refusal or "250 2.1.5 Ok"

    def do_data(self, line: str) -> str:
        if self.sender is None:
            return "503 5.5.1 Need MAIL command"
        if not self.recipients and not self.server.data_anyway:
            return "554 5.5.1 No valid recipients"
        refusal = self._fault(self.server.at_data(self.addressed))
        if refusal is not None:
            return refusal
        self._answer("354 End data with <CR><LF>.<CR><LF>")
        return self._content()

    def do_rset(self, line: str) -> str:
        self.sender, self.recipients = None, []
        return "250 2.0.0 Ok"

    def do_noop(self, line: str) -> str:
        return "250 2.0.0 Ok"

    def do_quit(self, line: str) -> str:
        return "221 2.0.0 Bye"

    def _content(self) -> str:
        sender, recipients = self.sender or "", self.recipients
        self.do_rset("")
        lines = []
        while (line := self._line()) != b".":
            lines.append(line.removeprefix(b"."))
            if len(lines) == 1 and (refusal := self._fault(self.server.at_content(self.addressed))):
                self._answer(refusal)
                raise Hangup
        time.sleep(self.server.slowness)
        if not recipients:
            return "554 5.5.1 No valid recipients"
        for recipient in recipients:
            self.server.keep(recipient, sender, b"".join(line + b"\r\n" for line in lines))
        return self._fault(self.server.at_dot(recipients[0])) or "250 2.0.0 Ok: queued"

    def _fault(self, reply: str | None) -> str | None:
        if reply == DROP:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            raise Hangup
        return reply

    def _answer(self, reply: str) -> None:
        self._fault(reply)
        data = "".join(f"{line}\r\n" for line in reply.split("\n")).encode()
        for piece in (bytes([byte]) for byte in data) if self.server.split else (data,):
            self.socket.sendall(piece)
        if reply.startswith("421"):
            self._leave()

    def _leave(self) -> None:
        """Hang up so that what was said arrives: a close with unread commands would be a reset, which overtakes it."""
        self.socket.shutdown(socket.SHUT_WR)
        while self.socket.recv(65536):
            pass
        raise Hangup

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            read = self.socket.recv(65536)
            if not read:
                raise Hangup
            self.buffer += read
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line


def _path(line: str) -> str:
    found = re.search(r"<([^>]*)>", line)
    return found[1] if found else ""
