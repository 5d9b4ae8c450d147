"""Deliveries: one message for one webhook, claimed by lease and fenced, with every attempt to bring it.

    waiting -> sending -> delivered | failed
       └-<- waiting again, later, after a failure that may pass; and from delivered or failed, when it is to be told again

At most so many deliveries to one webhook are under way at once: each holds a *slot*, and a unique index gives a slot to one.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from bson import ObjectId
from flask import current_app
from mongoengine import DateTimeField, EmbeddedDocumentListField, IntField, ObjectIdField, StringField

from network_api.documents import LONG_AGO, AlreadyExists, BaseDocument, Part, Row, utcnow
from network_api.errors import Conflict
from network_api.measures import Gauge
from network_api.webhooks.message_documents import WebhookMessage

WAITING, SENDING, DELIVERED, FAILED = STATES = ("waiting", "sending", "delivered", "failed")
OPEN, ENDED = (WAITING, SENDING), (DELIVERED, FAILED)
SPARE = timedelta(seconds=20)  # of a lease: for looking up a name, and for writing down what came of it
ATTEMPTS_KEPT = 20
_LOOKS = 3  # for something to claim, where others are quicker
_MOMENT = timedelta(milliseconds=1)  # what is due now is due


class StillOpen(Conflict):
    """It is about to be told, or told again, already."""

    code = "delivery_open"
    detail = "This delivery waits for its next attempt already."


class Attempt(Part):
    """One request: the status that was answered, if any, how long that took, and how the answer begins, or what went wrong."""

    at = DateTimeField(required=True)
    status = IntField()
    milliseconds = IntField(required=True)
    said = StringField()


class WebhookDelivery(BaseDocument):
    """One message for one webhook. `tries` counts attempts since it was last begun, for the back-off."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "webhook_deliveries",
        "indexes": [
            {"fields": ["webhook_id", "message_id"], "unique": True},
            {
                "fields": ["webhook_id", "slot"],
                "unique": True,
                "partialFilterExpression": {"state": SENDING},
            },
            ("webhook_id", "state", "due_at", "_id"),
            ("webhook_id", "state", "_id"),
            ("webhook_id", "_id"),
            ("state", "due_at", "_id"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    webhook_id = ObjectIdField(required=True)
    message_id = ObjectIdField(required=True)
    type = StringField(required=True)
    state = StringField(required=True, choices=STATES, default=WAITING)
    due_at = DateTimeField(required=True, default=utcnow)  # while sending: when the lease ends
    slot = IntField()
    fence = IntField(required=True, default=0)
    tries = IntField(required=True, default=0)
    attempts = EmbeddedDocumentListField(Attempt)
    ended_at = DateTimeField()
    expires_at = DateTimeField(required=True)

    @classmethod
    def of(cls, webhook_id: ObjectId, message: WebhookMessage) -> Self:
        """A new one, not stored yet."""
        return cls(webhook_id=webhook_id, message_id=message.pk, type=message.type, expires_at=message.expires_at)

    @classmethod
    def claim(cls, webhook_id: ObjectId, at_once: int) -> Self | None:
        """Take the delivery whose turn it is, if there is one and a slot for it."""
        for _ in range(_LOOKS):
            row = cls._next(webhook_id)
            if row is None:
                return None
            slot = row["slot"] if row["state"] == SENDING else cls._free_slot(webhook_id, at_once)
            if slot is None:
                return None
            if claimed := cls._take(row, slot):
                return claimed
        return None

    @classmethod
    def _next(cls, webhook_id: ObjectId) -> Row | None:
        """What is due first. Before all else what killed workers had: it keeps its slot, and others wait for that."""
        due = {"webhook_id": webhook_id, "due_at": {"$gt": LONG_AGO, "$lt": utcnow() + _MOMENT}}
        for state in (SENDING, WAITING):
            if found := cls.rows({**due, "state": state}, sort=[("due_at", 1), ("_id", 1)], limit=1):
                return found[0]
        return None

    @classmethod
    def _take(cls, row: Row, slot: int) -> Self | None:
        """None where another worker has taken it, or the slot, since it was looked at."""
        until = utcnow() + timedelta(seconds=current_app.config["WEBHOOK_SECONDS"]) + SPARE
        taken = {"$set": {"state": SENDING, "slot": slot, "due_at": until}, "$inc": {"fence": 1, "tries": 1}}
        try:
            return cls.change({"_id": row["_id"], "state": row["state"], "due_at": row["due_at"]}, taken)
        except AlreadyExists:
            return None

    @classmethod
    def _free_slot(cls, webhook_id: ObjectId, at_once: int) -> int | None:
        taken = {row["slot"] for row in cls.rows({"webhook_id": webhook_id, "state": SENDING})}
        return next((slot for slot in range(at_once) if slot not in taken), None)

    def give_back(self) -> bool:
        """It was not told, and this was no attempt."""
        return self._become({"$set": {"state": WAITING, "due_at": utcnow()}, "$inc": {"tries": -1}})

    def end(self, state: str, attempt: Attempt) -> bool:
        """Note how it ended; False where the lease was lost meanwhile."""
        return self._become({"$set": {"state": state, "ended_at": utcnow(), "attempts": self._attempts(attempt)}})

    def retry(self, attempt: Attempt, due_at: datetime) -> bool:
        """Note a failure that may pass; False where the lease was lost meanwhile."""
        return self._become({"$set": {"state": WAITING, "due_at": due_at, "attempts": self._attempts(attempt)}})

    def _attempts(self, attempt: Attempt) -> list[Any]:
        return [one.to_mongo() for one in [*self.attempts, attempt][-ATTEMPTS_KEPT:]]

    def _become(self, update: dict[str, Any]) -> bool:
        return self.alter({"_id": self.pk, "state": SENDING, "fence": self.fence}, {**update, "$unset": {"slot": ""}})

    @classmethod
    def begin_anew(cls, delivery_id: ObjectId) -> bool:
        """Let what has ended be told again; False where it has not."""
        fresh = {"$set": {"state": WAITING, "due_at": utcnow(), "tries": 0}, "$unset": {"ended_at": ""}}
        return cls.alter({"_id": delivery_id, "state": {"$in": list(ENDED)}}, fresh)

    @classmethod
    def gauges(cls, webhook_ids: Iterable[ObjectId]) -> Iterator[Gauge]:
        """How many wait, and for how long the one has waited whose turn came first, of those for these webhooks."""
        now = utcnow()
        where = {"webhook_id": {"$in": list(webhook_ids)}, "state": WAITING, "due_at": {"$gt": LONG_AGO, "$lt": now}}
        first = cls.rows(where, sort=[("due_at", 1)], limit=1, only=("due_at",))
        age = (now - first[0]["due_at"]).total_seconds() if first else 0.0
        waiting: dict[tuple[str, ...], float] = {
            (state,): float(cls.collection().count_documents({"state": state})) for state in OPEN
        }
        yield Gauge("webhook_deliveries", "Deliveries to webhooks that have not ended, by state.", ("state",), waiting)
        yield Gauge("webhook_age_seconds", "How long the first due delivery to an active webhook has waited.", (), {(): age})
