"""Letters and other mail in real workers, with Celery and two clocks: nobody waits behind a letter, and no letter goes twice."""

from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask

from network_api import processes
from network_api.app import create_app
from network_api.auth.caller import STRANGER
from newsletters.dispatch import sending
from newsletters.documents import Newsletter
from newsletters.feature import check
from newsletters.issues.documents import SENDING, SENT, Issue
from tests.conftest import Api
from tests.newsletters.factories import approved_issue, subscribe_many
from tests.newsletters.smtp import FaultyServer
from tests.processes import PATIENCE, PROCESSES, at_once, together

RECIPIENTS = 120


def work(settings: dict[str, Any], queue: str) -> None:
    """The life of a worker."""
    app = create_app(settings)
    with app.app_context():
        processes.work(app, [queue])


def keep_time(settings: dict[str, Any]) -> None:
    """The life of a clock."""
    app = create_app(settings)
    with app.app_context():
        processes.keep_time(app)


def send(settings: dict[str, Any], issue_id: Any) -> str:
    """Send an issue just when another process does."""
    with create_app(settings).app_context():
        issue = Issue.get(issue_id)
        together()
        return str(sending.send(STRANGER, issue).state)


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end
        sleep(0.02)


@pytest.fixture
def of_a_process(app: Flask, settings: dict[str, Any], server: FaultyServer) -> dict[str, Any]:
    """The settings of a process: jobs are announced in the database."""
    return {**settings, "CELERY_BROKER_URL": None, "MAIL_PORT": server.port, "RATELIMIT_ENABLED": False}


@pytest.fixture
def running(of_a_process: dict[str, Any]) -> Iterator[None]:
    """A worker for mail, two for letters and the rest, and two clocks."""
    lives: list[BaseProcess] = [
        *(PROCESSES.Process(target=work, args=(of_a_process, queue)) for queue in ("mail", "jobs", "jobs")),
        *(PROCESSES.Process(target=keep_time, args=(of_a_process,)) for _ in range(2)),
    ]
    for life in lives:
        life.start()
    yield
    for life in lives:
        life.kill()
        life.join()


@pytest.mark.usefixtures("running")
def test_a_code_to_sign_in_overtakes_a_letter_that_two_have_sent_with_two_clocks(
    newsletter: Newsletter, server: FaultyServer, of_a_process: dict[str, Any], anyone: Api
) -> None:
    hold = {"is_slow": True}
    server.at_data = lambda address: sleep(1.0) if hold["is_slow"] and address.startswith("tilaaja") else None
    subscriptions = subscribe_many(newsletter, RECIPIENTS)
    issue = approved_issue(newsletter)
    assert at_once(send, *[(of_a_process, issue.pk)] * 2) == [SENDING, SENDING]
    wait_for(lambda: len(server.received) > 0)
    assert anyone.post("/auth/codes", {"email": "aino@example.org"}).status_code == 202
    wait_for(lambda: "aino@example.org" in server.contents)
    assert (Issue.state_of(issue.pk), len(server.received) < RECIPIENTS) == (SENDING, True)
    hold["is_slow"] = False
    wait_for(lambda: Issue.state_of(issue.pk) == SENT)
    times = server.times()
    assert {one.email: times[one.email] for one in subscriptions} == dict.fromkeys((one.email for one in subscriptions), 1)
    assert list(check()) == []
