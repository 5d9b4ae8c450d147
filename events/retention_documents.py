"""The proof log of retention: what was taken out of which theme day, when, and how much of it. It names nobody."""

from datetime import datetime
from typing import ClassVar, Self

from bson import ObjectId
from mongoengine import DateTimeField, IntField, ObjectIdField, StringField

from events.documents import HELD
from network_api.documents import AlreadyExists, BaseDocument, utcnow


class RetentionProof(BaseDocument):
    """One kind of data of one theme day, whose term is over.

    `after` is the last registration that was gone through: it moves in the transaction that takes the data out.
    """

    meta: ClassVar[dict[str, object]] = {
        "collection": "retention_proofs",
        "indexes": [{"fields": ["event_id", "kind", "ends_at"], "unique": True}],
    }

    event_id = ObjectIdField(required=True)
    kind = StringField(required=True, choices=HELD)
    ends_at = DateTimeField(required=True)  # of the theme day then: one that was held again has another proof
    started_at = DateTimeField(required=True, default=utcnow)
    done_at = DateTimeField()
    after = ObjectIdField()
    people = IntField(required=True, default=0)

    @classmethod
    def of(cls, event_id: ObjectId, kind: str, ends_at: datetime) -> Self:
        """The proof of a kind, begun if there is none; of two that begin at once, one proof."""
        named = {"event_id": event_id, "kind": kind, "ends_at": ends_at}
        found = cls.first(named)
        if found is None:
            try:
                return cls(**named).insert()
            except AlreadyExists:
                return cls.of(event_id, kind, ends_at)
        return found

    def advance(self, after: ObjectId | None, people: int, *, done: bool) -> Self | None:
        """Note how far it has come; None where another worker has gone on from here already."""
        here = {"_id": self.pk, "after": self.after, "done_at": None}
        moved = {"after": after, **({"done_at": utcnow()} if done else {})}
        return self.change(here, {"$set": moved, "$inc": {"people": people}})
