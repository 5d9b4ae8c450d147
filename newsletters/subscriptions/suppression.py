"""Addresses that must not be written to, or not so often: known by a keyed hash, never by themselves.

The hash is made with the secret key, and looked up under older keys as well, so that a new key forgets nobody's wish.
"""

import hashlib
import hmac
from datetime import timedelta
from typing import Any, ClassVar

from bson import ObjectId
from flask import current_app
from mongoengine import DateTimeField, IntField, ObjectIdField, StringField

from network_api.documents import AlreadyExists, BaseDocument, utcnow

MAILS_PER_HOUR = 3  # to one address that somebody types into a form: nobody's mailbox is flooded


def address_hashes(purpose: str, *parts: str) -> list[str]:
    """What an address is known by for a purpose: under today's secret key first, then under older ones."""
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return [hmac.new(key.encode(), "\0".join((purpose, *parts)).encode(), hashlib.sha256).hexdigest() for key in keys]


class Suppression(BaseDocument):
    """An address that a newsletter must not be sent to, as a keyed hash: it outlives the erasure of the person."""

    meta: ClassVar[dict[str, Any]] = {"collection": "suppressions"}

    id = StringField(primary_key=True)
    newsletter_id = ObjectIdField(required=True)
    reason = StringField(required=True, choices=("unsubscribed", "erased", "bounced", "complained"))

    @staticmethod
    def _keys(newsletter_id: ObjectId, email_key: str) -> list[str]:
        return address_hashes("suppression", str(newsletter_id), email_key)

    @classmethod
    def add(cls, newsletter_id: ObjectId, email_key: str, reason: str) -> None:
        """Suppress an address; harmless when it is already."""
        try:
            if not cls.holds(newsletter_id, email_key):
                cls(id=cls._keys(newsletter_id, email_key)[0], newsletter_id=newsletter_id, reason=reason).insert()
        except AlreadyExists:  # by another request at this moment
            return

    @classmethod
    def lift(cls, newsletter_id: ObjectId, email_key: str) -> None:
        """Let an address in again: its person has asked for it."""
        for key in cls._keys(newsletter_id, email_key):
            cls.remove({"_id": key})

    @classmethod
    def holds(cls, newsletter_id: ObjectId, email_key: str) -> bool:
        """Whether an address is suppressed, also under an older secret key."""
        return cls.row({"_id": {"$in": cls._keys(newsletter_id, email_key)}}) is not None


class MailAllowance(BaseDocument):
    """How many mails an address, known by its keyed hash, has been sent this hour because somebody typed it into a form."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "subscription_mail_allowances",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    used = IntField(required=True)
    started_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)

    @classmethod
    def use(cls, email_key: str) -> bool:
        """Use one up; False where this hour's are gone."""
        key = address_hashes("subscription mail", email_key)[0]
        now, hour = utcnow(), timedelta(hours=1)
        if cls.change({"_id": key, "started_at": {"$gt": now - hour}, "used": {"$lt": MAILS_PER_HOUR}}, {"$inc": {"used": 1}}):
            return True
        begin = {"used": 1, "started_at": now, "expires_at": now + hour}
        if cls.change({"_id": key, "started_at": {"$lte": now - hour}}, {"$set": begin}):
            return True
        if cls.row({"_id": key}) is not None:
            return False
        cls(id=key, **begin).insert()
        return True
