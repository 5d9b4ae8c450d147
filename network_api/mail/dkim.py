"""DKIM signatures (RFC 6376), relaxed/relaxed and rsa-sha256, as cheap as a signature can be.

Mails of one variant differ in a few headers and values. So what they share is put into canonical form once, by a `Seal`, and
a mail costs two hashes and one signature. Content is signed as the recipient gets it, before dots are stuffed for SMTP.
Ed25519 (RFC 8463) is left out: large receivers take a mail that is signed with it alone for one that is not signed.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import current_app

SMALLEST_RSA = 2048  # bits: RFC 8301, section 3.2
# What is signed where a mail has it. Each is named once more than it occurs, so that none can be added unnoticed to what
# was signed (RFC 6376, section 8.15). RFC 8058, section 4: both headers of one-click unsubscription are among them.
SIGNED = (
    b"from",
    b"reply-to",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-help",
    b"list-archive",
    b"list-post",
    b"auto-submitted",
    b"feedback-id",
    b"content-language",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
)
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACES = re.compile(rb"[ \t]+")
_LINE_END = re.compile(rb"[ \t]+(?=\r\n|\Z)")
_LAST_LINES = re.compile(rb"(?:\r\n)+\Z")
_WIDTH = 72


def read_key(path: str) -> RSAPrivateKey:
    """The private key in a PEM file. Raises ValueError, with what it should have been, for a file that has none to sign with."""
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except OSError as error:
        raise ValueError(f"a file that the platform can read ({error.strerror})") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("a PEM file with a private key that has no password") from error
    if isinstance(key, RSAPrivateKey) and key.key_size >= SMALLEST_RSA:
        return key
    raise ValueError(f"a PEM file with an RSA key of at least {SMALLEST_RSA} bits")


class Signer:
    """A private key, and where verifiers find the public one."""

    def __init__(self, key: RSAPrivateKey, selector: str, domain: str) -> None:
        self._key = key
        self.tags = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};".encode("ascii")

    def sign(self, data: bytes) -> bytes:
        """The signature."""
        return self._key.sign(data, PKCS1v15(), SHA256())


@lru_cache(maxsize=4)
def _signer(path: str, selector: str, domain: str) -> Signer:
    return Signer(read_key(path), selector, domain)


class Seal:
    """What is the same in the signatures of all mails that share these headers."""

    def __init__(self, signer: Signer, shared: bytes) -> None:
        self._signer = signer
        self._shared = dict(_relaxed_headers(shared))
        self._tags = signer.tags + f" t={int(time())};".encode("ascii")
        self._begun = lru_cache(maxsize=4)(self._begin)

    @classmethod
    def of_settings(cls, shared: bytes) -> Self | None:
        """With the key of the settings; None where they name none."""
        config = current_app.config
        if not config["DKIM_KEY_FILE"]:
            return None
        return cls(_signer(config["DKIM_KEY_FILE"], config["DKIM_SELECTOR"], config["DKIM_DOMAIN"]), shared)

    def sign(self, own: bytes, body: Iterable[bytes]) -> bytes:
        """The DKIM-Signature header of a mail with these further headers and this body, which is in canonical form already."""
        digest = sha256()
        for piece in body:
            digest.update(piece)
        present = self._shared | dict(_relaxed_headers(own))
        signed, unsigned, relaxed = self._begun(tuple(present))
        body_hash = b64encode(digest.digest())
        data = b"".join([*(present[name] for name in signed), relaxed, body_hash, b"; b="])
        signature = _folded(b64encode(self._signer.sign(data)))
        return b"".join((b"DKIM-Signature: ", unsigned, body_hash, b";\r\n b=", signature, b"\r\n"))

    def _begin(self, present: Iterable[bytes]) -> tuple[list[bytes], bytes, bytes]:
        """Which of these headers are signed, and how the signature's own begins: as it goes out, and relaxed."""
        signed = [name for name in SIGNED if name in present]
        names = b":\r\n ".join(name + b":" + name for name in signed)
        unsigned = b"%s\r\n h=%s;\r\n bh=" % (self._tags, names)
        return signed, unsigned, b"dkim-signature:" + _relaxed_value(unsigned)


def relaxed_body(body: bytes) -> bytes:
    """The canonical form of a body (RFC 6376, section 3.4.4)."""
    lines = _LAST_LINES.sub(b"", relaxed_lines(body))
    return lines + b"\r\n" if lines else b""


def relaxed_lines(lines: bytes) -> bytes:
    """The canonical form of whole lines of a body that more follows."""
    return _SPACES.sub(b" ", _LINE_END.sub(b"", lines))


def _relaxed_headers(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each header's name and its canonical form (RFC 6376, section 3.4.2)."""
    for header in _FOLD.sub(b"", block).split(b"\r\n"):
        if header:
            name, _, value = header.partition(b":")
            yield name.lower(), name.lower() + b":" + _relaxed_value(value) + b"\r\n"


def _relaxed_value(value: bytes) -> bytes:
    return _SPACES.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _folded(encoded: bytes) -> bytes:
    return b"\r\n ".join(encoded[place : place + _WIDTH] for place in range(0, len(encoded), _WIDTH))
