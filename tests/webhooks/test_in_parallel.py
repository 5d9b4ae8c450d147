"""Workers that meet, and workers that are killed: nothing is lost, nobody is overrun."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
import time_machine
from bson import ObjectId

from network_api.app import create_app
from network_api.documents import utcnow
from network_api.networks.documents import Network
from network_api.webhooks import delivery_documents
from network_api.webhooks.delivery_documents import WebhookDelivery
from network_api.webhooks.documents import AT_ONCE
from network_api.webhooks.lanes import lanes
from network_api.webhooks.message_documents import WebhookMessage
from network_api.webhooks.spreading import spread_what_waits
from network_api.webhooks.tasks import sweep
from tests.killing import COMMITS, killed_at
from tests.processes import PROCESSES, at_once, together
from tests.webhooks.factories import Hook, happen, states
from tests.webhooks.receiver import Receiver, broken_off, status

LEASE = timedelta(minutes=1)


@pytest.fixture
def trial(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of processes that may tell this machine."""
    return {**settings, "WEBHOOKS_ON_LOOPBACK": True}


def a_round() -> None:
    sweep()
    assert lanes.wait(20)


def rounds(settings: dict[str, Any]) -> None:
    """A worker that goes on until nothing is open."""
    with create_app(settings).app_context():
        together()
        while WebhookMessage.row({"spread": False}) or WebhookDelivery.row({"state": {"$in": ["waiting", "sending"]}}):
            a_round()


class Attempted(NamedTuple):
    """A claim of a delivery where so many may be under way at once, with or without the condition that guards it."""

    delivery: ObjectId
    at_most: int
    guarded: bool = True


def claim(settings: dict[str, Any], webhook: ObjectId, claims: list[Attempted]) -> list[bool]:
    """Claim these one after the other, each when the other process has looked too; whether they were had."""
    with create_app(settings).app_context():
        delivery_documents._LOOKS = 1  # each meets the other once
        look, rows, change = WebhookDelivery._free_slot, WebhookDelivery.rows, WebhookDelivery.change

        def look_and_wait(*given: Any) -> int | None:
            slot = look(*given)
            together()
            return slot

        def only(delivery: ObjectId, where: dict[str, Any], **given: Any) -> Any:
            return rows({"_id": delivery} if "due_at" in where else where, **given)

        WebhookDelivery._free_slot = look_and_wait  # type: ignore[method-assign]
        had = []
        for attempted in claims:
            WebhookDelivery.rows = partial(only, attempted.delivery)  # type: ignore[method-assign]
            WebhookDelivery.change = change if attempted.guarded else classmethod(unguarded)  # type: ignore[method-assign,assignment]
            had.append(WebhookDelivery.claim(webhook, attempted.at_most) is not None)
        return had


def unguarded(cls: type[WebhookDelivery], where: dict[str, Any], update: dict[str, Any]) -> WebhookDelivery | None:
    cls.alter({"_id": where["_id"]}, update)
    return cls.first({"_id": where["_id"]})


def deliveries(hook: Hook, regional: Network, count: int) -> list[ObjectId]:
    happen(regional, count)
    spread_what_waits(float("inf"))
    return [row["_id"] for row in WebhookDelivery.rows({"webhook_id": hook.pk}, sort=[("_id", 1)])]


def test_of_two_workers_one_has_a_delivery_and_one_has_a_slot(hook: Hook, regional: Network, trial: dict[str, Any]) -> None:
    """With the negative control of the claim: without its condition, both have the delivery."""
    first, second, third, fourth = deliveries(hook, regional, 4)
    both = [Attempted(first, AT_ONCE), Attempted(second, AT_ONCE, guarded=False)]  # which then have two slots
    each = [[*both, Attempted(own, 3)] for own in (third, fourth)]
    one, other = at_once(claim, *((trial, hook.pk, claims) for claims in each))
    assert [sum(had) for had in zip(one, other, strict=True)] == [1, 2, 1]


@pytest.fixture
def without_slots(app: object) -> Iterator[None]:
    """The index that gives a slot to one is away."""
    collection = WebhookDelivery.collection()
    [name] = [name for name, index in collection.index_information().items() if ("slot", 1) in index["key"]]
    collection.drop_index(name)
    yield
    collection.delete_many({})
    WebhookDelivery.ensure_indexes()


def test_without_the_index_both_would_have_the_slot(
    hook: Hook, regional: Network, trial: dict[str, Any], without_slots: None
) -> None:
    """The negative control."""
    each = [[Attempted(own, 1)] for own in deliveries(hook, regional, 2)]
    assert at_once(claim, *((trial, hook.pk, claims) for claims in each)) == [[True], [True]]


