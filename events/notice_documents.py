"""Notices: what is to be told to everybody who is registered, once, now or at its time."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from bson import ObjectId
from mongoengine import DateTimeField, IntField, ListField, ObjectIdField, StringField

from events.seating import MODES
from network_api.documents import BaseDocument, utcnow

CHANGED, CANCELLED, REMINDER, THANKS = KINDS = ("changed", "cancelled", "reminder", "thanks")
READY, DONE = STATES = ("ready", "done")
LEASE = timedelta(seconds=60)
MOST_AT_ONCE = 200


class Notice(BaseDocument):
    """One thing to tell about a theme day, and how far the telling has come.

    A worker holds it by a lease, until `due_at`; `fence` counts the claims, and only the newest may go on. `after` is the
    last registration that has its mail: it moves in the transaction that writes the mails, so each is written once,
    wherever a worker is killed. It concerns those who had registered by `planned_for`, for one of the `modes`.
    """

    meta: ClassVar[dict[str, object]] = {
        "collection": "notices",
        "indexes": [
            {"fields": ["event_id", "kind", "planned_for"], "unique": True},
            ("state", "due_at", "_id"),
        ],
    }

    event_id = ObjectIdField(required=True)
    kind = StringField(required=True, choices=KINDS)
    modes = ListField(StringField(choices=MODES), default=lambda: list(MODES))
    planned_for = DateTimeField(required=True, default=utcnow)
    state = StringField(required=True, choices=STATES, default=READY)
    due_at = DateTimeField(required=True, default=utcnow)
    fence = IntField(required=True, default=0)
    after = ObjectIdField()
    mailed = IntField(required=True, default=0)

    @classmethod
    def due(cls, now: datetime) -> list[ObjectId]:
        """The ids of notices that wait for a worker, the oldest first."""
        where = {"state": READY, "due_at": {"$lte": now}}
        return [row["_id"] for row in cls.rows(where, sort=[("due_at", 1), ("_id", 1)], limit=MOST_AT_ONCE)]

    @classmethod
    def claim(cls, identifier: ObjectId) -> Self | None:
        """Take a due notice; None where it is not due, is done, or another worker has it."""
        now = utcnow()
        due = {"_id": identifier, "state": READY, "due_at": {"$lte": now}}
        return cls.change(due, {"$set": {"due_at": now + LEASE}, "$inc": {"fence": 1}})

    def advance(self, after: ObjectId | None, mailed: int, *, done: bool) -> Self | None:
        """Note how far it has come, and hold it on; None where the lease was lost to another."""
        moved = {"after": after, "due_at": utcnow() + LEASE, "state": DONE if done else READY}
        mine = {"_id": self.pk, "state": READY, "fence": self.fence}
        return self.change(mine, {"$set": moved, "$inc": {"mailed": mailed}})
