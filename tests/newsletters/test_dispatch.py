"""The dispatch against a real SMTP server with faults, in processes that are killed, and beside one another."""

import signal
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from network_api.app import create_app
from network_api.documents import utcnow
from newsletters.dispatch import audience, batches
from newsletters.dispatch.ledger import Progress, Snapshot, count, unpack
from newsletters.dispatch.letters import message_id
from newsletters.documents import Newsletter
from newsletters.feature import check
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.subscribing import unsubscribe
from newsletters.subscriptions.suppression import Suppression
from tests.newsletters.factories import issue_being_sent, make_due, subscribe, subscribe_many, work_until_idle
from tests.newsletters.smtp import FaultyServer
from tests.processes import PATIENCE, PROCESSES, at_once, together

GROUP = 25


def send(settings: dict[str, Any], issue_id: ObjectId, *, alone: bool = False) -> None:
    """Send an issue as the jobs would, in a process of its own."""
    with create_app(settings).app_context():
        if not alone:
            together()
        while batches.work(issue_id):
            pass


@pytest.fixture
def of_a_worker(settings: dict[str, Any], server: FaultyServer) -> dict[str, Any]:
    """The settings of a worker process."""
    return {**settings, "MAIL_PORT": server.port, "DISPATCH_GROUP": GROUP}


def states(issue: Issue) -> dict[str, str]:
    """The state of each delivery, by address."""
    found = {}
    for row in Progress.of_issue(issue.pk):
        recipients = unpack(Snapshot.get(row["_id"]).recipients)
        names = {key: subscription["email"] for key, subscription in Subscription.by_ids(recipients).items()}
        codes = {ord("a"): "accepted", ord("u"): "unknown", ord("f"): "refused", ord("d"): "deferred", ord("s"): "suppressed"}
        found.update({names[key]: codes.get(code, chr(code)) for key, code in zip(recipients, bytes(row["states"]), strict=True)})
    return found


def test_every_recipient_gets_the_letter_once_over_several_snapshots(newsletter: Newsletter, server: FaultyServer) -> None:
    subscriptions = subscribe_many(newsletter, 620)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert issue.state == "sent"
    assert server.times() == dict.fromkeys((one.email for one in subscriptions), 1)
    assert {identifier for _, identifier in server.received} == {message_id(issue.pk, one.pk) for one in subscriptions}
    assert (issue.audience.candidates, issue.audience.recipients) == (620, 620)
    assert [len(unpack(bytes(row["recipients"]))) for row in Snapshot.of_issue(issue.pk)] == [500, 120]
    assert count(issue.pk) == {"accepted": 620}
    assert list(check()) == []


def test_an_issue_for_nobody_is_sent_at_once(newsletter: Newsletter, server: FaultyServer) -> None:
    subscribe(newsletter, "epailija@example.org", "pending")
    issue = work_until_idle(issue_being_sent(newsletter))
    assert (issue.state, server.received) == ("sent", [])


def test_each_exclusion_has_its_reason_and_all_add_up(newsletter: Newsletter, server: FaultyServer) -> None:
    for state in ("active", "pending", "paused", "unsubscribed", "bounced"):
        subscribe(newsletter, f"{state}@example.org", state)
    subscribe(newsletter, "estetty@example.org")
    Suppression.add(newsletter.pk, "estetty@example.org", "complained")
    issue = work_until_idle(issue_being_sent(newsletter))
    assert list(server.times()) == ["active@example.org"]
    assert issue.audience.excluded == dict.fromkeys(("pending", "paused", "unsubscribed", "bounced", "suppressed"), 1)
    assert issue.audience.candidates == 6
    assert [problem for problem in check() if problem.invariant.startswith("issue")] == []  # these subscribers came by no verb


def test_a_refusal_is_final_and_a_deferral_is_tried_again(newsletter: Newsletter, server: FaultyServer) -> None:
    for who in ("hyva", "poissa", "myohemmin"):
        subscribe(newsletter, f"{who}@example.org")
    server.at_rcpt = {"poissa@example.org": "550 5.1.1 No such user", "myohemmin@example.org": "450 4.2.0 Greylisted"}.get
    issue = work_until_idle(issue_being_sent(newsletter))
    assert issue.state == "sending"
    assert states(issue) == {"hyva@example.org": "accepted", "poissa@example.org": "refused", "myohemmin@example.org": "deferred"}
    server.at_rcpt = lambda _: None
    assert not batches.has_something_to_do(Issue.row({"_id": issue.pk}) or {})
    make_due(issue)
    issue = work_until_idle(issue)
    assert issue.state == "sent"
    assert server.times() == {"hyva@example.org": 1, "myohemmin@example.org": 1}
    assert count(issue.pk) == {"accepted": 2, "refused": 1}


