"""The ledger of a dispatch: who was to get an issue, and what became of each.

A `Snapshot` is immutable: up to 500 recipients by subscription id, in order, and the subscriptions left out on the way
with a reason each. `Progress` is the small document beside it (same id) that changes: one byte a recipient. A worker
claims a progress by its id, with a lease (`due_at`) and a fencing number (`fence`), and stores a group of results and
writes the next group ahead in one conditional update, of a `Journal` that the batch has meanwhile (`journals.py`). A delivery,
as the API shows it, is a view over these.

    ready -> attempting -> accepted | refused | deferred -> attempting ... | unknown
      └-> suppressed | cancelled

A row that is `attempting` when its worker has died is `unknown`: the mail may or may not have gone out. It is held, and
visible, until somebody decides. The ledger holds ids and no addresses, so that erasing a person leaves it true.
"""

import struct
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, IntField, ObjectIdField, StringField

from network_api.documents import LONG_AGO, BaseDocument, Row, transactional, utcnow
from newsletters.dispatch.journals import Journal
from newsletters.subscriptions.documents import ACTIVE, BOUNCED, PAUSED, PENDING, QUARTERLY, UNSUBSCRIBED

READY, LEASED, ATTEMPTING, ACCEPTED, DEFERRED = "ready", "leased", "attempting", "accepted", "deferred"
REFUSED, SUPPRESSED, CANCELLED, UNKNOWN = "refused", "suppressed", "cancelled", "unknown"
DELIVERY_STATES = (READY, LEASED, ATTEMPTING, ACCEPTED, DEFERRED, REFUSED, SUPPRESSED, CANCELLED, UNKNOWN)
CODES = {  # `leased` is no code: it is a ready row of a batch that a worker holds
    READY: ord("r"),
    ATTEMPTING: ord("t"),
    ACCEPTED: ord("a"),
    DEFERRED: ord("d"),
    REFUSED: ord("f"),
    SUPPRESSED: ord("s"),
    CANCELLED: ord("c"),
    UNKNOWN: ord("u"),
}
WAITING = (CODES[READY], CODES[DEFERRED])
STATE_OF = {code: state for state, code in CODES.items()}
LATER_IN_QUARTER = "later_in_quarter"  # who wants the first issue of each quarter only
REASONS = {
    PENDING: ord("p"),
    PAUSED: ord("z"),
    UNSUBSCRIBED: ord("n"),
    BOUNCED: ord("b"),
    SUPPRESSED: ord("s"),
    LATER_IN_QUARTER: ord("q"),
}
REASON_OF = {code: reason for reason, code in REASONS.items()}
OPEN, DONE = "open", "done"
LEASE = timedelta(seconds=30)  # longer than a slice, a group and the patience with a server together: none is renewed
COUNTED = ("states", "leased", "due_at")  # of a batch: what `total` reads
_ID_SIZE = 12
_READ_AT_ONCE = 50  # batches
SECONDS = struct.Struct("<I")  # when a delivery came to its state, in seconds since 1970; 0: never tried


def pack(identifiers: Sequence[ObjectId]) -> bytes:
    """Ids, one after the other."""
    return b"".join(identifier.binary for identifier in identifiers)


def unpack(packed: bytes) -> list[ObjectId]:
    """The ids that `pack` put together."""
    return [ObjectId(packed[place : place + _ID_SIZE]) for place in range(0, len(packed), _ID_SIZE)]


def _numbers(first: int, last: int | None) -> dict[str, int]:
    return {"$gte": first} if last is None else {"$gte": first, "$lte": last}


