"""What a newsletter has told: each source once, by the issue that tells it first.

A unique index lets one issue have a source. An issue that is cancelled or deleted gives back what it had, and so does
whatever is hidden, removed or falls out: another issue tells it then. Old ones are forgotten once nothing so old is news,
so that this stays as large as what happens in a year or two, however many issues there have been.

Whoever changes it holds the newsletter first (`Newsletter.hold`): of two issues that are assembled at once the later one
begins anew and finds what the other has taken.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import ObjectIdField, StringField

from events.documents import Event
from network_api.documents import BaseDocument, Row, session


class Told(BaseDocument):
    """A source that an issue tells. `facts` of a theme day are its time and place, as readers have heard them last."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "told",
        "indexes": [
            {"fields": ["newsletter_id", "key"], "unique": True},
            ("newsletter_id", "created_at"),
            ("issue_id", "key"),
        ],
    }

    newsletter_id = ObjectIdField(required=True)
    key = StringField(required=True)
    issue_id = ObjectIdField(required=True)
    facts = StringField()

    @classmethod
    def of(cls, newsletter_id: ObjectId, keys: Iterable[str]) -> dict[str, Row]:
        """Which of these sources have been told, or are about to be."""
        wanted = sorted(set(keys))
        found = cls.rows({"newsletter_id": newsletter_id, "key": {"$in": wanted}}) if wanted else []
        return {row["key"]: row for row in found}

    @classmethod
    def keep(cls, newsletter_id: ObjectId, issue_id: ObjectId, facts: Mapping[str, str | None]) -> None:
        """Let an issue have exactly these sources, as far as no other issue has them."""
        for row in cls.rows({"issue_id": issue_id}):
            if row["key"] not in facts:
                cls.remove({"_id": row["_id"]})
        taken = cls.of(newsletter_id, facts)
        for key in sorted(facts.keys() - taken.keys()):
            cls(newsletter_id=newsletter_id, key=key, issue_id=issue_id, facts=facts[key]).insert()

    @classmethod
    def give_back(cls, issue_id: ObjectId, *keys: str) -> None:
        """Let others tell what this issue does not, or only these of its sources."""
        chosen = {"key": {"$in": list(keys)}} if keys else {}
        cls.collection().delete_many({"issue_id": issue_id, **chosen}, session=session())

    @classmethod
    def hear(cls, newsletter_id: ObjectId, event_ids: Iterable[ObjectId]) -> None:
        """Note what readers hear now of theme days, whichever issue told them first."""
        facts = {f"event:{key}": digest(row) for key, row in Event.by_ids(event_ids).items()}
        for row in cls.of(newsletter_id, facts).values():
            cls.alter({"_id": row["_id"]}, {"$set": {"facts": facts[row["key"]]}})

    @classmethod
    def forget(cls, newsletter_id: ObjectId, before: datetime) -> None:
        """Forget what is too old to be told again."""
        cls.collection().delete_many({"newsletter_id": newsletter_id, "created_at": {"$lt": before}}, session=session())


def digest(event: Row) -> str:
    """What of a theme day changes with its time, its place and the ways to take part."""
    venue = event.get("venue") or {}
    place = (venue.get("name"), venue.get("address"), sorted(event["modes"]))
    told = (event["starts_at"].isoformat(), event["ends_at"].isoformat(), event["timezone"], place)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
