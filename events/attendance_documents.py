"""The ledger of attendance: who came, by which source, noted by whom. An entry is voided, never changed or deleted."""

from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import DateTimeField, IntField, ObjectIdField, StringField

from events.seating import MODES
from network_api.documents import BaseDocument, utcnow
from network_api.errors import Conflict

TICKET, DOOR, MANUAL, REPORT = SOURCES = ("ticket", "door", "manual", "report")
RECORDED, VOIDED = STATES = ("recorded", "voided")


class AttendanceVoided(Conflict):
    """An entry is voided once."""

    code = "attendance_voided"
    detail = "This entry has been voided already."


class Attendance(BaseDocument):
    """One source's word that somebody was there.

    `cause` is what the source has once: the scanner's nonce, the part of a report that is about a person; so whatever is
    sent twice is one entry. `minutes` are those that a report tells; `recorded_by` is empty for the person's own door.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "attendance",
        "indexes": [
            {"fields": ["event_id", "source", "cause"], "unique": True},
            ("registration_id", "at", "_id"),
            ("event_id", "_id"),
            ("event_id", "source", "_id"),
        ],
    }

    event_id = ObjectIdField(required=True)
    registration_id = ObjectIdField(required=True)
    source = StringField(required=True, choices=SOURCES)
    cause = StringField(required=True, max_length=120)
    mode = StringField(required=True, choices=MODES)
    at = DateTimeField(required=True)
    minutes = IntField(min_value=0)
    recorded_by = ObjectIdField()
    state = StringField(required=True, choices=STATES, default=RECORDED)
    voided_at = DateTimeField()
    voided_by = ObjectIdField()
    void_reason = StringField()

    @classmethod
    def of(cls, registration_id: ObjectId) -> list[Self]:
        """What the ledger says about a registration, voided entries too, in the order of time."""
        rows = cls.rows({"registration_id": registration_id}, sort=[("at", 1), ("_id", 1)])
        return [cls.wrap(row) for row in rows]

    @property
    def holds(self) -> bool:
        """Whether it has not been voided."""
        return bool(self.state == RECORDED)

    def void(self, by: ObjectId | None, reason: str) -> tuple[Self, dict[str, Any]]:
        """Let it count no longer; what differs comes with it. Raises AttendanceVoided, StaleVersion."""
        if not self.holds:
            raise AttendanceVoided
        return self.edit({"state": VOIDED, "voided_at": utcnow(), "voided_by": by, "void_reason": reason})

    def forget_reason(self) -> None:
        """Take out what was written about the person."""
        self.change({"_id": self.pk}, {"$unset": {"void_reason": ""}})
