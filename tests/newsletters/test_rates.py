"""Limits on how fast letters go: what they say holds in every window, for all workers together."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network_api.app import create_app
from newsletters.dispatch import batches
from newsletters.dispatch.ledger import Progress, count
from newsletters.dispatch.rates import Pace, SendRate
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.newsletters.factories import issue_being_sent, subscribe, subscribe_many, work_until_idle
from tests.newsletters.smtp import FaultyServer
from tests.processes import at_once, together

NOW = 1_900_000_000.0
CLAIMS = st.lists(st.tuples(st.floats(0, 2), st.integers(1, 30)), min_size=1, max_size=25)


class Clocked(FaultyServer):
    """A server that notes when each mail came."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def keep(self, recipient: str, sender: str, content: bytes) -> None:
        super().keep(recipient, sender, content)
        self.at.append(monotonic())

    def kept_to(self, pace: Pace, since: float) -> bool:
        """Whether no more came at any moment than a bucket that was full at `since` had given."""
        return all(place <= (at - since) / pace.interval + pace.burst for place, at in enumerate(sorted(self.at), start=1))


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocked]:
    """The SMTP server of the application."""
    clocked = Clocked()
    clocked.start()
    monkeypatch.setitem(app.config, "MAIL_PORT", clocked.port)
    yield clocked
    clocked.stop()


@pytest.mark.parametrize(
    ("limit", "burst", "interval"),
    [("1 per second", 1, 1.0), ("200 per second", 20, 1 / 181), ("1000 per hour", 100, 3600 / 901), ("5 per 2 minutes", 1, 24.0)],
)
def test_a_limit_is_a_burst_and_an_interval(limit: str, burst: int, interval: float) -> None:
    assert Pace.of(limit) == (pytest.approx(interval), burst)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CLAIMS, st.sampled_from(["1 per second", "15 per second", "40 per 3 seconds", "100 per minute"]))
def test_no_window_of_a_limits_length_sees_more_than_it_says(app: Flask, claims: list[tuple[float, int]], limit: str) -> None:
    SendRate.remove({"_id": "server"})
    pace, now, taken = Pace.of(limit), NOW, list[float]()
    for pause, wanted in claims:
        now += pause
        taken += [now] * SendRate.claim("server", wanted, pace, now)
    amount = int(limit.split(maxsplit=1)[0])
    period = {"1 per second": 1, "15 per second": 1, "40 per 3 seconds": 3, "100 per minute": 60}[limit]
    for start in taken:
        assert sum(start <= moment < start + period - 1e-6 for moment in taken) <= amount
        for end in taken:
            if end >= start:
                assert sum(start <= moment <= end for moment in taken) <= (end - start) / pace.interval + pace.burst + 1e-3


def test_after_a_rest_the_burst_is_there_and_no_more(app: Flask) -> None:
    pace = Pace.of("100 per second")
    assert SendRate.claim("server", 50, pace, NOW) == 10
    assert SendRate.claim("server", 50, pace, NOW) == 0
    wait = SendRate.seconds_until("server", pace, NOW)
    assert wait == pytest.approx(10 * pace.interval, abs=1e-3)
    assert SendRate.claim("server", 5, pace, NOW + wait + 0.001) == 5
    assert SendRate.claim("server", 50, pace, NOW + 3600) == 10


def claim_at_one_moment(settings: dict[str, Any], guarded: bool) -> int:
    """In a process of its own: claim a burst just when all the others do."""
    with create_app(settings).app_context():
        if not guarded:

            def take(key: str, wanted: int, pace: Pace, now: float) -> bool:
                row = SendRate.row({"_id": key}) or {}
                enough = row["full_at"] <= now + (pace.burst - wanted) * pace.interval
                together()
                later = max(row["full_at"], now) + wanted * pace.interval
                return enough and SendRate.collection().update_one({"_id": key}, {"$set": {"full_at": later}}).matched_count == 1

            SendRate._take = staticmethod(take)  # type: ignore[assignment, method-assign]
        together()
        return SendRate.claim("server", 20, Pace.of("200 per second"), NOW)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "negative control: look, then write"])
def test_processes_that_claim_at_one_moment_share_one_burst(app: Flask, settings: dict[str, Any], guarded: bool) -> None:
    SendRate(id="server", full_at=0.0).insert()
    claimed = sum(at_once(claim_at_one_moment, *[(settings, guarded)] * 3))
    assert claimed == (20 if guarded else 60)


def send(settings: dict[str, Any], issue_id: Any) -> None:
    """Send an issue as the jobs would, in a process of its own."""
    with create_app(settings).app_context():
        together()
        while batches.work(issue_id):
            pass


@pytest.mark.parametrize("limit", ["20 per second", None], ids=["with the limit", "negative control: without"])
def test_a_server_gets_no_more_than_its_limit_from_all_workers(
    newsletter: Newsletter, server: Clocked, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, limit: str | None
) -> None:
    monkeypatch.setattr("newsletters.dispatch.audience.SNAPSHOT_SIZE", 10)
    subscribe_many(newsletter, 40)
    issue = issue_being_sent(newsletter)
    batches.audience.freeze(issue)
    started = monotonic()
    given = {**settings, "MAIL_PORT": server.port, "DISPATCH_RATE": limit}
    at_once(send, *[(given, issue.pk)] * 2)
    assert work_until_idle(issue).state == "sent"
    assert set(server.times().values()) == {1}
    assert len(server.at) == 40
    assert server.kept_to(Pace.of("20 per second"), started if limit else min(server.at)) is (limit is not None)


def test_recipients_of_a_domain_at_its_limit_are_held_back_and_nobody_else(
    app: Flask, newsletter: Newsletter, server: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DISPATCH_DOMAIN_RATES", {"slow.example.com": "5 per second"})
    for place in range(20):
        subscribe(newsletter, f"tilaaja{place}@{'SLOW.example.com' if place % 5 == 0 else 'example.org'}")
    started = monotonic()
    issue = work_until_idle(issue_being_sent(newsletter))
    assert issue.state == "sent"
    assert set(server.times().values()) == {1}
    slow = [address.endswith("SLOW.example.com") for address, _ in server.received]
    assert (sum(slow), len(slow)) == (4, 20)
    assert sum(slow[:17]) == 1  # the first of them had a token; the others came after everybody else
    server.at = [at for at, is_slow in zip(server.at, slow, strict=True) if is_slow]
    assert server.kept_to(Pace.of("5 per second"), started)


def test_a_limit_that_is_used_up_for_long_gives_the_batch_back(
    app: Flask, newsletter: Newsletter, server: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DISPATCH_RATE", "2 per hour")
    subscribe_many(newsletter, 3)
    issue = issue_being_sent(newsletter)
    assert not batches.work(issue.pk)
    assert count(issue.pk) == {"ready": 2, "accepted": 1}
    pause = Progress.pause(issue.pk)
    assert pause is not None
    assert 1700 < pause <= 1800
    assert not batches.has_something_to_do(Issue.row({"_id": issue.pk}) or {})
