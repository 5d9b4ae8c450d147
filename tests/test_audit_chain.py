"""The audit log is append-only, and its chain names the first entry that somebody has changed in the database."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from click.testing import CliRunner, Result
from flask import Flask

from network_api import audit, audit_chain
from network_api.app import create_app
from network_api.audit import AppendOnly, AuditEntry
from network_api.audit_chain import AuditBlock, seal_due, verify
from network_api.audit_tasks import seal
from network_api.cli import main
from network_api.documents import AlreadyExists, transactional, utcnow
from network_api.networks.documents import Network
from tests.events.conftest import own_app, own_settings  # noqa: F401 - fixtures
from tests.killing import killed_at
from tests.processes import at_once, together

TARGET = ObjectId()


def write(number: int, target: ObjectId = TARGET) -> list[ObjectId]:
    """Some entries, and their ids."""
    before = {row["_id"] for row in AuditEntry.rows({})}
    for place in range(number):
        changes = {"name": {"before": f"Aino {place}", "after": utcnow()}, "regions": {"before": None, "after": ["FI-08"]}}
        audit.record(ObjectId(), "member.changed", target, network_id=ObjectId(), changes=changes)
    return sorted(row["_id"] for row in AuditEntry.rows({}) if row["_id"] not in before)


def fault() -> str:
    return str(verify().fault)


@pytest.fixture
def sealed(app: Flask) -> list[ObjectId]:
    """Three blocks of two entries."""
    made = []
    for _ in range(3):
        made += write(2)
        seal_due()
    return made


def test_what_is_sealed_holds_and_nothing_is_sealed_twice(sealed: list[ObjectId]) -> None:
    seal()
    blocks = [AuditBlock.wrap(row) for row in AuditBlock.rows({}, sort=[("number", 1)])]
    assert [block.number for block in blocks] == [1, 2, 3]
    assert [identifier for block in blocks for identifier in block.entries] == sealed
    assert verify() == (3, 6, blocks[-1].hash, None)


def test_more_than_fits_into_a_block_is_sealed_in_several(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "MOST", 3)
    write(7)
    seal_due()
    assert [len(row["entries"]) for row in AuditBlock.rows({}, sort=[("number", 1)])] == [3, 3, 1]
    assert verify().fault is None


def test_our_own_code_cannot_change_or_delete_an_entry(sealed: list[ObjectId]) -> None:
    entry = AuditEntry.get(sealed[0])
    for attempt in (
        lambda: AuditEntry.change({"_id": entry.pk}, {"$set": {"action": "x.y"}}),
        lambda: AuditEntry.alter({"_id": entry.pk}, {"$set": {"action": "x.y"}}),
        lambda: entry.edit({"action": "x.y"}),
        lambda: AuditEntry.remove({"_id": entry.pk}),
    ):
        with pytest.raises(AppendOnly):
            attempt()
    assert verify().fault is None


def set_field(name: str, value: Any) -> Callable[[ObjectId], None]:
    return lambda entry: tamper(AuditEntry, entry, {"$set": {name: value}})


def tamper(document: Any, identifier: ObjectId, update: dict[str, Any]) -> None:
    """Past all rules, as somebody who has the database does it."""
    document.collection().update_one({"_id": identifier}, update)


def delete(entry: ObjectId) -> None:
    AuditEntry.collection().delete_one({"_id": entry})


def forget_by_hand(entry: ObjectId) -> None:
    nothing = {"before": None, "after": None}
    tamper(AuditEntry, entry, {"$set": {"changes": {"name": nothing, "regions": nothing}}, "$unset": {"salt": ""}})


def with_a_new_commitment(entry: ObjectId) -> None:
    row = AuditEntry.get(entry).to_mongo().to_dict()
    row["changes"]["name"]["before"] = "Somebody else"
    tamper(AuditEntry, entry, {"$set": {**row, "commitment": audit_chain._commitment(row["salt"], row)}})


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        (set_field("actor_id", ObjectId()), "changed after it was sealed"),
        (set_field("action", "event.published"), "changed after it was sealed"),
        (set_field("target_id", ObjectId()), "changed after it was sealed"),
        (set_field("network_id", ObjectId()), "changed after it was sealed"),
        (set_field("created_at", utcnow() - timedelta(days=1)), "changed after it was sealed"),
        (set_field("changes.another", {"before": 1, "after": 2}), "changed after it was sealed"),
        (set_field("changes.name.before", "Somebody else"), "its values were changed after it was sealed"),
        (set_field("salt", "0" * 32), "its values were changed after it was sealed"),
        (with_a_new_commitment, "changed after it was sealed"),
        (set_field("block", 1), "missing"),
        (set_field("block", None), "missing"),
        (delete, "missing"),
        (forget_by_hand, "its values are gone, and no entry tells that they were to be forgotten"),
    ],
)
def test_the_first_entry_that_was_tampered_with_is_named(
    sealed: list[ObjectId], tampering: Callable[[ObjectId], None], said: str
) -> None:
    tampering(sealed[3])
    if said == "missing" and AuditEntry.row({"_id": sealed[3], "block": 1}):
        assert fault() == f"block 1, entry {sealed[3]}: put in after the block was sealed"
    else:
        assert fault() == f"block 2, entry {sealed[3]}: {said}"
    tamper(AuditEntry, sealed[1], {"$set": {"action": "event.published"}})
    assert fault() == f"block 1, entry {sealed[1]}: changed after it was sealed"


def test_an_entry_that_was_slipped_in_is_named(sealed: list[ObjectId]) -> None:
    [another] = write(1)
    tamper(AuditEntry, another, {"$set": {"block": 2}})
    assert fault() == f"block 2, entry {another}: put in after the block was sealed"


def rehashed(number: int, entries: list[ObjectId], **changes: Any) -> None:
    """A block made to fit what was changed below it, by somebody who has no secret key."""
    block = AuditBlock.numbered(number)
    assert block is not None
    for name, value in changes.items():
        setattr(block, name, value)
    block.hashes = [audit_chain._hash_of(AuditEntry.get(entry).to_mongo().to_dict()) for entry in entries]
    block.hash = block.computed()
    row = {name: block.to_mongo()[name] for name in ("hashes", "hash", "previous")}
    tamper(AuditBlock, block.pk, {"$set": row})


def test_a_chain_that_was_made_anew_from_there_on_lacks_the_signature(sealed: list[ObjectId]) -> None:
    set_field("action", "event.published")(sealed[2])
    rehashed(2, sealed[2:4])
    assert fault() == "block 3: does not follow from the block before"
    second = AuditBlock.numbered(2)
    assert second is not None
    rehashed(3, sealed[4:], previous=second.hash)
    assert fault() == "block 3: no secret key of ours has signed the end of the chain"


def test_a_block_that_is_gone_is_missed(sealed: list[ObjectId]) -> None:
    AuditBlock.collection().delete_one({"number": 2})
    assert fault() == "block 2: the block is missing"
    AuditBlock.collection().delete_one({"number": 3})
    assert fault() == "block 2: the block is missing, and entries were sealed in it"


def test_an_end_that_was_cut_off_clean_shows_against_what_was_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        [entry] = write(1)
        with caplog.at_level(logging.INFO, "network_api.audit_chain"):
            seal_due()
    number, head = caplog.messages[-1].removeprefix("Audit log sealed: ").split(",")[0].split(":")
    assert verify((int(number), head)).fault is None
    AuditBlock.collection().delete_one({"number": 2})
    delete(entry)
    assert verify().fault is None  # the chain alone cannot show it
    assert str(verify((int(number), head)).fault) == "block 2: the block is missing"
    write(1)
    seal_due()
    assert str(verify((int(number), head)).fault) == "block 2: is not the block that was known"


def test_values_that_are_forgotten_leave_the_chain_whole_and_the_names_gone(sealed: list[ObjectId]) -> None:
    write(1)
    audit.forget_values(TARGET)
    assert "Aino" not in str(AuditEntry.rows({}))
    assert verify().fault is None
    seal_due()
    assert verify().fault is None
    told = AuditEntry.rows({"action": audit.FORGOTTEN})
    assert [(row["target_id"], row.get("actor_id")) for row in told] == [(TARGET, None)]
    audit.forget_values(TARGET)
    assert len(AuditEntry.rows({"action": audit.FORGOTTEN})) == 1
    tamper(AuditEntry, sealed[0], {"$set": {"changes.name.after": "Aino"}})
    assert fault() == f"block 1, entry {sealed[0]}: its values were changed after it was sealed"


def test_a_new_secret_key_seals_what_an_older_one_has_sealed(
    sealed: list[ObjectId], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret of the tests, long too")
    assert fault() == "block 3: no secret key of ours has signed the end of the chain"
    seal_due()
    assert fault() == "block 3: no secret key of ours has signed the end of the chain"
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert verify().fault is None
    seal_due()
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
    assert verify().fault is None


def test_check_tells_what_does_not_hold_and_what_nobody_has_sealed(sealed: list[ObjectId]) -> None:
    assert list(audit_chain.check()) == []
    [entry] = write(1)
    assert list(audit_chain.check()) == []
    tamper(AuditEntry, entry, {"$set": {"created_at": utcnow() - timedelta(hours=2)}})
    assert [problem.invariant for problem in audit_chain.check()] == ["audit_unsealed"]
    delete(sealed[0])
    assert [problem.invariant for problem in audit_chain.check()] == ["audit_chain", "audit_unsealed"]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call the command in this process, on the database of the tests."""
    monkeypatch.setattr("network_api.processes.create_app", lambda: app)
    return lambda *arguments: CliRunner().invoke(main, ["audit", *arguments])


