"""What holds of a batch while a worker has it, who may write it, and what those see who read beside it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from network_api.documents import Row, utcnow
from newsletters.dispatch import audience, resending
from newsletters.dispatch.journals import Journal
from newsletters.dispatch.ledger import Progress, count
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.newsletters.factories import issue_being_sent, make_due, subscribe_many, work_until_idle
from tests.newsletters.smtp import FaultyServer

BEFORE, ATTEMPTED, AFTER = b"rrrrrr", b"tttrrr", b"aaauuu"


@pytest.fixture
def issue(newsletter: Newsletter) -> Issue:
    """An issue to six, in one batch."""
    subscribe_many(newsletter, 6)
    frozen = audience.freeze(issue_being_sent(newsletter))
    assert frozen is not None
    return frozen


def claimed(issue: Issue) -> Progress:
    """Its batch, held."""
    batch = Progress.claim(Progress.due(issue.pk)[0])
    assert batch is not None
    return batch


def taken_over(issue: Issue) -> Progress:
    """The same by another worker, once the lease has passed."""
    make_due(issue)
    return claimed(issue)


def as_stored(issue: Issue) -> Row:
    [row] = Progress.rows({"issue_id": issue.pk})
    return row


def test_the_journal_is_what_holds_until_the_batch_is_given_back(issue: Issue) -> None:
    batch = claimed(issue)
    assert batch.store(states=AFTER)
    assert count(issue.pk) == {"accepted": 3, "unknown": 3}
    assert (as_stored(issue)["states"], as_stored(issue)["journalled"]) == (BEFORE, True)
    batch.give_back({"states": AFTER, "answers": {"0": "250 2.0.0 Ok: 7"}}, due_at=utcnow())
    row = as_stored(issue)
    assert (row["states"], row["answers"], row["leased"], "journalled" in row) == (AFTER, {"0": "250 2.0.0 Ok: 7"}, False, False)
    assert Journal.rows({}) == []
    assert count(issue.pk) == {"accepted": 3, "unknown": 3}


def test_who_takes_over_goes_on_from_the_journal_and_holds_what_was_attempted_for_unknown(issue: Issue) -> None:
    claimed(issue).store(states=ATTEMPTED, answers={"5": "451 4.3.0 Later"})
    batch = taken_over(issue)
    assert (batch.states, batch.answers) == (b"uuurrr", {"5": "451 4.3.0 Later"})
    assert count(issue.pk) == {"unknown": 3, "leased": 3}


def test_who_has_lost_a_batch_writes_into_it_no_more(issue: Issue) -> None:
    lost = claimed(issue)
    batch = taken_over(issue)
    assert not lost.store(states=AFTER)
    lost.give_back({"states": AFTER}, state="done", due_at=utcnow())
    assert count(issue.pk) == {"leased": 6}
    assert batch.store(states=ATTEMPTED)
    assert (as_stored(issue)["state"], as_stored(issue)["leased"]) == ("open", True)


def test_without_the_fence_they_would(issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfenced(identifier: ObjectId, _: int, **values: Any) -> bool:
        return Journal.alter({"_id": identifier}, {"$set": values})

    monkeypatch.setattr(Journal, "write", unfenced)
    lost = claimed(issue)
    taken_over(issue)
    assert lost.store(states=AFTER)
    assert count(issue.pk) == {"accepted": 3, "unknown": 3}


def test_who_holds_a_batch_loses_it_only_to_one_who_has_read_all_that_they_wrote(
    issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease has passed and its worker still writes, just when another has looked at its journal."""
    slow, read = claimed(issue), Journal.read

    def and_then_written(identifiers: Collection[ObjectId]) -> dict[ObjectId, Row]:
        found = read(identifiers)
        written.append(slow.store(states=ATTEMPTED) if not written else None)
        return found

    written: list[bool | None] = []
    monkeypatch.setattr(Journal, "read", and_then_written)
    assert (taken_over(issue).states, written[0]) == (b"uuurrr", True)


def test_what_is_given_back_between_two_looks_is_looked_at_again(issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, read = claimed(issue), Journal.read

    def too_late(identifiers: Collection[ObjectId]) -> dict[ObjectId, Row]:
        batch.give_back({"states": AFTER}, due_at=utcnow())
        return read(identifiers)

    monkeypatch.setattr(Journal, "read", too_late)
    row = as_stored(issue)
    [found] = Progress.as_they_stand([row])
    assert (row["states"], found["states"]) == (BEFORE, AFTER)


def test_what_was_read_while_a_worker_held_it_is_not_settled_by(issue: Issue) -> None:
    batch = claimed(issue)
    batch.store(states=AFTER)
    [read] = Progress.of_issue(issue.pk)
    batch.give_back({"states": b"aaauaa"}, due_at=utcnow())
    assert resending._settle(read, "settled") == 0
    assert as_stored(issue)["states"] == b"aaauaa"
    assert resending._settle({**read, "leased": False}, "settled") == 3  # the negative control


def test_what_a_lost_journal_said_nobody_knows(issue: Issue, server: FaultyServer) -> None:
    claimed(issue).store(states=AFTER)
    Journal.collection().delete_many({})
    assert count(issue.pk) == {"unknown": 6}
    make_due(issue)
    assert work_until_idle(issue).state == "sent"
    assert (server.received, count(issue.pk)) == ([], {"unknown": 6})


def test_what_an_older_version_holds_is_taken_over_from_its_progress(issue: Issue) -> None:
    ago = utcnow() - timedelta(seconds=1)
    Progress.collection().update_many({}, {"$set": {"leased": True, "fence": 3, "due_at": ago, "states": ATTEMPTED}})
    assert count(issue.pk) == {"ready": 3, "attempting": 3}
    batch = claimed(issue)
    assert (batch.fence, batch.states) == (4, b"uuurrr")
