"""Where a letter that cannot be delivered comes back to: an envelope sender of its own for every mail (VERP).

A bounce (RFC 3464) reliably names only the address that it is sent to. So that address tells whose letter it was, signed,
so that nobody can report another's address as dead. Its token is base32 over ids and signature: relays may fold the case of
a local part, and it may have at most 64 octets (RFC 5321, section 4.5.3.1.1).
"""

import binascii
import hmac
from base64 import b32decode, b32encode

from bson import ObjectId
from flask import current_app

from network_api.auth import keys

_ID, _SIGNATURE = 12, 8  # bytes
_PURPOSE = b"bounce\0"


def return_path(issue_id: ObjectId, subscription_id: ObjectId) -> str | None:
    """The envelope sender of one mail; None where the settings name no address for bounces."""
    local, _, domain = (current_app.config["BOUNCE_ADDRESS"] or "").rpartition("@")
    if not local:
        return None
    ids = issue_id.binary + subscription_id.binary
    token = b32encode(ids + _signature(keys.newest(), ids)).rstrip(b"=").decode("ascii").lower()
    return f"{local}+{token}@{domain}"


def read(address: str) -> tuple[ObjectId, ObjectId] | None:
    """Issue and subscription that a bounce came back for; None where this is no address that `return_path` made.

    It holds under an older secret key, and after the address for bounces has changed.
    """
    token = address.rpartition("@")[0].rpartition("+")[2]
    try:
        packed = b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    ids, offered = packed[: 2 * _ID], packed[2 * _ID :]
    if not keys.is_among(offered, (_signature(key, ids) for key in keys.known())):
        return None
    return ObjectId(ids[:_ID]), ObjectId(ids[_ID:])


def _signature(key: bytes, ids: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + ids, "sha256")[:_SIGNATURE]