def test_the_command_names_what_is_at_fault(run: Callable[..., Result]) -> None:
    entries = write(2)
    assert run("verify").output == f"0 blocks with 0 entries hold. Head: 0:{'0' * 64}\n"
    said = run("seal").output
    assert said.startswith("1 blocks with 2 entries hold. Head: 1:")
    assert run("verify", "--known", said.split()[-1]).output == said
    assert run("verify", "--known", "1:nonsense").exit_code == 2
    delete(entries[1])
    found = run("verify")
    assert (found.exit_code, found.output) == (
        1,
        f"Error: The chain holds for 0 blocks, not further: block 1, entry {entries[1]}: missing.\n",
    )


@transactional
def write_beside_a_change(network_id: str, place: int) -> None:
    """As a coordinator's write: a change and its entry in one transaction."""
    Network.change({"_id": ObjectId(network_id)}, {"$inc": {"version": 1}})
    audit.record(None, "network.changed", ObjectId(network_id), changes={"place": {"before": None, "after": place}})


def write_and_seal(settings: dict[str, Any], network_id: str) -> None:
    with create_app(settings).app_context():
        together()
        for place in range(5):
            write_beside_a_change(network_id, place)
            seal_due()


def test_who_write_and_seal_at_once_make_one_chain_of_all(own_settings: dict[str, Any]) -> None:  # noqa: F811
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    at_once(write_and_seal, *[(own_settings, str(network.pk))] * 3)
    seal_due()
    verdict = verify()
    assert (verdict.fault, verdict.entries, len(AuditEntry.rows({}))) == (None, 15, 15)


def test_of_two_who_seal_the_same_the_later_is_refused_and_without_the_guard_the_chain_forks(app: Flask) -> None:
    """Both have read the log as it was; the second part is the negative control."""
    write(2)
    seal_due()
    AuditEntry.collection().update_many({}, {"$set": {"block": None}})  # the other one does not see the marks
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AuditBlock, "last", lambda: None)
        with pytest.raises(AlreadyExists):
            audit_chain.seal_some()
        AuditBlock.collection().drop_index("number_1")
        try:
            assert audit_chain.seal_some()
            assert len(AuditBlock.rows({"number": 1})) == 2
        finally:
            AuditBlock.collection().delete_many({})
            AuditBlock.ensure_indexes()


def test_a_sealer_that_is_killed_anywhere_leaves_a_chain_that_goes_on(own_settings: dict[str, Any]) -> None:  # noqa: F811
    number, killed = 0, True
    while killed:
        write(2)
        killed = killed_at(number, seal_due, own_settings)
        assert verify().fault is None
        seal_due()
        verdict = verify()
        assert (verdict.fault, verdict.entries) == (None, len(AuditEntry.rows({})))
        number += 1
    assert number > 3  # the block, the marks, the commit
