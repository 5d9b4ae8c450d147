"""Fixtures of theme days."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask

from events import tasks
from events.documents import Event
from events.feature import check
from network_api.app import connect, create_app, documents, ensure_indexes
from network_api.mail import tasks as mail_tasks
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event
from tests.mailserver import Mailbox

TOKEN = r"([\w~-]+(?:\.[\w~-]+)*)"


@pytest.fixture
def event(regional: Network) -> Event:
    """A published theme day: two seats on site, no limit remotely."""
    return make_event(regional)


@pytest.fixture
def coordinator(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Who coordinates the network that arranges it."""
    return signed_in("koordinaattori@example.org", regional, "coordinator")


@pytest.fixture
def deliver(app: Flask) -> Callable[[], None]:
    """Do what waits to be done about theme days, and send what waits in the outbox, as the workers would."""

    def work() -> None:
        tasks.sweep()
        mail_tasks.sweep()

    return work


@pytest.fixture
def link(mailbox: Mailbox, deliver: Callable[[], None]) -> Callable[..., str]:
    """`link("eka")`: the token of the manage link in the newest mail to somebody; `link("eka", "join/")` of another."""

    def read(who: str, kind: str = "manage/registrations/") -> str:
        deliver()
        found = re.search(kind + TOKEN, mailbox.text_to(f"{who}@example.org"))
        assert found, mailbox.text_to(f"{who}@example.org")
        return found[1]

    return read


@pytest.fixture(scope="session")
def own_app(shared_app: Flask, settings: dict[str, Any]) -> tuple[Flask, dict[str, Any]]:
    """An application on another database of this worker's server, and its settings."""
    parts = urlsplit(settings["MONGODB_URI"])
    own = {**settings, "MONGODB_URI": urlunsplit(parts._replace(path=f"{parts.path}_rush"))}
    app = create_app(own)
    ensure_indexes(app)
    connect(shared_app)
    return app, own


@pytest.fixture
def own_settings(shared_app: Flask, own_app: tuple[Flask, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Settings of a platform with an empty database of its own, for processes that write what this one does not see."""
    app, own = own_app
    connect(app)
    for document in documents():
        document.collection().delete_many({})
    with app.app_context():
        yield own
    connect(shared_app)


def adds_up() -> None:
    """Every invariant of seats and queues holds."""
    assert list(check()) == []
