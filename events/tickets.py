"""Tickets: a QR code that a scanner checks without a network, by the public key alone.

A code is Base32 (RFC 4648, without padding, so that a QR code has it in its dense alphanumeric mode) of

    version (1 byte, 1) | key id (4) | theme day (12) | registration (12) | nonce (8) | Ed25519 signature (64, RFC 8032)

and the signature is over `ticket` and all that comes before it. The nonce is the registration's: with a new one, older
tickets are refused when they reach us. Keys follow from the secret key and its fallbacks by HKDF (RFC 5869), so a new
secret key signs new tickets while those in people's hands still hold. Codes are read without regard to case and space.
"""

from base64 import b32decode, b32encode, urlsafe_b64encode
from binascii import Error as NotBase32
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

import segno
from bson import ObjectId
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from events.documents import Event
from events.registration_documents import CONFIRMED, Registration
from events.seating import ONSITE
from network_api.auth import keys
from network_api.errors import Conflict, Invalid

VERSION, _CONTEXT = b"\x01", b"ticket"
_SIGNED, _LENGTH = 37, 101  # bytes
LONGEST_CODE = 400
_MODULE, _BORDER = 6, 4  # points for each module; the quiet zone that ISO/IEC 18004 asks for


class NoTicket(Conflict):
    """Only who has a seat on site has a ticket."""

    code = "no_onsite_seat"
    detail = "Only a confirmed registration on site has a ticket."


class TicketInvalid(Invalid):
    """The code is none of ours."""

    code = "ticket_invalid"
    detail = "This is not a valid ticket."

    def __init__(self) -> None:
        super().__init__(errors={"code": ["Not a valid ticket."]})


class Ticket(NamedTuple):
    """What a genuine ticket says."""

    event_id: ObjectId
    registration_id: ObjectId
    nonce: str


def code_of(registration: Registration) -> str:
    """The code on a registration's ticket. Raises NoTicket."""
    if registration.status != CONFIRMED or registration.mode != ONSITE:
        raise NoTicket
    key = _key(keys.newest())
    said = VERSION + _key_id(key) + registration.event_id.binary + registration.pk.binary + bytes.fromhex(registration.nonce)
    return b32encode(said + key.sign(_CONTEXT + said)).decode().rstrip("=")


def read(code: str) -> Ticket:
    """What a code says, its signature checked. Raises TicketInvalid."""
    compact = "".join(code.split()).upper()
    try:
        raw = b32decode(compact + "=" * (-len(compact) % 8))
    except (NotBase32, ValueError) as error:
        raise TicketInvalid from error
    said, signature = raw[:_SIGNED], raw[_SIGNED:]
    key = next((found for found in _keys() if _key_id(found) == raw[1:5]), None)
    if len(raw) != _LENGTH or raw[:1] != VERSION or key is None:
        raise TicketInvalid
    try:
        key.public_key().verify(signature, _CONTEXT + said)
    except InvalidSignature as error:
        raise TicketInvalid from error
    return Ticket(ObjectId(said[5:17]), ObjectId(said[17:29]), said[29:37].hex())


def published_keys() -> list[dict[str, str]]:
    """The public keys that tickets may be signed with, the present one first, as JSON Web Keys (RFC 8037)."""
    return [
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": _key_id(key).hex(), "x": _public(key)}
        for key in _keys()
    ]


def as_svg(registration: Registration) -> bytes:
    """The ticket as a picture of any size. Raises NoTicket."""
    return _picture(registration, "svg")


def as_png(registration: Registration) -> bytes:
    """The ticket as a picture for programs that show no SVG. Raises NoTicket."""
    return _picture(registration, "png")


def _picture(registration: Registration, kind: str) -> bytes:
    written = BytesIO()
    more = {"title": Event.get(registration.event_id).slug} if kind == "svg" else {}
    segno.make_qr(code_of(registration), error="m").save(written, kind=kind, scale=_MODULE, border=_BORDER, light="white", **more)
    return written.getvalue()


def _keys() -> list[Ed25519PrivateKey]:
    return [_key(secret) for secret in keys.known()]


def _key(secret: bytes) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"network-api ticket 1").derive(secret)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _key_id(key: Ed25519PrivateKey) -> bytes:
    return sha256(key.public_key().public_bytes_raw()).digest()[:4]


def _public(key: Ed25519PrivateKey) -> str:
    return urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=")
