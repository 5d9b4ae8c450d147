"""One-time codes and tokens, as hashes only."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Self
from zlib import crc32

from bson import ObjectId
from mongoengine import DateTimeField, IntField, ListField, ObjectIdField, StringField

from network_api.auth import keys
from network_api.documents import AlreadyExists, BaseDocument, Row, utcnow

CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
CODES_PER_HOUR = 5  # for one address: nobody's mailbox is flooded
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH, _CHECK_LENGTH = 36, 6
PREFIXES = {"session": "nws_", "api": "nwt_"}


def email_key(address: str) -> str:
    """What addresses are compared by: without case and without spaces around."""
    return address.strip().casefold()


class SignInCode(BaseDocument):
    """The one code that is valid for an address, how many tries it has left, and how many were mailed this hour."""

    meta = {"collection": "sign_in_codes", "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}]}

    id = StringField(primary_key=True)  # the keyed hash of the address
    code_hash = StringField()
    code_expires_at = DateTimeField(required=True)
    tries_left = IntField(required=True)
    issued = IntField(required=True)
    window_started_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)

    @classmethod
    def issue(cls, address: str) -> str | None:
        """A fresh six-digit code for an address, replacing the one before; None when its hourly number is used up."""
        key, now, code = cls.keys_of(address)[0], utcnow(), f"{secrets.randbelow(10**6):06d}"
        fresh = {
            "code_hash": keys.hashes("code", key, code)[0],
            "code_expires_at": now + CODE_LIFETIME,
            "tries_left": CODE_TRIES,
            "expires_at": now + timedelta(hours=1),
        }
        window = now - timedelta(hours=1)
        again = {"_id": key, "window_started_at": {"$gt": window}, "issued": {"$lt": CODES_PER_HOUR}}
        if cls.change(again, {"$set": fresh, "$inc": {"issued": 1}}):
            return code
        if cls.change(
            {"_id": key, "window_started_at": {"$lte": window}}, {"$set": {**fresh, "issued": 1, "window_started_at": now}}
        ):
            return code
        if cls.row({"_id": key}) is not None:
            return None
        try:
            cls(id=key, issued=1, window_started_at=now, **fresh).insert()
        except AlreadyExists:  # asked for twice at the same moment: the other request mails a code
            return None
        return code

    @staticmethod
    def keys_of(address: str) -> list[str]:
        """What an address is known by: under the newest secret key first."""
        return keys.hashes("address", email_key(address))

    @classmethod
    def redeem(cls, address: str, code: str) -> bool:
        """Use up one try; True once for the right code. A code works once, within its ten minutes and five tries."""
        return any(cls._redeem(key, code) for key in cls.keys_of(address))

    @classmethod
    def _redeem(cls, key: str, code: str) -> bool:
        found = cls.change(
            {"_id": key, "tries_left": {"$gt": 0}, "code_expires_at": {"$gt": utcnow()}}, {"$inc": {"tries_left": -1}}
        )
        stored = (found and found.code_hash) or ""
        offered = next((one for one in keys.hashes("code", key, code) if hmac.compare_digest(one, stored)), None)
        if offered is None:
            return False
        return (
            cls.change({"_id": key, "code_hash": offered}, {"$set": {"tries_left": 0}, "$unset": {"code_hash": ""}}) is not None
        )


class AccessToken(BaseDocument):
    """A session or an API token; its id is the hash of the secret that the holder was shown once."""

    meta = {
        "collection": "access_tokens",
        "indexes": [("member_id", "kind", "created_at", "_id"), {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    public_id = ObjectIdField(required=True, default=ObjectId)
    kind = StringField(required=True, choices=tuple(PREFIXES))
    member_id = ObjectIdField(required=True)
    name = StringField()
    scopes = ListField(StringField())
    expires_at = DateTimeField()  # empty: until it is deleted

    @staticmethod
    def hash(secret: str) -> str:
        """The stored form of a secret of 214 random bits, for which a plain SHA-256 is enough."""
        return hashlib.sha256(secret.encode()).hexdigest()

    @classmethod
    def issue(
        cls, kind: str, member_id: ObjectId, *, expires_at: datetime | None, name: str | None = None, scopes: tuple[str, ...] = ()
    ) -> tuple[Self, str]:
        """A new token and its secret, which is not kept. Secrets start with `nws_` or `nwt_` and end with a checksum."""
        body = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
        secret = PREFIXES[kind] + body + _checksum(body)
        token = cls(id=cls.hash(secret), kind=kind, member_id=member_id, name=name, scopes=list(scopes), expires_at=expires_at)
        return token.insert(), secret

    @classmethod
    def close(cls, token_id: str) -> bool:
        """End a session or an API token; False where it had ended already."""
        return cls.remove({"_id": token_id})

    @classmethod
    def live(cls, secret: str) -> Row | None:
        """The stored token of a secret, or None where it is unknown or has expired."""
        body = secret[len("nws_") : -_CHECK_LENGTH]
        if not secret.isascii() or secret[:4] not in PREFIXES.values() or _checksum(body) != secret[-_CHECK_LENGTH:]:
            return None
        token = cls.row({"_id": cls.hash(secret)})
        if token is None or (token.get("expires_at") and token["expires_at"] <= utcnow()):
            return None
        return token


def _checksum(body: str) -> str:
    number, digits = crc32(body.encode()), ""
    for _ in range(_CHECK_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
