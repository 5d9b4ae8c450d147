"""Fixtures of the desk: people who have signed in on the pages, a theme day and a newsletter of their network."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from events.documents import Event
from network_api.networks.documents import Network
from newsletters.dispatch.pool import pool
from newsletters.documents import Newsletter
from tests.conftest import Api, Visitor
from tests.events.factories import make_event
from tests.newsletters.factories import make_newsletter
from tests.newsletters.smtp import FaultyServer

HEADERS = {"Accept-Language": "en", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


class Person:
    """Somebody on the desk, by the session of an API client; a stranger without one."""

    def __init__(self, app: Flask, api: Api | None) -> None:
        self.api = api
        self.visitor = Visitor(app, app.response_class, use_cookies=True)
        if api and api.token:
            self.visitor.set_cookie("session", api.token)

    def get(self, path: str) -> TestResponse:
        return self.visitor.get(path, headers=HEADERS, buffered=True)

    def post(self, path: str, **typed: Any) -> TestResponse:
        """Send a form; a full stop in a field's name is written as two underscores."""
        return self.send(path, {name.replace("__", "."): value for name, value in typed.items()})

    def send(self, path: str, typed: dict[str, Any]) -> TestResponse:
        """Send a form by the very names of its fields."""
        return self.visitor.post(path, data=typed, headers=HEADERS)


@pytest.fixture
def person(app: Flask, signed_in: Callable[..., Api]) -> Callable[..., Person]:
    """`person("eka", regional, "editor")`: somebody with these roles."""

    def make(who: str, *places: Any, administrator: bool = False) -> Person:
        return Person(app, signed_in(f"{who}@example.org", *places, administrator=administrator))

    return make


@pytest.fixture
def stranger(app: Flask) -> Person:
    """Nobody in particular."""
    return Person(app, None)


@pytest.fixture
def coordinator(person: Callable[..., Person], regional: Network) -> Person:
    """Who coordinates the regional network."""
    return person("koordinaattori", regional, "coordinator")


@pytest.fixture
def editor(person: Callable[..., Person], regional: Network) -> Person:
    """Who writes for the regional network."""
    return person("toimittaja", regional, "editor")


@pytest.fixture
def event(regional: Network) -> Event:
    """A published theme day of the regional network."""
    return make_event(regional)


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    """The letter of the regional network."""
    return make_newsletter(regional, languages=["fi", "sv"])


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """The SMTP server of the application, with faults to choose."""
    faulty = FaultyServer()
    faulty.start()
    monkeypatch.setitem(app.config, "MAIL_PORT", faulty.port)
    yield faulty
    pool.close()
    faulty.stop()
