"""Erasures: each is a job over all features, and what is left of it is a receipt that names nobody."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, EmbeddedDocumentListField, IntField, ListField, ObjectIdField, StringField

from network_api.documents import AlreadyExists, BaseDocument, Part, utcnow
from network_api.errors import NotFound


class Erased(Part):
    """How many documents of one class were deleted, or let it be known no more whose they are."""

    document = StringField(required=True)
    number = IntField(required=True)


class Erasure(BaseDocument):
    """The erasure of one person. `left` names the features that are still to come; whose it is goes with the last."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "erasures",
        "indexes": [
            {"fields": ["member_id"], "unique": True, "sparse": True},
            {"fields": ["running"], "sparse": True},
        ],
    }

    id = StringField(primary_key=True, default=lambda: secrets.token_hex(16))
    member_id = ObjectIdField()
    email_key = StringField()
    running = BooleanField()
    left = ListField(StringField())
    erased = EmbeddedDocumentListField(Erased)
    finished_at = DateTimeField()

    @classmethod
    def of(cls, member_id: ObjectId, email_key: str, steps: Sequence[str], erased: Mapping[str, int]) -> Self:
        """The erasure of a member, begun with what is erased already if there is none; of two that begin at once, one."""
        found = cls.first({"member_id": member_id})
        if found is not None:
            return found
        try:
            begun = cls(member_id=member_id, email_key=email_key, running=True, left=list(steps), erased=_lines(erased))
            return begun.insert()
        except AlreadyExists:
            return cls.of(member_id, email_key, steps, erased)

    @classmethod
    def of_receipt(cls, receipt: str) -> Self:
        """The erasure with this receipt. Raises NotFound."""
        found = cls.first({"_id": receipt})
        if found is None:
            raise NotFound
        return found

    def advance(self, erased: Mapping[str, int]) -> Self | None:
        """Note that the next feature is done; None where another worker has done it."""
        noted = [line.to_mongo() for line in _lines(erased)]
        update: dict[str, Any] = {"$set": {"left": self.left[1:]}, "$push": {"erased": {"$each": noted}}}
        if len(self.left) == 1:
            update["$set"]["finished_at"] = utcnow()
            update["$unset"] = dict.fromkeys(("member_id", "email_key", "running"), "")
        return self.change({"_id": self.pk, "left": self.left}, update)


def _lines(erased: Mapping[str, int]) -> list[Erased]:
    return [Erased(document=name, number=number) for name, number in erased.items() if number]
