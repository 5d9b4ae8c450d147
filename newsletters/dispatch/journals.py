"""The journal of a batch that a worker holds: how its deliveries stand, written once a group.

What is written so often is as small as it can be, and has no index besides its id: a database brings every index of a document
up to date at every write, and the embedded engine that of fields, too, that have not changed. So the claim of a batch opens
a journal with what its `Progress` says, and who gives the batch back writes the end of it there; each in one transaction,
so that a batch has a journal exactly while its progress is `journalled`, and the journal is then what holds.

The fence stands in the journal itself, so that the one update which stores a group is the one which the fence guards.
"""

from collections.abc import Collection
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import BinaryField, DictField, IntField

from network_api.documents import BaseDocument, Row, utcnow

STANDING = ("states", "times", "answers", "updated_at")  # what a journal says instead of the progress of its batch


class Journal(BaseDocument):
    """How the deliveries of a batch stand while a worker holds it; it has the snapshot's id."""

    meta: ClassVar[dict[str, Any]] = {"collection": "delivery_journals"}

    fence = IntField(required=True)  # of the claim: only the newest may write
    states = BinaryField(required=True)  # all as in the progress
    times = BinaryField()
    answers = DictField()

    @classmethod
    def read(cls, identifiers: Collection[ObjectId]) -> dict[ObjectId, Row]:
        """What the journals of these batches say, by batch."""
        wanted = list(identifiers)
        rows = cls.rows({"_id": {"$in": wanted}}) if wanted else []
        return {row["_id"]: {name: row[name] for name in STANDING if name in row} for row in rows}

    @classmethod
    def begin(cls, identifier: ObjectId, fence: int, standing: Row) -> None:
        """Open the journal of a batch, or take over that of a worker that has lost it, who can write into it no more."""
        values = {name: standing[name] for name in STANDING if name in standing}
        if not cls.alter({"_id": identifier}, {"$set": {**values, "fence": fence}}):
            cls(id=identifier, fence=fence, **values).insert()

    @classmethod
    def write(cls, identifier: ObjectId, fence: int, **values: Any) -> bool:
        """Write how the batch stands; False where it was lost to another worker, or given back."""
        written = {"updated_at": utcnow(), **values}
        return cls.collection().update_one({"_id": identifier, "fence": fence}, {"$set": written}).matched_count == 1
