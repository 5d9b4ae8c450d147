"""SMTP for letters: an outcome for each mail by the point of failure, pipelined where the server offers it.

Before the final dot is written nothing has gone out; a reply is certain; a dot without a reply is `unknown` (RFC 5321,
section 4.1.1.4: responsibility passes with the reply).

By RFC 2920, section 3.1, the content of a mail opens a command group: its final dot and MAIL, RCPT and DATA of the next mail
go in one write, so that a mail costs one round trip. Each reply still belongs to one mail and one stage.
"""

import re
import smtplib
import socket
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import NamedTuple, NewType, TypeVar

from newsletters.dispatch.ledger import ACCEPTED, DEFERRED, REFUSED, UNKNOWN

TIMEOUT = 10.0  # seconds for one write and its reply; with a group's time it stays below a lease
SERVICE_CLOSING, AUTHENTICATION_REQUIRED = 421, 530  # about the connection, not about a mail (RFC 5321; RFC 4954, section 6)
PERMANENT, START_INPUT = 500, 354
YES, NO, ANY = 2, (4, 5), 0  # the first digit of a reply
ENVELOPE = (YES, YES, 3)  # what agrees to MAIL, RCPT and DATA
BAD_ADDRESS = "553 5.1.3 This is no address that SMTP can carry"
RSET, DOT = b"RSET\r\n", b".\r\n"
_PATH = re.compile(r"[!-;=?-~]{1,64}@[!-;=?-~]{1,255}")  # no space, no control character, no angle bracket
_ONE_LINE = re.compile(rb"(\d{3})(?: ([^\r\n]*))?\r?\n")  # a whole reply, as most are
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")
_LONGEST_ANSWER, _LONGEST_UNREAD, _MOST_LINES = 300, 4096, 100
Key = TypeVar("Key")


Data = NewType("Data", bytes)  # what `as_data` has made, or whole pieces of that put together


class Mail(NamedTuple):
    """One mail with its envelope, just as it goes out."""

    sender: str
    recipient: str
    content: Data


class Outcome(NamedTuple):
    """What became of one mail, and what the server said."""

    state: str
    answer: str


