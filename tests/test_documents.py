"""Documents: guarded writes, versions, transactions that retry and roll back whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import Any, ClassVar

import pytest
from bson import ObjectId
from flask import Flask
from mongoengine import IntField, StringField
from pymongo.errors import OperationFailure

from network_api.app import create_app
from network_api.documents import (
    AlreadyExists,
    BaseDocument,
    after_commit,
    object_id,
    session,
    transactional,
    utcnow,
)
from network_api.errors import Invalid, NotFound, StaleVersion
from network_api.networks.documents import LEFT, LastCoordinator, Membership, Network
from tests.conftest import Api
from tests.processes import at_once, together


class Note(BaseDocument):
    """A document of these tests."""

    meta: ClassVar[dict[str, Any]] = {"collection": "test_notes", "indexes": [{"fields": ["key"], "unique": True}]}

    key = StringField(required=True, max_length=20)
    number = IntField(required=True, default=0)
    text = StringField()


@pytest.fixture(autouse=True)
def _empty(app: Flask) -> None:
    Note.ensure_indexes()
    Note.collection().delete_many({})


def keys() -> list[str]:
    return sorted(row["key"] for row in Note.collection().find())


def stored(key: str) -> dict[str, Any]:
    row = Note.collection().find_one({"key": key})
    assert row is not None
    return row


# Fields of the next release


def test_a_field_that_only_the_next_release_knows_is_read_past_and_stays_as_it_is() -> None:
    """So both can run side by side, and this one edits rows of the other."""
    note = Note(key="a").insert()
    Note.collection().update_one({"_id": note.pk}, {"$set": {"colour": "blue"}})
    edited, differing = Note.get(note.pk).edit({"text": "Hei"})
    assert (edited.text, differing) == ("Hei", {"text": {"before": None, "after": "Hei"}})
    assert stored("a")["colour"] == "blue"


# Single writes


def test_times_are_aware_utc_in_whole_milliseconds() -> None:
    now = utcnow()
    assert (now.tzinfo, now.microsecond % 1000) == (UTC, 0)
    assert Note(key="a").insert().created_at == stored("a")["created_at"]


@pytest.mark.parametrize("value", ["x", "", None, 17, "z" * 24, "\x00", b"abc", [], {"$gt": ""}])
def test_what_is_no_id_is_not_found_and_named(value: Any) -> None:
    with pytest.raises(NotFound) as missing:
        object_id(value, "note_id")
    assert missing.value.errors == {"note_id": ["Not a valid id."]}


def test_an_insert_is_validated_and_names_the_fields() -> None:
    with pytest.raises(Invalid) as wrong:
        Note(key="x" * 21).insert()
    assert list(wrong.value.errors or {}) == ["key"]
    assert keys() == []


def test_a_unique_index_refuses_by_name_of_its_fields() -> None:
    Note(key="a").insert()
    with pytest.raises(AlreadyExists) as twin:
        Note(key="a", number=2).insert()
    assert twin.value.fields == ("key",)
    other = Note(key="b").insert()
    with pytest.raises(AlreadyExists):
        Note.change({"_id": other.pk}, {"$set": {"key": "a"}})
    with pytest.raises(AlreadyExists):
        other.edit({"key": "a"})
    assert keys() == ["a", "b"]


def test_change_writes_under_its_condition_and_returns_what_is_stored_now() -> None:
    note = Note(key="a", number=1).insert()
    changed = Note.change({"_id": note.pk, "number": 1}, {"$inc": {"number": 1}})
    assert changed is not None
    assert (changed.number, changed.version) == (2, 1)
    assert changed.updated_at >= note.updated_at
    assert Note.change({"_id": note.pk, "number": 1}, {"$inc": {"number": 1}}) is None
    assert stored("a")["number"] == 2


def test_change_never_brings_a_deleted_document_back() -> None:
    note = Note(key="a").insert()
    assert Note.remove({"_id": note.pk})
    assert not Note.remove({"_id": note.pk})
    assert Note.change({"_id": note.pk}, {"$set": {"text": "back"}}) is None
    with pytest.raises(StaleVersion):
        note.edit({"text": "back"})
    assert keys() == []


def test_an_edit_counts_the_version_up_and_tells_what_differs() -> None:
    note = Note(key="a", number=1, text="before").insert()
    edited, differing = note.edit({"number": 1, "text": "after"})
    assert (edited.version, edited.text) == (2, "after")
    assert differing == {"text": {"before": "before", "after": "after"}}
    emptied, differing = edited.edit({"text": None})
    assert differing == {"text": {"before": "after", "after": None}}
    assert "text" not in stored("a")
    assert emptied.version == 3


def test_an_edit_of_a_stale_copy_is_refused_and_writes_nothing() -> None:
    note = Note(key="a").insert()
    mine, theirs = Note.get(note.pk), Note.get(note.pk)
    theirs.edit({"text": "theirs"})
    with pytest.raises(StaleVersion):
        mine.edit({"text": "mine"})
    with pytest.raises(StaleVersion):
        Note.get(note.pk).fresh(1)
    assert Note.get(note.pk).fresh(2).text == "theirs"


def test_an_edit_that_is_not_valid_writes_nothing() -> None:
    note = Note(key="a").insert()
    with pytest.raises(Invalid):
        note.edit({"key": "x" * 21})
    assert stored("a")["version"] == 1


# Transactions


def test_all_writes_of_a_transaction_are_seen_at_its_end_and_not_before() -> None:
    seen_from_outside: list[list[str]] = []

    @transactional
    def work() -> str:
        Note(key="a").insert()
        seen_from_outside.append(keys())
        assert Note.row({"key": "a"}) is not None
        Note(key="b").insert()
        return "done"

    assert work() == "done"
    assert seen_from_outside == [[]]
    assert keys() == ["a", "b"]
    assert session() is None


def test_a_failure_rolls_all_writes_back() -> None:
    Note(key="old", number=1).insert()

    @transactional
    def work() -> None:
        Note(key="new").insert()
        Note.change({"key": "old"}, {"$inc": {"number": 1}})
        Note.remove({"key": "old"})
        raise LookupError("stop")

    with pytest.raises(LookupError):
        work()
    assert (keys(), stored("old")["number"]) == (["old"], 1)
    assert session() is None


def test_a_transaction_within_a_transaction_is_the_same_one() -> None:
    @transactional
    def inner() -> None:
        Note(key="inner").insert()

    @transactional
    def outer() -> None:
        inner()
        raise LookupError("stop")

    with pytest.raises(LookupError):
        outer()
    assert keys() == []


def test_what_the_database_asks_to_retry_is_done_again_from_the_beginning() -> None:
    note = Note(key="a").insert()
    attempts: list[int] = []

    @transactional
    def work() -> None:
        attempts.append(len(attempts))
        Note.change({"_id": note.pk}, {"$inc": {"number": 1}})
        if len(attempts) < 3:
            raise OperationFailure("conflict", 112, {"errorLabels": ["TransientTransactionError"]})

    work()
    assert len(attempts) == 3
    assert stored("a")["number"] == 1


def test_two_transactions_that_write_the_same_document_both_count() -> None:
    Note(key="a").insert()

    @transactional
    def count() -> None:
        row = Note.row({"key": "a"})
        assert row is not None
        Note.change({"_id": row["_id"]}, {"$set": {"number": row["number"] + 1}})

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(count) for _ in range(20)]:
            done.result()
    assert stored("a")["number"] == 20


def test_after_commit_waits_for_the_commit() -> None:
    told: list[list[str]] = []

    @transactional
    def work() -> None:
        Note(key="a").insert()
        after_commit(lambda: told.append(keys()))
        assert told == []

    work()
    assert told == [["a"]]


def test_after_a_rollback_nothing_is_told() -> None:
    told: list[str] = []

    @transactional
    def work() -> None:
        after_commit(lambda: told.append("too early"))
        raise LookupError("stop")

    with pytest.raises(LookupError):
        work()
    assert told == []


def test_a_retried_attempt_tells_once() -> None:
    told: list[int] = []
    attempts: list[int] = []

    @transactional
    def work() -> None:
        attempts.append(1)
        after_commit(lambda: told.append(1))
        if len(attempts) < 2:
            raise OperationFailure("conflict", 112, {"errorLabels": ["TransientTransactionError"]})

    work()
    assert (len(attempts), told) == (2, [1])


def test_outside_of_a_transaction_it_is_told_at_once() -> None:
    told: list[str] = []
    after_commit(lambda: told.append("now"))
    assert told == ["now"]


# The last coordinator, from separate processes


def leave(settings: dict[str, Any], membership_id: ObjectId, guarded: bool) -> str:
    """End a membership, in a process of its own; what came of it."""
    with create_app(settings).app_context():
        membership = Membership.get(membership_id)
        together()
        try:
            if guarded:
                transactional(membership.become)(LEFT, membership.role)
            else:
                _leave_after_looking(membership)
        except LastCoordinator:
            return "last_coordinator"
        return "left"


def _leave_after_looking(membership: Membership) -> None:
    """What the guard replaces: looking first, then writing."""
    if len(Membership.rows({"network_id": membership.network_id, "state": "active", "role": "coordinator"})) < 2:
        raise LastCoordinator
    together()
    Membership.collection().update_one({"_id": membership.pk}, {"$set": {"state": LEFT}})


@pytest.fixture
def two_coordinators(signed_in: Callable[..., Api], regional: Network) -> list[Membership]:
    for name in ("aino", "eino"):
        signed_in(f"{name}@example.org", regional, "coordinator")
    return [Membership.wrap(row) for row in Membership.rows({"network_id": regional.pk})]


def leave_at_once(settings: dict[str, Any], memberships: list[Membership], *, guarded: bool) -> list[str]:
    """What comes of it when all leave at the same moment."""
    return sorted(at_once(leave, *((settings, each.pk, guarded) for each in memberships)))


def coordinators(network: Network) -> int:
    return Membership.collection().count_documents({"network_id": network.pk, "state": "active", "role": "coordinator"})


def test_two_coordinators_cannot_both_leave(
    settings: dict[str, Any], regional: Network, two_coordinators: list[Membership]
) -> None:
    assert leave_at_once(settings, two_coordinators, guarded=True) == ["last_coordinator", "left"]
    assert (coordinators(regional), Network.get(regional.pk).coordinators) == (1, 1)


def test_without_the_guard_both_would_have_left(
    settings: dict[str, Any], regional: Network, two_coordinators: list[Membership]
) -> None:
    """The negative control: looking first and writing then loses the last one."""
    assert leave_at_once(settings, two_coordinators, guarded=False) == ["left", "left"]
    assert coordinators(regional) == 0


def test_the_last_coordinator_stays(regional: Network, two_coordinators: list[Membership]) -> None:
    first, last = two_coordinators
    first.become("left", "coordinator")
    with pytest.raises(LastCoordinator):
        last.become("left", "coordinator")
    with pytest.raises(NotFound):
        Membership.get(ObjectId())
