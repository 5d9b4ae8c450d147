"""What letters need of their recipients, set down when the audience is frozen, so that a batch is one document to read.

To read 500 subscriptions costs the embedded engine as much as to write them 500 letters. So the freeze, which reads them all,
leaves a copy for each batch. A copy is true as of a pulse of the newsletter (`Newsletter.stir`): whatever has changed since is
found by a later pulse, and read as it is now (`readers.py`). A copy goes when its batch is done.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import bson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, IntField

from network_api.documents import BaseDocument, Row, utcnow
from network_api.feature import Counted, Person
from newsletters.dispatch.ledger import Snapshot
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription

KEPT = timedelta(days=7)  # at most: batches that still wait then, for a pause of the issue, read their subscriptions
NEEDED = ("email", "email_key", "language", "sections", "regions", "nonce", "state")  # of a subscription


class Addressees(BaseDocument):
    """The recipients of one snapshot (same id) as they stood at a pulse of the newsletter: those of whom it had no later news."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "delivery_addressees",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    pulse = IntField(required=True)
    people = BinaryField(required=True)
    expires_at = DateTimeField(required=True, default=lambda: utcnow() + KEPT)

    @classmethod
    def of(cls, snapshot_id: ObjectId, pulse: int, rows: Sequence[Row]) -> "Addressees":
        """The copy of these subscriptions."""
        needed = [{"_id": row["_id"], **{name: row[name] for name in NEEDED if row.get(name)}} for row in rows]
        return cls(id=snapshot_id, pulse=pulse, people=bson.encode({"people": needed}))

    @classmethod
    def read(cls, snapshot_id: ObjectId) -> tuple[int, dict[ObjectId, Row]] | None:
        """The pulse of a copy, and its rows by subscription; None where there is no copy."""
        found = cls.row({"_id": snapshot_id})
        if found is None:
            return None
        return found["pulse"], {row["_id"]: row for row in bson.decode(found["people"])["people"]}


def export_person(person: Person) -> dict[str, Any]:
    """What the copies say of somebody whose letter is on its way."""
    copies = [Addressees.read(snapshot_id) for snapshot_id in _snapshots_of(person)]
    rows = [row for _, people in filter(None, copies) for row in people.values() if row["email_key"] == person.email_key]
    return {"addressees": [{name: row[name] for name in row if name != "nonce"} for row in rows]}


def erase_person(person: Person) -> Counted:
    """Do away with the copies that somebody can be in: the others of those batches are read one by one."""
    return {Addressees: sum(Addressees.remove({"_id": snapshot_id}) for snapshot_id in _snapshots_of(person))}


def _snapshots_of(person: Person) -> Iterator[ObjectId]:
    """The snapshots that can have a person, of the issues that are on their way."""
    dispatching = Issue.rows({"dispatching": True}, only=("newsletter_id",))
    for row in Subscription.rows({"email_key": person.email_key}) if dispatching else ():
        for issue in dispatching:
            same = issue["newsletter_id"] == row["newsletter_id"]
            snapshot = Snapshot.reaching(issue["_id"], row["_id"]) if same else None
            if snapshot is not None:
                yield snapshot["_id"]
