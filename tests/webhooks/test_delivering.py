"""Telling: signed, at least once, under the same id at every attempt; what fails comes again, what is gone is let go."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest
import time_machine
from flask import Flask

from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.networks.documents import Network
from network_api.webhooks import delivering
from network_api.webhooks.delivering import DELAYS, GIVE_UP_AFTER, JITTER
from network_api.webhooks.delivery_documents import WebhookDelivery
from network_api.webhooks.documents import Webhook
from network_api.webhooks.spreading import spread_what_waits
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.webhooks.factories import Hook, happen, make_hook, states
from tests.webhooks.receiver import Answer, Receiver, broken_off, status

Work = Callable[[], None]


def later(hook: Hook, work: Work) -> timedelta:
    """Wait until the next attempt is due, and let it be made; how long after the one before that was."""
    [row] = WebhookDelivery.rows({"webhook_id": hook.pk, "state": "waiting"})
    with time_machine.travel(row["due_at"]):
        work()
    waited: timedelta = row["due_at"] - row["attempts"][-1]["at"]
    return waited


def test_a_message_is_signed_as_standard_webhooks_has_it(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    [message] = happen(regional)
    work()
    [heard] = receiver.heard
    assert heard.is_signed_by(hook.secret)
    assert not heard.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert heard.headers["webhook-id"] == f"msg_{message.pk}"
    assert heard.headers["Content-Type"] == "application/json"
    assert abs(int(heard.headers["webhook-timestamp"]) - utcnow().timestamp()) < 60
    told = heard.told
    assert list(told) == ["type", "timestamp", "data"]
    assert told["timestamp"].endswith("Z")
    assert told["data"] == {
        "id": str(regional.pk),
        "network_id": str(regional.pk),
        "version": 1,
        "url": f"http://localhost/api/v1/webhooks/{regional.pk}",
    }
    [delivery] = hook.deliveries
    assert (delivery["state"], delivery["message_id"], delivery["next_attempt_at"]) == ("delivered", f"msg_{message.pk}", None)
    assert [(attempt["status"], attempt["said"]) for attempt in delivery["attempts"]] == [(204, "")]


def test_after_a_rotation_both_secrets_sign(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    newer = hook.keeper.post(f"{hook.path}/rotate-secret").json["secret"]
    happen(regional)
    work()
    assert receiver.heard[0].is_signed_by(hook.secret)
    assert receiver.heard[0].is_signed_by(newer)
    with time_machine.travel(utcnow() + timedelta(days=2)):
        happen(regional)
        work()
    assert not receiver.heard[1].is_signed_by(hook.secret)
    assert receiver.heard[1].is_signed_by(newer)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (status(500, "Oh no\x00\x07\n<b>" + "x" * 1000), 500, "Oh no"),
        (status(404), 404, ""),
        (status(302, Location="http://169.254.169.254/latest"), 302, "It leads elsewhere"),
        (broken_off, None, "The server does not answer."),
    ],
)
def test_what_fails_comes_again_under_the_same_id(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, answer: Answer, code: int | None, said: str
) -> None:
    receiver.answers = [answer]
    happen(regional)
    work()
    [delivery] = hook.deliveries
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("waiting", code)
    assert delivery["attempts"][0]["said"].startswith(said)
    assert delivery["attempts"][0]["said"].isprintable()
    assert len(delivery["attempts"][0]["said"]) <= 300
    assert hook.now.failing_since is not None
    work()
    assert len(receiver.heard) == 1  # not before its time
    later(hook, work)
    assert states(hook) == ["delivered"]
    assert hook.now.failing_since is None
    first, second = receiver.heard
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert second.is_signed_by(hook.secret)


def test_a_redirect_into_a_private_network_is_not_followed(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    with Receiver() as secret:
        receiver.answers = [status(307, Location=secret.url)]
        happen(regional)
        work()
        assert (len(receiver.heard), len(secret.heard)) == (1, 0)


def test_a_private_address_is_never_asked(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it was allowed when the webhook was made, or its name has come to lead there."""
    monkeypatch.setitem(app.config, "WEBHOOKS_ON_LOOPBACK", False)
    happen(regional)
    work()
    assert receiver.heard == []
    assert hook.deliveries[0]["attempts"][0]["said"] == "It leads into a private network."


