"""Who got an issue, who did not and why, and how those who were missed are sent it again."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from time_machine import travel

from events.documents import Event
from network_api.app import create_app
from network_api.audit import AuditEntry
from network_api.auth.caller import STRANGER
from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.dispatch import audience, groups, resending
from newsletters.dispatch.ledger import SECONDS, Progress, count
from newsletters.dispatch.letters import message_id
from newsletters.dispatch.superseded import Superseded
from newsletters.documents import Newsletter, WrongState
from newsletters.feature import check
from newsletters.issues.documents import Issue, Source
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.subscribing import unsubscribe
from tests.conftest import Api
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe, subscribe_many, theme_day, work_until_idle
from tests.newsletters.smtp import FaultyServer, willing
from tests.processes import at_once, together

REFUSAL = "554 5.7.1 Refused by policy"
LATER = "450 4.2.0 Later"


def lines(answer: Any) -> list[list[str]]:
    """The cells of a table."""
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


# Everybody is in one of the two lists


def test_candidates_are_deliveries_and_exclusions(newsletter: Newsletter, coordinator: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(audience, "SNAPSHOT_SIZE", 3)
    for number, state in enumerate(("active", "pending", "unsubscribed", "active", "bounced", "pending", "active")):
        subscribe(newsletter, f"{number}@example.org", state)
    issue = work_until_idle(issue_being_sent(newsletter))
    path = f"/issues/{issue.pk}"
    deliveries = coordinator.get(f"{path}/deliveries").json
    assert deliveries["candidates"] == 7
    assert deliveries["counts"] == {"accepted": 3}
    assert deliveries["excluded"] == {"pending": 2, "unsubscribed": 1, "bounced": 1}
    first = coordinator.get(f"{path}/exclusions?limit=3&total=true").json
    rest = coordinator.get(f"{path}/exclusions?limit=3&total=true&cursor={first['next']}").json
    told = {row["email"]: row["reason"] for row in first["items"] + rest["items"]}
    assert told == {
        "1@example.org": "pending",
        "2@example.org": "unsubscribed",
        "4@example.org": "bounced",
        "5@example.org": "pending",
    }
    assert (len(first["items"]), len(rest["items"]), rest["next"], first["total"]) == (3, 1, None, 4)
    assert first["counts"] == deliveries["excluded"]
    everybody = {row["subscription_id"] for row in deliveries["items"] + first["items"] + rest["items"]}
    assert everybody == {str(row["_id"]) for row in Subscription.rows({"newsletter_id": newsletter.pk})}


def test_exclusions_are_filtered_by_reason_also_as_a_table(newsletter: Newsletter, coordinator: Api) -> None:
    for state in ("pending", "bounced", "active"):
        subscribe(newsletter, f"{state}@example.org", state)
    path = f"/issues/{work_until_idle(issue_being_sent(newsletter)).pk}/exclusions"
    found = coordinator.get(f"{path}?reason=bounced&total=true").json
    assert ([row["email"] for row in found["items"]], found["total"]) == (["bounced@example.org"], 1)
    assert [row[1:] for row in lines(coordinator.get(f"{path}.csv?reason=pending"))] == [
        ["email", "reason"],
        ["pending@example.org", "pending"],
    ]
    assert coordinator.get(f"{path}?reason=rainy").status_code == 422


def test_one_subscriber_is_found_by_their_address(newsletter: Newsletter, coordinator: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(audience, "SNAPSHOT_SIZE", 3)
    people = subscribe_many(newsletter, 7)
    subscribe(newsletter, "epailija@example.org", "pending")
    issue = work_until_idle(issue_being_sent(newsletter))
    late = subscribe(newsletter, "myohassa@example.org")
    path = f"/issues/{issue.pk}"
    for one in people:
        found = coordinator.get(f"{path}/deliveries?email={one.email.upper()}&total=true").json
        assert [row["subscription_id"] for row in found["items"]] == [str(one.pk)]
        assert (found["total"], found["next"]) == (1, None)
        assert coordinator.get(f"{path}/exclusions?email={one.email}").json["items"] == []
    assert coordinator.get(f"{path}/deliveries?email=epailija@example.org").json["items"] == []
    assert coordinator.get(f"{path}/exclusions?email=epailija@example.org").json["items"][0]["reason"] == "pending"
    for nobody in (late.email, "ei.kukaan@example.org"):
        assert coordinator.get(f"{path}/deliveries?email={nobody}").json["items"] == []


def test_each_delivery_has_the_time_of_its_own(newsletter: Newsletter, server: FaultyServer, coordinator: Api) -> None:
    for who in ("hyva", "myohemmin"):
        subscribe(newsletter, f"{who}@example.org")
    server.at_rcpt = {"myohemmin@example.org": LATER}.get
    first, second = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 15, tzinfo=UTC)
    with travel(first, tick=False):
        issue = work_until_idle(issue_being_sent(newsletter))
    server.at_rcpt = lambda _: None
    with travel(second, tick=False):
        assert work_until_idle(issue).state == "sent"
    rows = coordinator.get(f"/issues/{issue.pk}/deliveries").json["items"]
    assert {row["email"]: row["updated_at"] for row in rows} == {
        "hyva@example.org": "2026-11-24T09:00:00Z",
        "myohemmin@example.org": "2026-11-24T15:00:00Z",
    }


def test_what_was_stored_before_there_were_times_is_told_by_its_batch(missed: Issue, coordinator: Api) -> None:
    Progress.collection().update_many({"issue_id": missed.pk}, {"$unset": {"times": ""}})
    rows = coordinator.get(f"/issues/{missed.pk}/deliveries").json["items"]
    [batch] = Progress.of_issue(missed.pk)
    assert {datetime.fromisoformat(row["updated_at"]) for row in rows} == {batch["updated_at"].replace(microsecond=0)}


# Sent again


def test_who_refused_is_sent_it_again_under_the_same_message_id(missed: Issue, server: FaultyServer, coordinator: Api) -> None:
    answer = coordinator.post(f"/issues/{missed.pk}/deliveries/resend")
    assert (answer.status_code, answer.json["state"]) == (200, "sending")
    [again] = answer.json["rounds"]
    assert (again["states"], again["deliveries"]) == (["refused"], 1)
    issue = work_until_idle(missed)
    assert (issue.state, count(issue.pk)) == ("sent", {"accepted": 3, "unknown": 1})
    assert issue.sent_at == missed.sent_at
    assert server.times() == dict.fromkeys((f"{who}@example.org" for who in ("hyva", "poissa", "epaselva", "toinen")), 1)
    found = coordinator.get(f"/issues/{issue.pk}/deliveries?email=poissa@example.org").json["items"][0]
    assert ("poissa@example.org", found["message_id"]) in server.received
    [entry] = [row for row in AuditEntry.rows({"target_id": issue.pk}) if row["action"] == "issue.deliveries_resent"]
    assert entry["changes"]["deliveries"] == {"before": {"refused": 1}, "after": "ready"}
    assert list(check()) == []


def test_what_had_become_of_them_stays_in_the_evidence(missed: Issue, coordinator: Api) -> None:
    coordinator.post(f"/issues/{missed.pk}/deliveries/resend", {"states": ["refused", "unknown"]})
    work_until_idle(missed)
    [before] = Superseded.of_issue(missed.pk)
    assert (before["round"], len(before["places"])) == (1, 2)
    assert Counter(bytes(before["states"])) == Counter(b"aafu")
    assert REFUSAL in before["answers"].values()


def test_in_doubt_are_sent_again_only_where_they_are_named(missed: Issue, server: FaultyServer, coordinator: Api) -> None:
    coordinator.post(f"/issues/{missed.pk}/deliveries/resend", {"states": ["unknown"]})
    assert count(work_until_idle(missed).pk) == {"accepted": 3, "refused": 1}
    both = [identifier for address, identifier in server.received if address == "epaselva@example.org"]
    assert len(both) == 2
    assert len(set(both)) == 1


def test_who_has_unsubscribed_since_gets_nothing(
    missed: Issue, newsletter: Newsletter, server: FaultyServer, coordinator: Api
) -> None:
    gone = Subscription.first({"newsletter_id": newsletter.pk, "email_key": "poissa@example.org"})
    assert gone is not None
    unsubscribe(gone)
    coordinator.post(f"/issues/{missed.pk}/deliveries/resend")
    assert count(work_until_idle(missed).pk) == {"accepted": 2, "unknown": 1, "suppressed": 1}
    assert server.times()["poissa@example.org"] == 0


def test_an_address_that_does_not_exist_is_not_tried_again(
    newsletter: Newsletter, server: FaultyServer, coordinator: Api
) -> None:
    subscribe(newsletter, "poissa@example.org")
    server.at_rcpt = lambda _: "550 5.1.1 No such user"
    issue = work_until_idle(issue_being_sent(newsletter))
    server.at_rcpt = lambda _: None
    coordinator.post(f"/issues/{issue.pk}/deliveries/resend")
    assert count(work_until_idle(issue).pk) == {"suppressed": 1}
    assert server.received == []


def test_a_round_has_days_of_its_own_for_those_who_are_put_off(missed: Issue, server: FaultyServer, coordinator: Api) -> None:
    server.at_rcpt = {"poissa@example.org": LATER}.get
    with travel(utcnow() + timedelta(days=9), tick=False) as clock:
        coordinator.post(f"/issues/{missed.pk}/deliveries/resend")
        assert count(work_until_idle(missed).pk)["deferred"] == 1
        clock.shift(groups.GIVE_UP_AFTER + timedelta(hours=3))
        assert count(work_until_idle(missed).pk)["refused"] == 1


def test_nobody_missed_changes_nothing(missed: Issue, coordinator: Api) -> None:
    before = coordinator.get(f"/issues/{missed.pk}")
    answer = coordinator.post(f"/issues/{missed.pk}/deliveries/resend", {"states": ["cancelled"]})
    assert (answer.status_code, answer.headers["ETag"]) == (200, before.headers["ETag"])


@pytest.mark.parametrize("body", [{"states": []}, {"states": ["accepted"]}, {"states": ["suppressed"]}, {"states": "refused"}])
def test_only_who_was_missed_can_be_sent_it_again(missed: Issue, coordinator: Api, body: dict[str, Any]) -> None:
    answer = coordinator.post(f"/issues/{missed.pk}/deliveries/resend", body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["states"])


def test_while_it_is_being_sent_nothing_is_sent_again(newsletter: Newsletter, coordinator: Api) -> None:
    subscribe(newsletter, "tilaaja@example.org")
    issue = issue_being_sent(newsletter)
    answer = coordinator.post(f"/issues/{issue.pk}/deliveries/resend")
    assert (answer.status_code, answer.json["code"]) == (409, "wrong_state")


def called_off(newsletter: Newsletter) -> Issue:
    """An issue that was called off before anybody got it."""
    subscribe_many(newsletter, 3)
    issue = issue_being_sent(newsletter)
    audience.freeze(issue)
    issue.move("cancelled", ("sending",))
    return work_until_idle(issue)


def test_what_was_called_off_goes_on_only_where_that_is_named(
    newsletter: Newsletter, server: FaultyServer, coordinator: Api
) -> None:
    issue = called_off(newsletter)
    path = f"/issues/{issue.pk}/deliveries/resend"
    refused = coordinator.post(path)
    assert (refused.status_code, refused.json["code"], "cancelled" in refused.json["detail"]) == (409, "wrong_state", True)
    assert coordinator.post(path, {"states": ["cancelled"]}).json["state"] == "sending"
    issue = work_until_idle(issue)
    assert (issue.state, count(issue.pk), issue.sent_at is not None) == ("sent", {"accepted": 3}, True)


def test_a_further_round_that_is_called_off_leaves_the_issue_sent(missed: Issue, coordinator: Api) -> None:
    coordinator.post(f"/issues/{missed.pk}/deliveries/resend")
    assert coordinator.post(f"/issues/{missed.pk}/cancel").json["state"] == "cancelled"
    issue = work_until_idle(missed)
    assert (issue.state, issue.dispatching, issue.sent_at) == ("sent", None, missed.sent_at)
    assert count(issue.pk) == {"accepted": 2, "unknown": 1, "cancelled": 1}


def test_a_theme_day_that_is_over_by_a_further_round_stays_in_the_issue(
    newsletter: Newsletter, server: FaultyServer, coordinator: Api, visitor: FlaskClient
) -> None:
    day = theme_day(Network.get(newsletter.network_id))
    subscribe_many(newsletter, 3)
    server.at_rcpt = lambda address: "550 5.7.1 No" if address.startswith("tilaaja0001") else None
    issue = work_until_idle(issue_being_sent(newsletter, sources=(Source(type="event", id=day.pk, version=1),)))
    now = utcnow()
    Event.alter({"_id": day.pk}, {"$set": {"starts_at": now - timedelta(hours=7), "ends_at": now - timedelta(hours=1)}})
    server.at_rcpt = willing
    coordinator.post(f"/issues/{issue.pk}/deliveries/resend", {"states": ["refused"]})
    issue = work_until_idle(issue)
    assert (issue.state, count(issue.pk), issue.dropped) == ("sent", {"accepted": 3}, [])
    assert f"event:{day.pk}" in visitor.get(f"/newsletters/{newsletter.slug}/{issue.pk}").text


def send_again(settings: dict[str, Any], issue_id: ObjectId, guarded: bool) -> str:
    """Ask for a further round, in a process of its own; both have read the ledger before one of them writes."""
    put_back, met = resending._put_back, []

    def when_both_have_read(*given: Any) -> list[int]:
        if not met:
            met.append(True)
            together()
        return put_back(*given)

    resending._put_back = when_both_have_read
    verb = resending.resend
    if not guarded:
        verb = resending.resend.__wrapped__  # type: ignore[attr-defined]  # no transaction
        resending._change_idle = lambda row, values: Progress.alter({"_id": row["_id"]}, {"$set": values})
        Superseded.insert = lambda self: self  # type: ignore[method-assign]
        Issue.begin_again = lambda self, again, _: self.change(  # type: ignore[method-assign]
            {"_id": self.pk}, {"$set": {"state": "sending", "dispatching": True}, "$push": {"rounds": again.to_mongo()}}
        )
    with create_app(settings).app_context():
        try:
            again = verb(STRANGER, Issue.get(issue_id), ["refused"])
        except WrongState:
            return "refused"
    return "begun" if again.dispatching else "found nothing"


def test_of_two_who_send_again_at_once_one_does(missed: Issue, settings: dict[str, Any]) -> None:
    told = at_once(send_again, *[(settings, missed.pk, True)] * 2)
    assert sorted(told) in (["begun", "refused"], ["begun", "found nothing"])
    assert len(Issue.get(missed.pk).rounds) == 1
    assert len(list(Superseded.of_issue(missed.pk))) == 1


def test_without_the_guards_both_would(missed: Issue, settings: dict[str, Any]) -> None:
    """The negative control."""
    assert at_once(send_again, *[(settings, missed.pk, False)] * 2) == ["begun", "begun"]
    assert len(Issue.get(missed.pk).rounds) == 2


# How far it is


def test_progress_says_how_far_how_fast_and_how_long(newsletter: Newsletter, coordinator: Api) -> None:
    subscribe_many(newsletter, 40)
    issue = issue_being_sent(newsletter)
    path = f"/issues/{issue.pk}/progress"
    before = coordinator.get(path).json
    assert (before["state"], before["total"], before["done"], before["seconds_left"]) == ("sending", None, 0, None)
    audience.freeze(issue)
    [batch] = Progress.of_issue(issue.pk)
    now = datetime(2026, 11, 24, 9, 10, tzinfo=UTC)
    seconds = [int(now.timestamp()) - 5 + number // 4 for number in range(20)]  # four a second, of late
    times = b"".join(SECONDS.pack(second) for second in [*seconds, *[0] * 20])
    states = b"a" * 17 + b"f" + b"dd" + b"r" * 20
    Progress.alter({"_id": batch["_id"]}, {"$set": {"states": states, "times": times, "updated_at": now}})
    with travel(now, tick=False):
        told = coordinator.get(path).json
    assert (told["total"], told["done"], told["per_second"], told["seconds_left"]) == (40, 18, 4.0, 5)
    assert told["counts"] == {"ready": 20, "accepted": 17, "deferred": 2, "refused": 1}
    with travel(now + timedelta(minutes=2), tick=False):
        assert coordinator.get(path).json["per_second"] == 0.0


def test_progress_says_what_it_waits_for(coordinator: Api, regional: Any, server: FaultyServer) -> None:
    newsletter = make_newsletter(regional, send_window={"from": "08:00", "to": "20:00"})
    subscribe(newsletter, "myohemmin@example.org")
    server.at_rcpt = lambda _: LATER
    with travel(datetime(2026, 11, 24, 9, tzinfo=UTC), tick=False):
        issue = work_until_idle(issue_being_sent(newsletter))
        told = coordinator.get(f"/issues/{issue.pk}/progress").json
        assert (told["waits_for"], told["waits_until"]) == ("retry", "2026-11-24T09:00:30Z")
    with travel(datetime(2026, 11, 24, 19, tzinfo=UTC), tick=False):
        told = coordinator.get(f"/issues/{issue.pk}/progress").json
        assert (told["waits_for"], told["waits_until"]) == ("send_window", "2026-11-25T06:00:00Z")
    coordinator.post(f"/issues/{issue.pk}/pause")
    told = coordinator.get(f"/issues/{issue.pk}/progress").json
    assert (told["state"], told["waits_for"], told["waits_until"]) == ("paused", "resume", None)


def test_at_the_end_progress_is_all_of_it(missed: Issue, coordinator: Api) -> None:
    told = coordinator.get(f"/issues/{missed.pk}/progress").json
    assert (told["state"], told["done"], told["total"], told["seconds_left"], told["per_second"]) == ("sent", 4, 4, None, 0.0)
    assert told["sent_at"] is not None


def test_the_counts_are_those_of_every_single_delivery(missed: Issue, coordinator: Api, newsletter: Newsletter) -> None:
    rows = coordinator.get(f"/issues/{missed.pk}/deliveries").json
    assert rows["counts"] == dict(Counter(row["state"] for row in rows["items"]))
    assert {row["message_id"] for row in rows["items"]} == {
        message_id(missed.pk, row["_id"]) for row in Subscription.rows({"newsletter_id": newsletter.pk})
    }
