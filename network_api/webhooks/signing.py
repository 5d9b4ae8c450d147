"""Secrets and signatures of webhooks, as Standard Webhooks 1.0.0 has them (its sections on signatures and secrets).

Both sides need the secret itself, so it is stored, encrypted under the platform's secret key: nothing in the database is
enough to sign.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable

from bson import ObjectId
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from network_api.auth import keys

PREFIX = "whsec_"
_BYTES = 32  # between 24 and 64


class SecretLost(Exception):
    """A secret was sealed under a secret key that has been given up since."""


def make_secret() -> str:
    """A new secret, as its holder keeps it."""
    return PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def seal(webhook_id: ObjectId, secret: str) -> bytes:
    """A secret as it is stored."""
    return _ciphers(webhook_id)[0].encrypt(secret.encode())


def unseal(webhook_id: ObjectId, sealed: bytes) -> str:
    """The secret that is stored. Raises SecretLost."""
    try:
        return MultiFernet(_ciphers(webhook_id)).decrypt(sealed).decode()
    except InvalidToken as error:
        raise SecretLost from error


def is_sealed_anew(webhook_id: ObjectId, sealed: bytes) -> bool:
    """Whether it is sealed under the newest secret key."""
    try:
        _ciphers(webhook_id)[0].decrypt(sealed)
    except InvalidToken:
        return False
    return True


def _ciphers(webhook_id: ObjectId) -> list[Fernet]:
    return keys.ciphers("webhook", str(webhook_id))


def headers(signed_by: Iterable[str], message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of an attempt at a time, in seconds since 1970, with one signature for each secret."""
    content = b".".join((message_id.encode(), str(seconds).encode(), body))
    signatures = (hmac.digest(b64decode(secret.removeprefix(PREFIX)), content, "sha256") for secret in signed_by)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{b64encode(one).decode()}" for one in signatures),
    }
