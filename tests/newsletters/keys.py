"""A key to sign letters with, and the DNS record that verifiers read."""

from base64 import b64encode
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SELECTOR, DOMAIN = "2026-11", "example.org"


@cache
def signing_key() -> RSAPrivateKey:
    """The private key."""
    return generate_private_key(65537, 2048)


def write_key(path: Path) -> dict[str, str]:
    """Write the key to a file; the settings that sign with it."""
    path.write_bytes(signing_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return {"DKIM_KEY_FILE": str(path), "DKIM_SELECTOR": SELECTOR, "DKIM_DOMAIN": DOMAIN}


def look_up(name: bytes, timeout: float = 5) -> bytes:
    """What dkimpy asks instead of the DNS (RFC 6376, section 3.6.1)."""
    assert name == f"{SELECTOR}._domainkey.{DOMAIN}.".encode()
    spki = signing_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + b64encode(spki)
