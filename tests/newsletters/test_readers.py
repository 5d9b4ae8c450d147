"""Who of a batch is written to, by its copy from the freeze and by whatever has happened to subscribers since."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from network_api.documents import transactional
from network_api.feature import Person
from newsletters.dispatch import addressees, audience
from newsletters.dispatch.addressees import Addressees
from newsletters.dispatch.ledger import Snapshot, count
from newsletters.dispatch.readers import Readers
from newsletters.documents import Newsletter
from newsletters.feature import erase_person
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import ACTIVE, PAUSED, Subscription
from newsletters.subscriptions.subscribing import unsubscribe
from newsletters.subscriptions.suppression import Suppression
from tests.newsletters.factories import issue_being_sent, subscribe_many, work_until_idle
from tests.newsletters.smtp import FaultyServer

Happens = Callable[[Subscription], object]


@pytest.fixture
def issue(newsletter: Newsletter) -> Issue:
    """An issue whose audience of ten is frozen."""
    subscribe_many(newsletter, 10)
    frozen = audience.freeze(issue_being_sent(newsletter))
    assert frozen is not None
    return frozen


def subscribers(issue: Issue) -> list[Subscription]:
    return [Subscription.wrap(row) for row in Subscription.rows({"newsletter_id": issue.newsletter_id}, sort=[("_id", 1)])]


def only_copy(issue: Issue) -> dict[ObjectId, Any]:
    """The rows of the one copy of an issue."""
    [snapshot] = Snapshot.of_issue(issue.pk)
    read = Addressees.read(snapshot["_id"])
    assert read is not None
    return dict(read[1])


def moves(subscription: Subscription) -> None:
    Subscription.change({"_id": subscription.pk}, {"$set": {"email": "uusi@example.org"}})


@transactional
def is_erased(subscription: Subscription) -> None:
    erase_person(Person(None, subscription.email_key))


def is_suppressed(subscription: Subscription) -> None:
    Suppression.add(subscription.newsletter_id, subscription.email_key, "bounced")


def pauses(subscription: Subscription) -> None:
    subscription.become(PAUSED, (ACTIVE,))


def test_a_batch_is_sent_from_its_copy_which_then_goes(
    issue: Issue, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(only_copy(issue)) == 10
    monkeypatch.setattr(Readers, "_read", lambda self, identifiers: identifiers and pytest.fail("subscriptions are read"))
    assert work_until_idle(issue).state == "sent"
    assert len(server.received) == 10
    assert Addressees.rows({}) == []


def test_without_its_copy_a_batch_is_sent_from_the_subscriptions(issue: Issue, server: FaultyServer) -> None:
    Addressees.collection().delete_many({})
    assert work_until_idle(issue).state == "sent"
    assert len(server.received) == 10


@pytest.mark.parametrize("happens", [unsubscribe, pauses, is_suppressed, is_erased])
def test_who_is_not_to_be_written_to_since_the_freeze_is_not(issue: Issue, server: FaultyServer, happens: Happens) -> None:
    somebody = subscribers(issue)[4]
    happens(somebody)
    assert work_until_idle(issue).state == "sent"
    assert count(issue.pk) == {"accepted": 9, "suppressed": 1}
    assert somebody.email not in server.times()


@pytest.mark.parametrize("happens", [unsubscribe, pauses, is_suppressed])
def test_without_the_pulse_they_would_be(
    issue: Issue, server: FaultyServer, happens: Happens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Newsletter, "stir", lambda newsletter_id: None)
    happens(subscribers(issue)[4])
    work_until_idle(issue)
    assert len(server.received) == 10


def test_a_letter_goes_to_the_address_that_somebody_has_by_now(issue: Issue, server: FaultyServer) -> None:
    moves(subscribers(issue)[4])
    work_until_idle(issue)
    assert (server.times()["uusi@example.org"], len(server.received)) == (1, 10)


def test_who_unsubscribes_and_comes_back_gets_the_letter(issue: Issue, server: FaultyServer) -> None:
    somebody = subscribers(issue)[4]
    unsubscribe(somebody)
    Suppression.lift(issue.newsletter_id, somebody.email_key)
    Subscription.change({"_id": somebody.pk}, {"$set": {"state": ACTIVE}})
    work_until_idle(issue)
    assert server.times()[somebody.email] == 1


def test_the_copy_of_who_is_erased_goes_at_once_and_is_told_in_their_export(issue: Issue) -> None:
    somebody = Person(None, subscribers(issue)[4].email_key)
    [row] = addressees.export_person(somebody)["addressees"]
    assert (row["email"], "nonce" in row) == (somebody.email_key, False)
    transactional(erase_person)(somebody)
    assert Addressees.rows({}) == []
    assert addressees.export_person(somebody) == {"addressees": []}


def test_who_changes_while_the_audience_is_being_frozen_is_in_no_copy(
    newsletter: Newsletter, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased, moved, *_ = subscribe_many(newsletter, 10)
    insert = audience._insert

    def late(*given: Any) -> None:
        if not Suppression.rows({}):
            is_erased(erased)
            moves(moved)
        insert(*given)

    monkeypatch.setattr(audience, "_insert", late)
    issue = audience.freeze(issue_being_sent(newsletter))
    assert issue is not None
    assert only_copy(issue).keys().isdisjoint({erased.pk, moved.pk})
    work_until_idle(issue)
    assert count(issue.pk) == {"accepted": 9, "suppressed": 1}
    assert "uusi@example.org" in server.times()


def leave_at_the_fifth(server: FaultyServer, then: Callable[[], object]) -> None:
    """Let the server leave once it has taken four mails of a connection's first group, after something has happened."""
    asked = []

    def leaves(_: str) -> str | None:
        asked.append(1)
        if len(asked) == 5:
            then()
            return "421 4.3.2 Going down"
        return None

    server.at_rcpt = leaves


def what_becomes_of_who_comes_back(app: Flask, newsletter: Newsletter, server: FaultyServer) -> dict[str, int]:
    """What comes of a letter to sixty, from whose first group the server leaves while the second one is prepared."""
    last = subscribe_many(newsletter, 60)[-1]

    def stir() -> None:
        with app.app_context():  # the server has a thread of its own
            transactional(Newsletter.stir)(newsletter.pk)

    leave_at_the_fifth(server, stir)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert server.times()[last.email] == 1
    return count(issue.pk)


def test_who_comes_back_after_a_later_group_was_prepared_gets_the_letter(
    app: Flask, newsletter: Newsletter, server: FaultyServer
) -> None:
    assert what_becomes_of_who_comes_back(app, newsletter, server) == {"accepted": 60}


def test_with_only_those_from_the_newest_group_on_known_they_would_be_taken_for_suppressed(
    app: Flask, newsletter: Newsletter, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable = Readers.reachable

    def forgetful(self: Readers, places: list[int]) -> Any:
        for identifier in self._recipients[: min(places)]:
            self._rows.pop(identifier, None)
        return reachable(self, places)

    monkeypatch.setattr(Readers, "reachable", forgetful)
    assert what_becomes_of_who_comes_back(app, newsletter, server)["suppressed"] >= 21
