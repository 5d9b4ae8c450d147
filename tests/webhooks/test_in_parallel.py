"""Workers that meet, and workers that are killed: nothing is lost, nobody is overrun."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bson import ObjectId

from network_api.app import create_app
from network_api.documents import utcnow
from network_api.networks.documents import Network
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


def claim(settings: dict[str, Any], webhook: str, mine: str, at_most: int, guarded: bool) -> bool:
    """Claim this delivery when the other process has looked too; whether it was had."""
    with create_app(settings).app_context():
        look, rows = WebhookDelivery._free_slot, WebhookDelivery.rows

        def look_and_wait(*given: Any) -> int | None:
            slot = look(*given)
            together()
            return slot

        def only_mine(where: dict[str, Any], **given: Any) -> Any:
            return rows({"_id": ObjectId(mine)} if "due_at" in where else where, **given)

        WebhookDelivery._free_slot, WebhookDelivery.rows = look_and_wait, only_mine  # type: ignore[method-assign,assignment]
        if not guarded:
            WebhookDelivery.change = classmethod(unguarded)  # type: ignore[assignment]
        return WebhookDelivery.claim(ObjectId(webhook), at_most) is not None


def unguarded(cls: type[WebhookDelivery], where: dict[str, Any], update: dict[str, Any]) -> WebhookDelivery | None:
    cls.alter({"_id": where["_id"]}, update)
    return cls.first({"_id": where["_id"]})


@pytest.mark.parametrize(("guarded", "had"), [(True, [False, True]), (False, [True, True])])
def test_of_two_workers_one_has_a_delivery(
    hook: Hook, regional: Network, trial: dict[str, Any], guarded: bool, had: list[bool]
) -> None:
    """The negative control: without the condition of the claim, both have it."""
    happen(regional)
    spread_what_waits(float("inf"))
    [row] = WebhookDelivery.rows({"webhook_id": hook.pk})
    given = (trial, str(hook.pk), str(row["_id"]), AT_ONCE, guarded)
    assert sorted(at_once(claim, given, given)) == had


@pytest.fixture
def without_slots(app: object) -> Iterator[None]:
    """The index that gives a slot to one is away."""
    collection = WebhookDelivery.collection()
    [name] = [name for name, index in collection.index_information().items() if ("slot", 1) in index["key"]]
    collection.drop_index(name)
    yield
    collection.delete_many({})
    WebhookDelivery.ensure_indexes()


def meet(hook: Hook, regional: Network, trial: dict[str, Any]) -> list[bool]:
    """Two workers that claim a delivery each, where one may be under way at a time."""
    happen(regional, 2)
    spread_what_waits(float("inf"))
    each = [(trial, str(hook.pk), str(row["_id"]), 1, True) for row in WebhookDelivery.rows({"webhook_id": hook.pk})]
    return sorted(at_once(claim, *each))


def test_of_two_workers_one_has_the_slot(hook: Hook, regional: Network, trial: dict[str, Any]) -> None:
    assert meet(hook, regional, trial) == [False, True]


def test_without_the_index_both_would_have_it(hook: Hook, regional: Network, trial: dict[str, Any], without_slots: None) -> None:
    """The negative control."""
    assert meet(hook, regional, trial) == [True, True]


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