def test_who_does_not_answer_in_time_is_asked_again(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WEBHOOK_SECONDS", 0.2)
    receiver.answers = [lambda handler: handler.rfile.read(1) and None]  # waits until the platform has hung up
    happen(regional)
    work()
    [attempt] = hook.deliveries[0]["attempts"]
    assert (attempt["status"], attempt["said"]) == (None, "The server did not answer in time.")
    assert 200 <= attempt["milliseconds"] < 5000


def test_the_delays_grow_and_end(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    receiver.always = status(503)
    happen(regional)
    work()
    waited = []
    while states(hook) == ["waiting"]:
        waited.append(later(hook, work))
    assert len(receiver.heard) == 1 + len(DELAYS)
    for delay, found in zip(DELAYS, waited, strict=True):
        assert delay <= found <= delay * (1 + JITTER) + timedelta(seconds=5)
    assert states(hook) == ["failed"]
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 1
    assert len({heard.body for heard in receiver.heard}) == 1
    assert hook.now.state == "active"  # it takes five days


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("written", ["seconds", "time"])
def test_a_wish_to_be_left_alone_is_kept(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, code: int, written: str
) -> None:
    wish = "3600" if written == "seconds" else format_datetime(utcnow() + timedelta(hours=1), usegmt=True)
    receiver.answers = [status(code, Retry_After=wish)]
    happen(regional)
    work()
    assert timedelta(minutes=59) < later(hook, work) <= timedelta(hours=1, seconds=5)
    assert states(hook) == ["delivered"]


@pytest.mark.parametrize("wish", ["", "soon", "-5", "1e9", "9" * 400, "Thu, 99 Foo 2020 00:00:00 GMT"])
def test_a_wish_that_makes_no_sense_is_none(hook: Hook, receiver: Receiver, regional: Network, work: Work, wish: str) -> None:
    receiver.answers = [status(503, Retry_After=wish)]
    happen(regional)
    work()
    assert later(hook, work) <= (timedelta(hours=24) if wish.isdecimal() else DELAYS[0] * (1 + JITTER)) + timedelta(seconds=5)


def test_an_address_that_is_gone_is_told_nothing_more(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, deliver: Work, mailbox: Mailbox
) -> None:
    receiver.answers = [status(410)]
    happen(regional)
    work()
    happen(regional)
    work()
    deliver()
    assert len(receiver.heard) == 1
    assert states(hook) == ["failed"]  # and what happened afterwards is not even written down for it
    read = hook.keeper.get(hook.path).json
    assert (read["state"], read["disabled_because"]) == ("disabled", "gone")
    assert AuditEntry.row({"action": "webhook.disabled", "target_id": hook.pk}) is not None
    [mail] = mailbox.to("kerttu@example.org")
    assert "Nettisivut" in mail["Subject"]
    assert receiver.url in mail.get_body().get_content()


def test_five_days_without_a_success_disable(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, deliver: Work, mailbox: Mailbox
) -> None:
    """But not because of one failure, long after one that nobody remembers."""
    happen(regional)
    work()
    Webhook.alter({"_id": hook.pk}, {"$set": {"failing_since": utcnow() - GIVE_UP_AFTER}})
    receiver.always = status(500)
    happen(regional)
    work()
    assert (hook.now.state, states(hook)) == ("active", ["delivered", "waiting"])
    while hook.now.state == "active":
        later(hook, work)
    with time_machine.travel(utcnow() + timedelta(days=4)):
        deliver()
    assert (hook.now.disabled_because, states(hook)) == ("failing", ["delivered", "failed"])
    assert len(mailbox.to("kerttu@example.org")) == 1


def test_what_is_paused_waits_and_what_was_missed_is_told_again(
    hook: Hook, receiver: Receiver, regional: Network, work: Work
) -> None:
    hook.keeper.post(f"{hook.path}/pause")
    happen(regional, 2)
    work()
    assert (receiver.heard, states(hook)) == ([], ["waiting", "waiting"])
    hook.keeper.post(f"{hook.path}/resume")
    work()
    assert [heard.told["data"]["version"] for heard in receiver.heard] == [1, 2]
    receiver.answers = [status(410)]
    happen(regional, 2)
    work()  # the first of them disables it
    receiver.heard.clear()
    happen(regional)  # while it is disabled
    work()
    assert hook.keeper.post(f"{hook.path}/resume").json["disabled_because"] is None
    work()
    assert hook.keeper.post(f"{hook.path}/replay").status_code == 202
    work()
    assert set(states(hook)) == {"delivered"}
    assert len(states(hook)) == 5
    assert hook.keeper.get(hook.path).json["replaying"] is False


def test_a_replay_tells_again_what_failed_or_was_delivered_too_since_a_time(
    hook: Hook, receiver: Receiver, regional: Network, work: Work
) -> None:
    with time_machine.travel(utcnow() - timedelta(days=3)):
        [old] = happen(regional)
        work()
    fine, failed = happen(regional, 2)
    work()
    row = WebhookDelivery.row({"message_id": failed.pk})
    assert row is not None
    WebhookDelivery.alter({"_id": row["_id"]}, {"$set": {"state": "failed"}})
    receiver.always, receiver.heard = status(200), []
    hook.keeper.post(f"{hook.path}/replay", {"since": "2020-01-01T00:00:00Z"})
    work()
    assert [heard.headers["webhook-id"] for heard in receiver.heard] == [failed.name]
    receiver.heard = []
    since = (utcnow() - timedelta(days=1)).isoformat()
    assert hook.keeper.post(f"{hook.path}/replay", {"since": since, "delivered_too": True}).status_code == 202
    work()
    assert sorted(heard.headers["webhook-id"] for heard in receiver.heard) == sorted([fine.name, failed.name])
    assert old.name not in {heard.headers["webhook-id"] for heard in receiver.heard}


def test_one_is_told_again_under_its_id(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    happen(regional)
    work()
    [delivery] = hook.deliveries
    path = f"{hook.path}/deliveries/{delivery['id']}"
    again = hook.keeper.post(f"{path}/resend")
    assert (again.status_code, again.json["state"]) == (200, "waiting")
    twice = hook.keeper.post(f"{path}/resend")
    assert (twice.status_code, twice.json["code"]) == (409, "delivery_open")
    work()
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert len(hook.keeper.get(path).json["attempts"]) == 2
    other = make_hook(hook.keeper, regional, receiver.url)
    assert hook.keeper.get(f"{other.path}/deliveries/{delivery['id']}").status_code == 404


def test_a_test_goes_to_one_webhook_alone(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    make_hook(hook.keeper, regional, receiver.url)
    begun = hook.keeper.post(f"{hook.path}/test")
    assert begun.status_code == 202
    work()
    work()
    [heard] = receiver.heard
    assert (heard.told["type"], heard.told["data"]["id"]) == ("webhook.test", str(hook.pk))
    assert hook.keeper.get(f"{hook.path}/deliveries/{begun.json['id']}").json["state"] == "delivered"


def test_a_network_hears_those_below_and_not_those_beside(
    hook: Hook,
    receiver: Receiver,
    signed_in: Callable[..., Api],
    national: Network,
    regional: Network,
    other_region: Network,
    work: Work,
) -> None:
    above = make_hook(signed_in("k@example.org", national, "coordinator"), national, receiver.url)
    beside = make_hook(signed_in("l@example.org", other_region, "coordinator"), other_region, receiver.url)
    happen(regional)
    happen(national, 2)
    work()
    assert [len(states(one)) for one in (hook, above, beside)] == [1, 3, 0]


def test_what_nobody_wants_to_hear_is_not_stored(app: Flask, regional: Network) -> None:
    assert not Webhook.is_wanted("webhook.test")


def test_the_metrics_tell_what_waits_and_not_what_is_paused(hook: Hook, regional: Network, anyone: Api) -> None:
    happen(regional)
    spread_what_waits(float("inf"))
    with time_machine.travel(utcnow() + timedelta(minutes=10)):
        assert measured(anyone, "network_api_webhook_age_seconds ") >= 590
        assert measured(anyone, 'network_api_webhook_deliveries{state="waiting"} ') == 1
        assert measured(anyone, 'network_api_webhooks{state="active"} ') == 1
        hook.keeper.post(f"{hook.path}/pause")
        assert measured(anyone, "network_api_webhook_age_seconds ") == 0
        assert measured(anyone, 'network_api_webhooks{state="paused"} ') == 1


def measured(anyone: Api, name: str) -> float:
    [line] = [line for line in anyone.get("//metrics").text.splitlines() if line.startswith(name)]
    return float(line.removeprefix(name))


def test_a_secret_that_is_lost_is_told_as_such(
    hook: Hook, receiver: Receiver, regional: Network, work: Work, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret of the tests, long enough")
    happen(regional)
    work()
    assert receiver.heard == []
    assert "Rotate it" in hook.deliveries[0]["attempts"][0]["said"]


def test_a_message_that_is_kept_no_longer_is_not_told(hook: Hook, receiver: Receiver, regional: Network, work: Work) -> None:
    hook.keeper.post(f"{hook.path}/pause")
    [message] = happen(regional)
    work()
    message.remove({"_id": message.pk})
    hook.keeper.post(f"{hook.path}/resume")
    work()
    assert (receiver.heard, states(hook)) == ([], ["failed"])


def test_the_sum_of_all_delays_is_about_three_days() -> None:
    assert timedelta(days=3) < sum(DELAYS, timedelta()) < timedelta(days=3, hours=6)
    assert sum(DELAYS, timedelta()) * (1 + JITTER) < delivering.GIVE_UP_AFTER
