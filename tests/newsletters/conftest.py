"""Fixtures of newsletters: a letter of the regional network, and the people who make it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from network_api.networks.documents import Network
from newsletters.dispatch.ledger import count
from newsletters.dispatch.pool import pool
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.conftest import Api
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe, work_until_idle
from tests.newsletters.smtp import FaultyServer


@pytest.fixture(autouse=True)
def _no_connection_is_left() -> Iterator[None]:
    """Each test meets its servers anew."""
    yield
    pool.close()


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    """The letter of the regional network."""
    return make_newsletter(regional)


@pytest.fixture
def editor(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Somebody who writes it."""
    return signed_in("toimittaja@example.org", regional, "editor")


@pytest.fixture
def coordinator(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Somebody who approves and sends it."""
    return signed_in("koordinaattori@example.org", regional, "coordinator")


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """The SMTP server of the application, with faults to choose."""
    faulty = FaultyServer()
    faulty.start()
    monkeypatch.setitem(app.config, "MAIL_PORT", faulty.port)
    yield faulty
    faulty.stop()


@pytest.fixture
def missed(newsletter: Newsletter, server: FaultyServer) -> Issue:
    """An issue that has been sent; of four, one refused it and one may have it."""
    for who in ("hyva", "poissa", "epaselva", "toinen"):
        subscribe(newsletter, f"{who}@example.org")
    server.at_rcpt = {"poissa@example.org": "554 5.7.1 Refused by policy"}.get
    server.at_dot = {"epaselva@example.org": "drop"}.get
    issue = work_until_idle(issue_being_sent(newsletter))
    server.at_rcpt = server.at_dot = lambda _: None
    assert (issue.state, count(issue.pk)) == ("sent", {"accepted": 2, "refused": 1, "unknown": 1})
    return issue
