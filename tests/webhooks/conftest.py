"""Fixtures of webhooks: a receiver, a webhook that leads there, and what a worker would do."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from network_api.networks.documents import Network
from network_api.webhooks.lanes import lanes
from network_api.webhooks.tasks import sweep
from tests.conftest import Api
from tests.webhooks.factories import Hook, make_hook
from tests.webhooks.receiver import Receiver


@pytest.fixture
def receiver(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Another system, on this machine."""
    monkeypatch.setitem(app.config, "WEBHOOKS_ON_LOOPBACK", True)
    with Receiver() as receiver:
        yield receiver
        assert lanes.wait(20)


@pytest.fixture
def kerttu(signed_in: Callable[..., Api], regional: Network) -> Api:
    """The coordinator of the region."""
    return signed_in("kerttu@example.org", regional, "coordinator")


@pytest.fixture
def hook(kerttu: Api, regional: Network, receiver: Receiver) -> Hook:
    """A webhook of the region that leads to the receiver."""
    return make_hook(kerttu, regional, receiver.url)


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """One round of a worker, to its end."""

    def once() -> None:
        sweep()
        assert lanes.wait(20)

    return once
