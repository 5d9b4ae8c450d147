"""The chain over the audit log: entries are sealed in blocks, each of which has the hash of the block before it.

Whoever changes, deletes or puts in an entry changes a hash, and with it all hashes that follow; the newest is signed with
the secret key, which is not in the database. `network-api audit verify` names the first entry at fault. What the chain alone
cannot show is that its end was cut off: each seal is logged, and `--known` holds the chain to a line of an older log.

Writers do not wait for each other, nor for the seal: an entry is written in its own transaction, a job seals those that have
been committed, each once, in one transaction for a block. Of two jobs at once the unique number of the block lets one
through. Values of an entry are hashed apart, with a salt, so that they can be forgotten and the chain still holds.
"""

import hashlib
import logging
from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex
from typing import Any, ClassVar, NamedTuple, Self

from bson import ObjectId
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps
from mongoengine import IntField, ListField, ObjectIdField, StringField
from pymongo import UpdateOne

from network_api.audit import FORGOTTEN, AuditEntry
from network_api.auth import keys
from network_api.documents import AlreadyExists, BaseDocument, Problem, Row, session, transactional, utcnow

logger = logging.getLogger(__name__)
MOST = 200  # entries in a block
BEFORE_THE_FIRST = "0" * 64
GRACE = timedelta(hours=1)  # after which `network-api check` misses the job
_BEYOND = 2**31
_SEALED = ("_id", "created_at", "actor_id", "action", "target_id", "network_id", "commitment")


class AuditBlock(BaseDocument):
    """Entries in their order with their hashes, bound to the block before; the signature is over its own hash."""

    meta: ClassVar[dict[str, Any]] = {"collection": "audit_blocks", "indexes": [{"fields": ["number"], "unique": True}]}

    number = IntField(required=True)  # from 1 on, without a gap
    previous = StringField(required=True)
    entries = ListField(ObjectIdField(), required=True)
    hashes = ListField(StringField(), required=True)
    hash = StringField(required=True)
    signature = StringField(required=True)

    @classmethod
    def numbered(cls, number: int) -> Self | None:
        """The block with this number."""
        return cls.first({"number": number})

    @classmethod
    def last(cls) -> Self | None:
        """The newest block."""
        found = cls.rows({}, sort=[("number", -1)], limit=1)
        return cls.wrap(found[0]) if found else None

    def computed(self) -> str:
        """The hash that it must have."""
        return _hash([self.number, self.previous, self.entries, self.hashes])

    def is_signed(self) -> bool:
        """Whether a key of ours has signed it."""
        return keys.is_among(self.signature.encode(), (_signature(key, self.hash).encode() for key in keys.known()))

    def sign_again(self) -> None:
        """Sign with the newest key what an older one has signed, so that the older one can be given up."""
        signature = _signature(keys.newest(), self.hash)
        if self.signature != signature and self.is_signed():
            self.alter({"_id": self.pk, "signature": self.signature}, {"$set": {"signature": signature}})


class Fault(NamedTuple):
    """What does not hold: in which block, which entry (or none: the block itself), and how."""

    block: int
    entry: ObjectId | None
    what: str

    def __str__(self) -> str:
        return f"block {self.block}{f', entry {self.entry}' if self.entry else ''}: {self.what}"


class Verdict(NamedTuple):
    """What a look along the chain has found: how far it holds, its head, and the first fault."""

    blocks: int
    entries: int
    head: str
    fault: Fault | None = None


def _hash(value: Any) -> str:
    return hashlib.sha256(dumps(value, json_options=CANONICAL_JSON_OPTIONS, sort_keys=True).encode()).hexdigest()


def _signature(key: bytes, hashed: str) -> str:
    return keys.digest(key, "audit block", hashed).hex()


def _commitment(salt: str, row: Row) -> str:
    return _hash([salt, row.get("changes") or {}])


def _hash_of(row: Row) -> str:
    """Of an entry: who, when, what and which fields; the values by their commitment only."""
    return _hash([{name: row.get(name) for name in _SEALED}, sorted(row.get("changes") or {})])


def seal_due() -> None:
    """Seal all that has been written and committed; what one run does not come to, the next does."""
    try:
        while seal_some():
            pass
    except AlreadyExists:  # another worker has sealed the same at this moment
        logger.info("Another worker seals the audit log.")
    if (last := AuditBlock.last()) is not None:
        last.sign_again()


