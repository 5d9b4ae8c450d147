"""A letter as bytes: a variant is rendered and encoded once and cut at its personal values; a mail is one join.

Bodies are quoted-printable, so that every server can take them and no line is too long. A personal value in a body
stands between two soft line breaks (RFC 2045, section 6.7).
"""

import binascii
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit

from bson import ObjectId
from flask import current_app

from network_api.documents import Row
from network_api.languages import in_language
from network_api.mail import dkim
from newsletters.dispatch.smtp import Data, as_data
from newsletters.documents import Newsletter
from newsletters.issues.rendering import Links, Rendered
from newsletters.subscriptions.links import manage_url, unsubscribe_url

_CHUNK = 70
_PRINTABLE = re.compile(r"[ -~]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/?^_`{|}~-]+)*")


def host() -> str:
    """The host that ids of messages and lists end with."""
    return _hostname(current_app.config["PUBLIC_URL"])


@cache
def _hostname(url: str) -> str:
    return urlsplit(url).hostname or "localhost"


def message_id(issue_id: ObjectId, subscription_id: ObjectId) -> str:
    """The Message-ID of a delivery: the same at every attempt."""
    return f"<{issue_id}.{subscription_id}@{host()}>"


def as_carried(address: str) -> str:
    """An address with its domain as A-labels (RFC 5890), as every server takes it.

    Other letters before the @ stay: no server takes them without SMTPUTF8, and the connection refuses the mail.
    """
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


class Placeholders:
    """Stands for the personal values while a variant is rendered; nobody can have typed them."""

    def __init__(self) -> None:
        self.manage, self.unsubscribe = f"m{secrets.token_hex(12)}", f"u{secrets.token_hex(12)}"

    @property
    def links(self) -> Links:
        """What the templates get."""
        return Links(manage=self.manage, unsubscribe=self.unsubscribe)


class Variant:
    """One variant of an issue, ready to be joined with a recipient's values."""

    def __init__(
        self, newsletter: Newsletter, rendered: Rendered, language: str, placeholders: Placeholders, date: datetime
    ) -> None:
        boundary = "=_" + hashlib.sha256(rendered.html.encode() + rendered.text.encode()).hexdigest()[:32]
        names = {placeholders.manage: "manage", placeholders.unsubscribe: "unsubscribe"}
        mark = f"--{boundary}\r\n".encode()
        headers = _shared_headers(newsletter, rendered.subject, language, boundary, date)
        body = _joined(
            [
                mark + _part_headers("plain"),
                *_cut(rendered.text, names),
                b"\r\n" + mark + _part_headers("html"),
                *_cut(rendered.html, names),
                b"\r\n" + mark.replace(b"\r\n", b"--\r\n"),
            ]
        )
        self._seal = dkim.Seal.of_settings(headers)
        self._relaxed = [piece if isinstance(piece, str) else dkim.relaxed_lines(piece) for piece in body] if self._seal else []
        self._data = [piece if isinstance(piece, str) else as_data(piece) for piece in (headers, b"\r\n", *body)]

    def mail(self, issue_id: ObjectId, subscription: Row, recipient: str) -> Data:
        """The whole mail to one recipient, at an address as it is carried, as DATA takes it; signed where we sign."""
        identifier, nonce = subscription["_id"], subscription["nonce"]
        one_click = unsubscribe_url(identifier, nonce)
        values = {"manage": _soft(manage_url(identifier, nonce)), "unsubscribe": _soft(one_click)}
        own = (
            f"To: <{recipient}>\r\nMessage-ID: {message_id(issue_id, identifier)}\r\nList-Unsubscribe: <{one_click}>\r\n"
        ).encode("ascii", "replace")
        signature = self._seal.sign(own, _filled(self._relaxed, values)) if self._seal else b""
        safe = {name: as_data(value) for name, value in values.items()}
        return Data(b"".join((as_data(signature + own), *_filled(self._data, safe))))


def _shared_headers(newsletter: Newsletter, subject: str, language: str, boundary: str, date: datetime) -> bytes:
    """All headers that are the same for everybody, encoded.

    A letter is written and approved by people, so it is not `Auto-Submitted` (RFC 3834, section 5); that nobody is to answer
    it automatically follows from `List-Id` (RFC 3834, section 2) and, for older programs, from `Precedence`.
    """
    page = f"<{current_app.config['PUBLIC_URL']}/newsletters/{newsletter.slug}>"
    headers = {
        "From": _named("From", newsletter.sender.name, newsletter.sender.email),
        **({"Reply-To": f"<{newsletter.reply_to}>"} if newsletter.reply_to else {}),
        "Subject": _words("Subject", subject, _PRINTABLE),
        "Date": format_datetime(date),
        "List-Id": _named("List-Id", in_language(newsletter.name, language), f"{newsletter.slug}.{host()}"),  # RFC 2919
        "List-Help": page,
        "List-Archive": page,
        "List-Post": "NO",  # RFC 2369, section 3.4
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058, section 3.1
        "Precedence": "bulk",
        "Content-Language": language,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;\r\n boundary="{boundary}"',
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def _named(header: str, name: str, address: str) -> str:
    """A name as a phrase (RFC 5322, section 3.2.5), and an address or a list's id."""
    return f"{_words(header, name, _ATOMS)}\r\n <{address}>"


def _words(header: str, text: str, plain: re.Pattern[str]) -> str:
    """A text as it stands in a header: as it is where it is plain and short, or else encoded (RFC 2047).

    Python's newer header classes would decode what looks encoded already, and with it a line break that somebody typed so.
    """
    words = " ".join(text.split())
    if len(words) <= _CHUNK and plain.fullmatch(words) and "=?" not in words:
        return words
    return Header(words, "utf-8", header_name=header).encode(linesep="\r\n")


def _joined(pieces: Iterable[bytes | str]) -> list[bytes | str]:
    """The same with neighbouring bytes put together: values stand on lines of their own, and so all of them are whole lines."""
    joined: list[bytes | str] = []
    for piece in pieces:
        if joined and isinstance(piece, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _filled(pieces: Iterable[bytes | str], values: Mapping[str, bytes]) -> list[bytes]:
    return [values[piece] if isinstance(piece, str) else piece for piece in pieces]


def _part_headers(kind: str) -> bytes:
    return f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'.encode()


def _cut(text: str, names: Mapping[str, str]) -> Sequence[bytes | str]:
    """The encoded text between placeholders, and the name of the value at each."""
    pieces: list[bytes | str] = []
    rest = text
    while found := [(rest.index(mark), mark) for mark in names if mark in rest]:
        place, mark = min(found)
        pieces += [_quoted(rest[:place]), b"=\r\n", names[mark]]
        rest = rest[place + len(mark) :]
    return [*pieces, _quoted(rest)]


def _quoted(text: str) -> bytes:
    encoded = binascii.b2a_qp(text.replace("\r\n", "\n").replace("\r", "\n").encode(), istext=True)
    return encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _soft(value: str) -> bytes:
    """A value as lines of its own with soft breaks, of which none begins with a full stop."""
    encoded = value.encode().replace(b"=", b"=3D").replace(b".", b"=2E")
    chunks, rest = [], encoded
    while rest:
        size = _CHUNK if b"=" not in rest[_CHUNK - 2 : _CHUNK] else _CHUNK - 2 + rest[_CHUNK - 2 : _CHUNK].index(b"=")
        chunks.append(rest[:size])
        rest = rest[size:]
    return b"=\r\n".join(chunks) + b"=\r\n"