def test_two_workers_bring_each_once_and_overrun_nobody(
    hook: Hook, receiver: Receiver, regional: Network, trial: dict[str, Any]
) -> None:
    messages = happen(regional, 40)
    at_once(rounds, (trial,), (trial,))
    assert sorted(heard.headers["webhook-id"] for heard in receiver.heard) == sorted(message.name for message in messages)
    assert 1 <= receiver.most <= AT_ONCE
    assert states(hook) == ["delivered"] * 40


def test_a_worker_that_is_killed_anywhere_loses_nothing(
    hook: Hook, receiver: Receiver, regional: Network, trial: dict[str, Any], work: Callable[[], None]
) -> None:
    number, went_on = 0, True
    while went_on:
        [message] = happen(regional)
        went_on = killed_at(number, a_round, trial, at=COMMITS)
        with time_machine.travel(utcnow() + LEASE):
            work()
        assert message.name in {heard.headers["webhook-id"] for heard in receiver.heard}
        assert set(states(hook)) == {"delivered"}
        number += 1
    assert number > 3  # spread, claim and result are a transaction each


def round_of_a_worker(settings: dict[str, Any]) -> None:
    with create_app(settings).app_context():
        a_round()


def test_a_worker_that_is_killed_before_the_answer_loses_nothing(
    hook: Hook, receiver: Receiver, regional: Network, trial: dict[str, Any], work: Callable[[], None]
) -> None:
    process = PROCESSES.Process(target=round_of_a_worker, args=(trial,))

    def kill_and_break_off(handler: Any) -> None:
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        broken_off(handler)

    receiver.answers = [kill_and_break_off]
    happen(regional)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (states(hook), hook.deliveries[0]["attempts"]) == (["sending"], [])
    work()
    assert len(receiver.heard) == 1  # not before the lease has ended
    with time_machine.travel(utcnow() + LEASE):
        work()
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert states(hook) == ["delivered"]


def test_what_killed_workers_had_is_taken_up_before_what_waits(
    hook: Hook, receiver: Receiver, regional: Network, work: Callable[[], None]
) -> None:
    """It holds the slots that the others, which were due before its lease ended, wait for."""
    happen(regional, AT_ONCE + 2)
    spread_what_waits(float("inf"))
    had = [WebhookDelivery.claim(hook.pk, AT_ONCE) for _ in range(AT_ONCE)]
    assert all(had)
    work()
    assert receiver.heard == []
    with time_machine.travel(utcnow() + LEASE):
        work()
        work()
    assert states(hook) == ["delivered"] * (AT_ONCE + 2)


def test_one_that_fails_is_asked_once_at_each_look(
    hook: Hook, receiver: Receiver, regional: Network, work: Callable[[], None]
) -> None:
    receiver.answers = [status(500)] * (AT_ONCE + 2)
    happen(regional, 2 * AT_ONCE)
    work()
    assert 1 <= len(receiver.heard) <= AT_ONCE
    before = len(receiver.heard)
    work()
    assert len(receiver.heard) == before + 1


def test_whoever_lost_the_lease_says_nothing_any_more(hook: Hook, regional: Network) -> None:
    happen(regional)
    spread_what_waits(float("inf"))
    slow = WebhookDelivery.claim(hook.pk, AT_ONCE)
    with time_machine.travel(utcnow() + LEASE):
        quick = WebhookDelivery.claim(hook.pk, AT_ONCE)
    assert slow is not None
    assert quick is not None
    assert slow.pk == quick.pk
    assert not slow.give_back()
    assert quick.give_back()


def test_a_slow_webhook_holds_up_no_other(
    hook: Hook, receiver: Receiver, regional: Network, work: Callable[[], None], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as may be under way are, and another webhook is told meanwhile."""
    with Receiver() as quick:
        made = hook.keeper.post("/webhooks", {"network_id": str(regional.pk), "name": "Nopea", "url": quick.url})
        monkeypatch.setitem(app.config, "WEBHOOK_SECONDS", 1)
        receiver.always = lambda handler: handler.rfile.read(1) and None
        happen(regional, 6)
        sweep()  # comes back at once, though nobody has been told
        assert lanes.wait(0.01) is False
        quickly = Hook(ObjectId(made.json["id"]), "", hook.keeper, "")
        deadline = utcnow() + timedelta(seconds=20)
        while states(quickly) != ["delivered"] * 6:
            assert utcnow() < deadline
            assert "delivered" not in states(hook)
        assert lanes.wait(20)
        assert receiver.most <= AT_ONCE
        assert receiver.most >= 1
    receiver.always = status(200)
