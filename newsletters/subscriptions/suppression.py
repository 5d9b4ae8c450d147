"""Addresses that must not be written to, or not so often: known by a keyed hash, never by themselves.

The hash is made with the secret key, and looked up under older keys as well, so that a new key forgets nobody's wish.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import DateTimeField, IntField, ObjectIdField, StringField

from network_api.auth import keys
from network_api.documents import AlreadyExists, BaseDocument, Row, transactional, utcnow
from newsletters.documents import Newsletter

MAILS_A_DAY = 5  # to one mailbox that somebody types into a form: nobody's is flooded
REASONS = ("unsubscribed", "erased", "bounced", "complained")


class Suppression(BaseDocument):
    """An address that a newsletter must not be sent to, as a keyed hash: it outlives the erasure of the person."""

    meta: ClassVar[dict[str, Any]] = {"collection": "suppressions", "indexes": [("newsletter_id", "pulse")]}

    id = StringField(primary_key=True)
    newsletter_id = ObjectIdField(required=True)
    reason = StringField(required=True, choices=REASONS)
    pulse = IntField()  # of the newsletter, when it was added

    @staticmethod
    def keys_of(newsletter_id: ObjectId, email_key: str) -> list[str]:
        """The ids under which an address can be suppressed: today's first, then those under older secret keys."""
        return keys.hashes("suppression", str(newsletter_id), email_key)

    @classmethod
    @transactional
    def add(cls, newsletter_id: ObjectId, email_key: str, reason: str) -> None:
        """Suppress an address; harmless when it is already."""
        if not cls.holds(newsletter_id, email_key):
            pulse = Newsletter.stir(newsletter_id)  # of two at the same moment the other begins again, too
            cls(id=cls.keys_of(newsletter_id, email_key)[0], newsletter_id=newsletter_id, reason=reason, pulse=pulse).insert()

    @classmethod
    def lift(cls, newsletter_id: ObjectId, email_key: str) -> None:
        """Let an address in again: its person has asked for it."""
        for key in cls.keys_of(newsletter_id, email_key):
            cls.remove({"_id": key})

    @classmethod
    def of(cls, newsletter_id: ObjectId, email_key: str) -> Row | None:
        """Why an address is suppressed and since when, also under an older secret key; None where it is not."""
        return cls.row({"_id": {"$in": cls.keys_of(newsletter_id, email_key)}})

    @classmethod
    def holds(cls, newsletter_id: ObjectId, email_key: str) -> bool:
        """Whether an address is suppressed."""
        return cls.of(newsletter_id, email_key) is not None

    @classmethod
    def among(cls, newsletter_id: ObjectId, email_keys: Iterable[str]) -> set[str]:
        """Which of these addresses are suppressed, in one query."""
        hashes = {one: key for key in email_keys for one in cls.keys_of(newsletter_id, key)}
        return {hashes[row["_id"]] for row in cls.rows({"_id": {"$in": list(hashes)}})}


class MailAllowance(BaseDocument):
    """How many mails a mailbox, known by its keyed hash, has been sent today because somebody typed it into a form."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "subscription_mail_allowances",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    used = IntField(required=True)
    expires_at = DateTimeField(required=True)

    @classmethod
    def use(cls, email_key: str) -> bool:
        """Use one up; False where this day's are gone. Each call is counted, from however many processes."""
        local, _, domain = email_key.rpartition("@")
        mailbox = f"{local.partition('+')[0]}@{domain}"  # what stands behind the plus often leads to the same mailbox
        key = keys.hashes("subscription mail", mailbox)[0]
        return cls._count(key) or cls._begin(key) or cls._count(key)

    @classmethod
    def _count(cls, key: str) -> bool:
        return cls.alter({"_id": key, "expires_at": {"$gt": utcnow()}, "used": {"$lt": MAILS_A_DAY}}, {"$inc": {"used": 1}})

    @classmethod
    def _begin(cls, key: str) -> bool:
        """Begin a new day with one used; False where one has begun."""
        now = utcnow()
        begin = {"used": 1, "expires_at": now + timedelta(days=1)}
        if cls.alter({"_id": key, "expires_at": {"$lte": now}}, {"$set": begin}):
            return True
        if cls.row({"_id": key}) is not None:
            return False
        try:
            cls(id=key, **begin).insert()
        except AlreadyExists:  # by another request at this moment
            return False
        return True