@pytest.mark.parametrize(("reply", "state"), [("554 5.6.0 No", "refused"), ("451 4.3.0 Later", "deferred"), ("drop", "unknown")])
def test_after_the_final_dot_the_reply_decides_and_silence_is_unknown(
    newsletter: Newsletter, server: FaultyServer, reply: str, state: str
) -> None:
    for who in ("eka", "toka", "kolmas"):
        subscribe(newsletter, f"{who}@example.org")
    server.at_dot = {"toka@example.org": reply}.get
    issue = work_until_idle(issue_being_sent(newsletter))
    assert states(issue) == {"eka@example.org": "accepted", "toka@example.org": state, "kolmas@example.org": "accepted"}
    assert issue.state == ("sending" if state == "deferred" else "sent")
    assert server.times()["toka@example.org"] == 1


def test_a_connection_lost_before_the_dot_loses_nobody(newsletter: Newsletter, server: FaultyServer) -> None:
    subscribe_many(newsletter, 30)
    dropped = []

    def drop_now_and_then(address: str) -> str | None:
        if address.endswith(("7@example.org", "3@example.org")) and address not in dropped:
            dropped.append(address)
            return "drop"
        return None

    server.at_rcpt = drop_now_and_then
    issue = work_until_idle(issue_being_sent(newsletter))
    make_due(issue)
    issue = work_until_idle(issue)
    assert len(dropped) == 6
    assert issue.state == "sent"
    assert count(issue.pk) == {"accepted": 30}
    assert set(server.times().values()) == {1}