def seal_some() -> bool:
    """Seal the oldest entries that are not sealed yet; whether there were any. Raises AlreadyExists beside another worker."""
    block = _seal()
    if block is not None:
        logger.info("Audit log sealed: %s:%s, %s entries.", block.number, block.hash, len(block.entries))
    return block is not None


@transactional
def _seal() -> AuditBlock | None:
    rows = AuditEntry.rows({"block": None}, sort=[("_id", 1)], limit=MOST)
    if not rows:
        return None
    last = AuditBlock.last()
    number = last.number + 1 if last else 1
    salted = [(row, token_hex(16)) for row in rows]
    seals = {row["_id"]: {"block": number, "salt": salt, "commitment": _commitment(salt, row)} for row, salt in salted}
    hashes = [_hash_of({**row, **seals[row["_id"]]}) for row in rows]
    block = AuditBlock(number=number, previous=last.hash if last else BEFORE_THE_FIRST, entries=list(seals), hashes=hashes)
    block.hash = block.computed()
    block.signature = _signature(keys.newest(), block.hash)
    block.insert()
    marks = [UpdateOne({"_id": identifier}, {"$set": seal}) for identifier, seal in seals.items()]
    AuditEntry.collection().bulk_write(marks, session=session())
    return block


def verify(known: tuple[int, str] | None = None) -> Verdict:
    """Walk along the chain up to its first fault. `known` is the number and the hash of a block, from elsewhere."""
    previous, number, entries = BEFORE_THE_FIRST, 1, 0
    while (block := AuditBlock.numbered(number)) is not None:
        fault = next(_faults_of(block, previous, known), None)
        if fault is not None:
            return Verdict(number - 1, entries, previous, fault)
        previous, number, entries = block.hash, number + 1, entries + len(block.entries)
    return Verdict(number - 1, entries, previous, _fault_of_the_end(number, known))


def _faults_of(block: AuditBlock, previous: str, known: tuple[int, str] | None) -> Iterator[Fault]:
    number, found = block.number, {row["_id"]: row for row in AuditEntry.rows({"block": block.number}, sort=[("_id", 1)])}
    for identifier, expected in zip(block.entries, block.hashes, strict=False):
        what = _what_is_wrong(found.pop(identifier, None), expected)
        if what:
            yield Fault(number, identifier, what)
    for identifier in found:
        yield Fault(number, identifier, "put in after the block was sealed")
    if block.hash != block.computed() or len(block.entries) != len(block.hashes):
        yield Fault(number, None, "the block has been changed")
    if block.previous != previous:
        yield Fault(number, None, "does not follow from the block before")
    if known and known[0] == number and known[1] != block.hash:
        yield Fault(number, None, "is not the block that was known")


def _what_is_wrong(row: Row | None, expected: str) -> str | None:
    if row is None:
        return "missing"
    if _hash_of(row) != expected:
        return "changed after it was sealed"
    if row.get("salt") is not None:
        return None if _commitment(row["salt"], row) == row["commitment"] else "its values were changed after it was sealed"
    if AuditEntry.wrap(row).has_values:
        return "its values were changed after it was sealed"
    told = AuditEntry.row({"target_id": row["target_id"], "action": FORGOTTEN})
    return None if told else "its values are gone, and no entry tells that they were to be forgotten"


def _fault_of_the_end(number: int, known: tuple[int, str] | None) -> Fault | None:
    last = AuditBlock.last()
    if (last is not None and last.number >= number) or (known and known[0] >= number):
        return Fault(number, None, "the block is missing")
    if AuditEntry.rows({"block": {"$gte": number, "$lt": _BEYOND}}, limit=1):
        return Fault(number, None, "the block is missing, and entries were sealed in it")
    if last is not None and not last.is_signed():
        return Fault(last.number, None, "no secret key of ours has signed the end of the chain")
    return None


def check() -> Iterator[Problem]:
    """The chain holds, and what has been written is sealed within the hour."""
    fault = verify().fault
    if fault is not None:
        yield Problem("audit_chain", str(fault), "as it was sealed", "something else")
    for row in AuditEntry.rows({"block": None}, sort=[("_id", 1)], limit=1):
        if row["created_at"] < utcnow() - GRACE:
            yield Problem("audit_unsealed", f"entry {row['_id']}", "sealed", row["created_at"].isoformat())
