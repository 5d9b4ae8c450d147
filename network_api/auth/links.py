"""Personal links: the token in one is worked out from the secret key, so that every mail can carry it again.

A token is `<id>.<signature>`: which document it opens, and an HMAC over the purpose, the id and the document's nonce.
Nothing in the database is enough to make one; a new nonce makes all links of a document void; a link for one purpose is
none for another. Letters, digits, `-`, `_` and one full stop in the middle: it survives any mail program.
"""

from base64 import urlsafe_b64encode

from bson import ObjectId

from network_api.auth import keys
from network_api.documents import object_id


def make_token(purpose: str, identifier: ObjectId, nonce: str) -> str:
    """The token for a document, under the present secret key."""
    return f"{identifier}.{_signature(keys.newest(), purpose, str(identifier), nonce)}"


def identifier_of(token: str) -> ObjectId:
    """The id that a token claims to open. Raises NotFound for what is no token."""
    return object_id(token.partition(".")[0], "token")


def is_genuine(token: str, purpose: str, nonce: str) -> bool:
    """Whether this token was made for this purpose and document, under the present secret key or an older one."""
    identifier, _, offered = token.partition(".")
    signatures = (_signature(key, purpose, identifier, nonce) for key in keys.known())
    return keys.is_among(offered.encode(), (signature.encode() for signature in signatures))


def _signature(key: bytes, purpose: str, identifier: str, nonce: str) -> str:
    return urlsafe_b64encode(keys.digest(key, "link", purpose, identifier, nonce)[:24]).decode()