class Reply(NamedTuple):
    """What a server says to one command; the text of several lines is put together."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:_LONGEST_ANSWER]

    def outcome(self) -> Outcome:
        """What it means for a mail."""
        if self.code // 100 == YES:
            return Outcome(ACCEPTED, str(self))
        return Outcome(REFUSED if self.code >= PERMANENT else DEFERRED, str(self))


class Lost(Exception):
    """The connection is of no use any more."""


class ServerLeaves(Lost):
    """The server has said that it takes nothing on this connection."""


class Connection:
    """A connection that is ready for mails. One thread uses it at a time."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        assert smtp.sock is not None
        self._socket: socket.socket = smtp.sock
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # whole groups are written: nothing to wait for
        self.pipelining = smtp.has_extn("pipelining")
        self.is_open = True
        self.served = 0  # mails that the server has given an answer to
        self.used_at = monotonic()
        self._read = b""
        self._deadline = 0.0
        self._dot_is_out = False

    def send(self, mails: Mapping[Key, Mail], until: float) -> Iterator[tuple[Key, Outcome]]:
        """Hand over mails in their order, beginning none after `until`; what gets no outcome has not gone out.

        A connection that is lost closes; the mail that met it has an outcome, and those behind it have none.
        """
        fit = []
        for key, mail in mails.items():
            if _PATH.fullmatch(mail.sender) and _PATH.fullmatch(mail.recipient):
                fit.append((key, mail))
            else:
                yield key, Outcome(REFUSED, BAD_ADDRESS)
        yield from self._send(fit, until)
        self.used_at = monotonic()

    def _send(self, mails: Iterable[tuple[Key, Mail]], until: float) -> Iterator[tuple[Key, Outcome]]:
        rest = iter(mails)
        ahead = b""  # what has been written of the envelope of the mail at hand, together with the dot before it
        current = next(rest, None)
        while current is not None and self.is_open and (ahead or monotonic() < until):
            key, mail = current
            current = next(rest, None)
            following = _envelope(current[1]) if self.pipelining and current is not None and monotonic() < until else b""
            outcome = self._hand_over(mail, following, begun=bool(ahead))
            ahead = following
            if outcome is not None:
                yield key, outcome

    def _hand_over(self, mail: Mail, following: bytes, *, begun: bool) -> Outcome | None:
        """One mail, and the opening of the next behind its dot; None where it was not reached and can go at once.

        Where the server leaves after it has served others, that is not this mail's fault.
        """
        refusal, self._dot_is_out = None, False
        try:
            refusal, wants_content = self._open(mail, begun)
            if refusal is None:
                self._write(mail.content + DOT + following, dot=len(mail.content) + len(DOT))
            else:  # RFC 2920, section 3.1: where DATA was accepted for nobody, a single dot ends it
                self.served += 1
                self._write((DOT if wants_content else RSET) + following)
            answer = self._reply(YES if refusal is None else ANY)
            self.served += 1
            if answer.code == SERVICE_CLOSING:
                self.close()
            return refusal or answer.outcome()
        except Lost as error:
            self.close()
            if isinstance(error, ServerLeaves) and self.served:
                return None
            return refusal or Outcome(UNKNOWN if self._dot_is_out else DEFERRED, str(error))

    def _open(self, mail: Mail, begun: bool) -> tuple[Outcome | None, bool]:
        """The refusal of MAIL, RCPT or DATA, if one was, and whether the server waits for content. Raises Lost."""
        if self.pipelining:
            if not begun:
                self._write(_envelope(mail))
            replies = [self._command_reply(yes) for yes in ENVELOPE]
        else:
            replies = list(self._step_by_step(mail))
        refusals = [reply for reply in replies if reply.code // 100 in NO]
        return (refusals[0].outcome() if refusals else None), replies[-1].code == START_INPUT

    def _step_by_step(self, mail: Mail) -> Iterator[Reply]:
        for command, yes in zip(_envelope(mail).splitlines(keepends=True), ENVELOPE, strict=True):
            self._write(command)
            reply = self._command_reply(yes)
            yield reply
            if reply.code // 100 in NO:
                return

    def _command_reply(self, yes: int) -> Reply:
        reply = self._reply(yes)
        if reply.code in (SERVICE_CLOSING, AUTHENTICATION_REQUIRED):
            raise ServerLeaves(str(reply))
        return reply

    def _write(self, data: bytes, dot: int = 0) -> None:
        """Write all, noting when the final dot at that place is out of our hands. Raises Lost."""
        self._deadline = monotonic() + TIMEOUT
        left = memoryview(data)
        try:
            while left:
                self._socket.settimeout(self._left())
                left = left[self._socket.send(left) :]
                self._dot_is_out = bool(dot) and len(data) - len(left) >= dot
        except OSError as error:
            raise Lost(as_text(error)) from error

    def _reply(self, yes: int = ANY) -> Reply:
        """The next reply: a no, or the given first digit of a yes. Raises Lost, also where it is neither."""
        if whole := _ONE_LINE.match(self._read):
            self._read = self._read[whole.end() :]
            reply = _as_reply(whole[1], [whole[2] or b""])
        else:
            reply = self._read_reply()
        if yes != ANY and reply.code // 100 not in (yes, *NO):
            raise Lost(f"This is no answer to what was asked: {reply}")
        return reply

    def _read_reply(self) -> Reply:
        texts: list[bytes] = []
        while len(texts) < _MOST_LINES:
            line = self._line()
            if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b""):
                raise Lost(f"This is no reply of SMTP: {line[:80]!r}")
            texts.append(line[4:])
            if line[3:4] != b"-":
                return _as_reply(line[:3], texts)
        raise Lost("The reply of the server does not end")

    def _line(self) -> bytes:
        while b"\n" not in self._read:
            try:
                self._socket.settimeout(self._left())
                read = self._socket.recv(_LONGEST_UNREAD)
            except OSError as error:
                raise Lost(as_text(error)) from error
            if not read:
                raise Lost("The server has closed the connection")
            self._read += read
            if len(self._read) > _LONGEST_UNREAD:
                raise Lost("A line of the server does not end")
        line, _, self._read = self._read.partition(b"\n")
        return line.rstrip(b"\r")

    def _left(self) -> float:
        """Seconds until the deadline. Raises TimeoutError."""
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def answers(self) -> bool:
        """Whether the server is still there, after a pause."""
        try:
            self._write(b"NOOP\r\n")
            return self._reply().code // 100 == YES
        except Lost:
            return False

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        self._socket.close()

    def quit(self) -> None:
        """Say goodbye, if somebody is there, and hang up."""
        try:
            self._write(b"QUIT\r\n")
            self._reply()
        except Lost:
            pass
        self.close()


def as_data(content: bytes) -> Data:
    """A content as DATA takes it: every line ends with CRLF, the last one too, and none of them can be taken for the end.

    Whatever a content is made of, no line of it becomes a command (RFC 5321, section 4.5.2). To look through a whole mail costs
    more than to send it, so a letter does this to its pieces, most of them once for all mails; what is joined stays whole lines.
    """
    if not content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n"):
        content = _LINE_END.sub(b"\r\n", content)
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    if content.startswith(b".") or b"\n." in content:
        content = _LEADING_DOT.sub(b"..", content)
    return Data(content)


def as_text(error: Exception) -> str:
    """An error for an answer in the ledger."""
    return f"{type(error).__name__}: {error}"[:_LONGEST_ANSWER]


def _as_reply(code: bytes, texts: Iterable[bytes]) -> Reply:
    return Reply(int(code), " ".join(text.decode(errors="replace").strip() for text in texts))


def _envelope(mail: Mail) -> bytes:
    return f"MAIL FROM:<{mail.sender}>\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode("ascii")