class Snapshot(BaseDocument):
    """A stretch of the frozen audience: every subscription after the snapshot before, up to `through`."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "delivery_snapshots",
        "indexes": [{"fields": ["issue_id", "number"], "unique": True}, ("issue_id", "through")],
    }

    issue_id = ObjectIdField(required=True)
    number = IntField(required=True)
    through = ObjectIdField(required=True)
    recipients = BinaryField(required=True)  # packed ids, in order
    excluded = BinaryField(required=True)
    reasons = BinaryField(required=True)  # a byte for each excluded

    @classmethod
    def of_issue(cls, issue_id: ObjectId, first: int = 0, last: int | None = None) -> Iterator[Row]:
        """The snapshots of an issue in order, from a number on, to another."""
        found = cls.collection().find({"issue_id": issue_id, "number": _numbers(first, last)}).sort("number", 1)
        yield from found.batch_size(20)

    @classmethod
    def last(cls, issue_id: ObjectId) -> Row | None:
        """The newest snapshot of an issue."""
        found = cls.rows({"issue_id": issue_id}, sort=[("number", -1)], limit=1)
        return found[0] if found else None

    @classmethod
    def reaching(cls, issue_id: ObjectId, subscription_id: ObjectId) -> Row | None:
        """The one snapshot of an issue that can have a subscription."""
        bound = {"$gte": subscription_id, "$lte": ObjectId("f" * 24)}
        found = cls.rows({"issue_id": issue_id, "through": bound}, sort=[("through", 1)], limit=1)
        return found[0] if found else None


class Progress(BaseDocument):
    """How far the deliveries of a snapshot are; it has the snapshot's id."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "delivery_progress",
        "indexes": [{"fields": ["issue_id", "number"], "unique": True}, ("issue_id", "state", "due_at")],
    }

    issue_id = ObjectIdField(required=True)
    number = IntField(required=True)
    state = StringField(required=True, choices=(OPEN, DONE), default=OPEN)
    states = BinaryField(required=True)  # a byte for each recipient
    times = BinaryField()  # `SECONDS` for each recipient; empty before the first is tried
    answers = DictField()  # what the server said, where it was not yes: by the recipient's place
    leased = BooleanField(required=True, default=False)
    journalled = BooleanField()  # while a journal says how the deliveries stand, and the three above are of before the claim
    due_at = DateTimeField(required=True, default=utcnow)  # while leased: when the lease ends
    fence = IntField(required=True, default=0)  # counts claims: only the newest may write
    rounds = IntField(required=True, default=0)  # how often deferred ones were tried, for the delay

    @classmethod
    def due(cls, issue_id: ObjectId) -> list[ObjectId]:
        """The ids of the batches of an issue that a worker could claim now."""
        where = {"issue_id": issue_id, "state": OPEN, "due_at": {"$gt": LONG_AGO, "$lte": utcnow()}}
        return [row["_id"] for row in cls.collection().find(where, {"_id": 1})]

    @classmethod
    def pause(cls, issue_id: ObjectId) -> float | None:
        """Seconds until the next open batch of an issue is due, or its lease ends; None where none is open."""
        where = {"issue_id": issue_id, "state": OPEN}
        row = cls.collection().find_one(where, {"due_at": 1}, sort=[("due_at", 1)])
        return max(0.0, (row["due_at"] - utcnow()).total_seconds()) if row else None

    @classmethod
    def any_open(cls, issue_id: ObjectId) -> bool:
        """Whether anything of an issue is still to be delivered, now or later."""
        return cls.row({"issue_id": issue_id, "state": OPEN}) is not None

    @classmethod
    @transactional
    def claim(cls, identifier: ObjectId) -> Self | None:
        """Take a batch, by its id; None where it is not due, or another worker has it.

        What a dead worker was attempting becomes unknown.
        """
        row, now = cls.row({"_id": identifier}), utcnow()
        if row is None or row["state"] != OPEN or row["due_at"] > now:
            return None
        as_read = {name: row[name] for name in ("state", "fence", "due_at", "states")}
        taken = {"leased": True, "journalled": True, "due_at": now + LEASE, "fence": row["fence"] + 1}
        if not cls.alter({"_id": identifier, **as_read}, {"$set": taken}):
            return None
        [found] = cls.as_they_stand([row])
        states = bytes(found["states"]).replace(bytes([CODES[ATTEMPTING]]), bytes([CODES[UNKNOWN]]))
        held = {**found, **taken, "states": states}
        Journal.begin(identifier, held["fence"], held)
        return cls.wrap(held)

    def store(self, **values: Any) -> bool:
        """Write how the deliveries stand; False where the batch was lost to another worker."""
        return Journal.write(self.pk, self.fence, **values)

    @transactional
    def give_back(self, standing: Row, **values: Any) -> None:
        """Let go of the batch as its deliveries stand, where it was not lost to another worker."""
        given = {"$set": {**standing, **values, "leased": False}, "$unset": {"journalled": ""}}
        if self.alter({"_id": self.pk, "fence": self.fence}, given):
            Journal.remove({"_id": self.pk})

    @classmethod
    def as_they_stand(cls, rows: Iterable[Row]) -> list[Row]:
        """Batches (their rows, or so much of them) with what the journals say of those that a worker holds.

        The rows have been read before. A batch whose journal is gone by now has been given back since, and is read again.
        """
        found = list(rows)
        journals = Journal.read([row["_id"] for row in found if row.get("journalled")])
        return [cls._as_it_stands(row, journals.get(row["_id"])) for row in found]

    @classmethod
    def _as_it_stands(cls, row: Row, journal: Row | None) -> Row:
        while journal is None and row.get("journalled"):
            before, row = row, cls.row({"_id": row["_id"]}) or {**row, "journalled": False}
            if row.get("journalled") and row["fence"] == before["fence"]:  # it is lost, and nobody can know what it said
                return {**row, "states": bytes(CODES[UNKNOWN] if code in WAITING else code for code in row["states"])}
            journal = Journal.read([row["_id"]]).get(row["_id"])
        return {**row, **(journal or {})}

    @classmethod
    def of_issue(cls, issue_id: ObjectId, first: int = 0, last: int | None = None) -> Iterator[Row]:
        """The batches of an issue as they stand, in the order of its snapshots, from a number on, to another."""
        found = cls.collection().find({"issue_id": issue_id, "number": _numbers(first, last)}).sort("number", 1)
        batches = iter(found.batch_size(_READ_AT_ONCE))
        while some := list(islice(batches, _READ_AT_ONCE)):
            yield from cls.as_they_stand(some)

    @classmethod
    def standing(cls, where: Row, only: Collection[str]) -> list[Row]:
        """Batches as they stand, in no order, and of them `only` these fields and what it takes to know."""
        return cls.as_they_stand(cls.rows(where, only=[*only, "journalled", "fence"]))


