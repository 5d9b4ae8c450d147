"""What a further round does away with in the ledger is kept."""

from collections.abc import Iterator
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import BinaryField, DictField, IntField, ListField, ObjectIdField

from network_api.documents import BaseDocument, Row


class Superseded(BaseDocument):
    """What the deliveries of a snapshot had come to before some of them were sent again: evidence, and never changed."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "delivery_superseded",
        "indexes": [{"fields": ["issue_id", "number", "round"], "unique": True}],
    }

    issue_id = ObjectIdField(required=True)
    number = IntField(required=True)  # of the snapshot
    round = IntField(required=True)  # of `Issue.rounds`, counted from 1
    places = ListField(IntField(), required=True)  # of those that were sent again
    states = BinaryField(required=True)  # of all, as `times` and `answers`
    times = BinaryField()
    answers = DictField()

    @classmethod
    def of_issue(cls, issue_id: ObjectId) -> Iterator[Row]:
        """What was superseded of an issue, by snapshot and round."""
        yield from cls.collection().find({"issue_id": issue_id}).sort([("number", 1), ("round", 1)]).batch_size(50)
