"""The secret keys: everything that is signed is signed by the newest, and holds under the older ones too.

To change the key, put the old one into SECRET_KEY_FALLBACKS; what was signed by it holds until it is taken out there.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

from cryptography.fernet import Fernet
from flask import current_app


def newest() -> bytes:
    """The key that signs."""
    return str(current_app.config["SECRET_KEY"]).encode()


def known() -> list[bytes]:
    """Every key whose signatures hold, the newest first."""
    return [newest(), *(str(older).encode() for older in current_app.config["SECRET_KEY_FALLBACKS"])]


def digest(key: bytes, *parts: str) -> bytes:
    """An HMAC-SHA256 (RFC 2104) over parts, the first of which says what for."""
    return hmac.digest(key, "\0".join(parts).encode(), "sha256")


def hashes(*parts: str) -> list[str]:
    """Keyed hashes of what is too short to be hashed bare: under the newest key first, then under older ones."""
    return [digest(key, *parts).hex() for key in known()]


def ciphers(purpose: str, *parts: str) -> list[Fernet]:
    """What is read again and nobody else may read: encrypted under the newest key, which comes first, and read under all."""
    made = (sha256(b"\0".join((purpose.encode(), key, *(part.encode() for part in parts)))) for key in known())
    return [Fernet(urlsafe_b64encode(one.digest())) for one in made]


def is_among(offered: bytes, expected: Iterable[bytes]) -> bool:
    """Whether what is offered is one of these, in a time that tells nothing about them."""
    return any(hmac.compare_digest(offered, one) for one in expected)