def shown_states(progress: Row, now: datetime) -> list[str]:
    """The state of each recipient as people see it."""
    ready = _ready(progress, now)
    return [ready if code == CODES[READY] else STATE_OF[code] for code in bytes(progress["states"])]


def _ready(progress: Row, now: datetime) -> str:
    return LEASED if progress["leased"] and progress["due_at"] > now else READY


def seconds_of(row: Row) -> list[int]:
    """When each delivery of a batch came to its state; 0 for one that was never tried, or before times were kept."""
    times = bytes(row.get("times") or b"")
    return [second for (second,) in SECONDS.iter_unpack(times)] or [0] * len(row["states"])


def count(issue_id: ObjectId) -> dict[str, int]:
    """How many deliveries of an issue are in which state; states that none is in are left out."""
    return total(Progress.standing({"issue_id": issue_id}, COUNTED))


def total(batches: Iterable[Row]) -> dict[str, int]:
    """How many deliveries of these batches are in which state. The bytes are counted, and no recipient unpacked."""
    counts: Counter[str] = Counter()
    now = utcnow()
    for progress in batches:
        states = bytes(progress["states"])
        counts.update({_ready(progress, now) if state == READY else state: states.count(code) for state, code in CODES.items()})
    return {state: counts[state] for state in DELIVERY_STATES if counts[state]}


def reason_to_leave_out(subscription: Row, *, suppressed: bool, first_of_quarter: bool) -> str | None:
    """Why a subscription is no recipient of an issue; None where it is one."""
    if subscription["state"] != ACTIVE:
        return str(subscription["state"])
    if suppressed:
        return SUPPRESSED
    return LATER_IN_QUARTER if subscription.get("frequency") == QUARTERLY and not first_of_quarter else None