def test_without_a_server_the_letter_waits(
    app: Flask, newsletter: Newsletter, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe_many(newsletter, 3)
    issue = issue_being_sent(newsletter)
    with monkeypatch.context() as away:
        away.setitem(app.config, "MAIL_PORT", 1)
        assert work_until_idle(issue).state == "sending"
    assert count(issue.pk) == {"ready": 3}
    make_due(issue)
    assert work_until_idle(issue).state == "sent"
    assert len(server.received) == 3


def test_a_killed_worker_leaves_at_most_a_group_in_doubt_and_another_goes_on(
    newsletter: Newsletter, server: FaultyServer, of_a_worker: dict[str, Any]
) -> None:
    subscriptions = subscribe_many(newsletter, 120)
    issue = issue_being_sent(newsletter)
    worker = PROCESSES.Process(target=send, args=(of_a_worker, issue.pk), kwargs={"alone": True})

    def kill_in_the_middle(_: str) -> None:
        if len(server.received) == 60:
            worker.kill()

    server.at_dot = kill_in_the_middle
    worker.start()
    worker.join(PATIENCE)
    assert worker.exitcode == -signal.SIGKILL
    assert Issue.get(issue.pk).state == "sending"
    make_due(issue)  # instead of waiting for the lease to end
    issue = work_until_idle(issue)
    found = states(issue)
    in_doubt = {address for address, state in found.items() if state == "unknown"}
    assert issue.state == "sent"
    assert 0 < len(in_doubt) <= GROUP
    assert {state for address, state in found.items() if address not in in_doubt} == {"accepted"}
    times = server.times()
    assert all(times[one.email] == 1 for one in subscriptions if one.email not in in_doubt)
    assert all(times[address] <= 1 for address in in_doubt)  # held, not sent again
    assert list(check()) == []


def test_what_is_in_doubt_can_be_sent_again_under_the_same_message_id(
    newsletter: Newsletter, server: FaultyServer, coordinator: Any
) -> None:
    subscribe_many(newsletter, 5)
    server.at_dot = {"tilaaja0002@example.org": "drop"}.get
    issue = work_until_idle(issue_being_sent(newsletter))
    assert coordinator.get(f"/issues/{issue.pk}/deliveries?state=unknown").json["counts"] == {"accepted": 4, "unknown": 1}
    server.at_dot = lambda _: None
    answer = coordinator.post(f"/issues/{issue.pk}/deliveries/resolve", {"state": "unknown", "action": "resend"})
    assert (answer.status_code, answer.json["state"]) == (200, "sending")
    issue = work_until_idle(issue)
    assert (issue.state, count(issue.pk)) == ("sent", {"accepted": 5})
    both = [identifier for address, identifier in server.received if address == "tilaaja0002@example.org"]
    assert len(both) == 2
    assert len(set(both)) == 1


def test_what_is_in_doubt_can_be_settled_and_the_ledger_names_who_did(
    newsletter: Newsletter, server: FaultyServer, coordinator: Any
) -> None:
    subscribe_many(newsletter, 2)
    server.at_dot = {"tilaaja0001@example.org": "drop"}.get
    issue = work_until_idle(issue_being_sent(newsletter))
    coordinator.post(f"/issues/{issue.pk}/deliveries/resolve", {"state": "unknown", "action": "settle"})
    rows = coordinator.get(f"/issues/{issue.pk}/deliveries").json["items"]
    assert [row["state"] for row in rows] == ["accepted", "accepted"]
    assert rows[1]["answer"].startswith("settled by ")
    assert len(server.received) == 2


@pytest.mark.parametrize("frozen", [True, False], ids=["sharing the batches", "racing for the freeze"])
def test_two_workers_at_once_send_once(
    newsletter: Newsletter,
    server: FaultyServer,
    of_a_worker: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    frozen: bool,
) -> None:
    monkeypatch.setattr("newsletters.dispatch.audience.SNAPSHOT_SIZE", 25)
    subscribe_many(newsletter, 100)
    issue = issue_being_sent(newsletter)
    if frozen:
        audience.freeze(issue)
    at_once(send, *[(of_a_worker, issue.pk)] * 2)
    assert work_until_idle(issue).state == "sent"
    assert len(server.received) == 100
    assert set(server.times().values()) == {1}
    assert count(issue.pk) == {"accepted": 100}


def test_a_worker_whose_lease_was_taken_stops_and_spoils_nothing(newsletter: Newsletter, server: FaultyServer) -> None:
    subscribe_many(newsletter, 60)
    issue = issue_being_sent(newsletter)

    def take_over(address: str) -> None:
        if len(server.received) == 10:
            make_due(issue)
            batch = Progress.claim(Progress.due(issue.pk)[0])
            assert batch is not None
            batch.give_back({"states": bytes(batch.states)}, due_at=utcnow())

    server.at_dot = take_over
    issue = work_until_idle(issue)
    issue = work_until_idle(issue)
    assert issue.state == "sent"
    found = count(issue.pk)
    assert found == {"accepted": 35, "unknown": 25}
    assert len(server.received) == 60
    assert set(server.times().values()) == {1}


def test_pause_holds_within_a_group_and_resume_goes_on(newsletter: Newsletter, server: FaultyServer, coordinator: Any) -> None:
    subscribe_many(newsletter, 100)
    issue = issue_being_sent(newsletter)

    def pause(_: str) -> None:
        if len(server.received) == 30:
            Issue.get(issue.pk).move("paused", ("sending",))

    server.at_dot = pause
    assert work_until_idle(issue).state == "paused"
    assert len(server.received) == 50
    assert count(issue.pk) == {"ready": 50, "accepted": 50}
    assert coordinator.post(f"/issues/{issue.pk}/resume").status_code == 200
    assert work_until_idle(issue).state == "sent"
    assert set(server.times().values()) == {1}


def test_cancel_stops_within_a_group_for_good(newsletter: Newsletter, server: FaultyServer, coordinator: Any) -> None:
    subscribe_many(newsletter, 100)
    issue = issue_being_sent(newsletter)

    def cancel(_: str) -> None:
        if len(server.received) == 30:
            Issue.get(issue.pk).move("cancelled", ("sending",))

    server.at_dot = cancel
    issue = work_until_idle(issue)
    assert (issue.state, issue.dispatching) == ("cancelled", None)
    assert count(issue.pk) == {"accepted": 50, "cancelled": 50}
    assert coordinator.post(f"/issues/{issue.pk}/resume").json["code"] == "wrong_state"


def who_leaves(app: Flask, newsletter: Newsletter, server: FaultyServer, place: int) -> dict[str, int]:
    """What comes of a letter to sixty, of whom one unsubscribes while the first five are on their way."""
    subscriptions = subscribe_many(newsletter, 60)

    def leave(_: str) -> None:
        if len(server.received) == 5:
            with app.app_context():  # the server has a thread of its own
                unsubscribe(subscriptions[place])

    server.at_dot = leave
    issue = work_until_idle(issue_being_sent(newsletter))
    return {**count(issue.pk), "to them": server.times()[subscriptions[place].email]}


@pytest.mark.parametrize("place", [25, 49, 50], ids=["next group, first", "next group, last", "group after that"])
def test_who_unsubscribes_while_the_letter_goes_out_does_not_get_it(
    app: Flask, newsletter: Newsletter, server: FaultyServer, place: int
) -> None:
    assert who_leaves(app, newsletter, server, place) == {"accepted": 59, "suppressed": 1, "to them": 0}


def test_without_the_pulse_they_would_get_it(
    app: Flask, newsletter: Newsletter, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Newsletter, "stir", lambda newsletter_id: None)
    assert who_leaves(app, newsletter, server, 50) == {"accepted": 60, "to them": 1}


def test_the_deliveries_are_paged_by_subscription(newsletter: Newsletter, server: FaultyServer, coordinator: Any) -> None:
    subscribe_many(newsletter, 7)
    issue = work_until_idle(issue_being_sent(newsletter))
    first = coordinator.get(f"/issues/{issue.pk}/deliveries?limit=5&total=true").json
    second = coordinator.get(f"/issues/{issue.pk}/deliveries?limit=5&total=true&cursor={first['next']}").json
    seen = [row["email"] for row in first["items"] + second["items"]]
    assert seen == [f"tilaaja{place:04}@example.org" for place in range(7)]
    assert (first["total"], second["next"], second["counts"]) == (7, None, {"accepted": 7})
    table = coordinator.get(f"/issues/{issue.pk}/deliveries.csv").text.splitlines()
    assert len(table) == 8
    assert ObjectId.is_valid(table[1].split(",")[0])
