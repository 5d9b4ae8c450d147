"""Crashes and faults at once: nobody is missed, nobody gets a letter twice unnoticed; the ledger says what the server says."""

import os
from collections.abc import Iterator
from random import SystemRandom
from typing import Any

import pytest
from flask import Flask

from newsletters.documents import Newsletter
from tests.newsletters.factories import issue_being_sent, subscribe_many
from tests.newsletters.storm import Storm, StormyServer

SEED = int(os.environ.get("CHAOS_SEED", "0")) or SystemRandom().randrange(1, 2**31)


@pytest.fixture(params=[True, False], ids=["pipelined", "one by one"])
def server(app: Flask, request: pytest.FixtureRequest) -> Iterator[StormyServer]:
    """An SMTP server in a storm."""
    stormy = StormyServer(SEED, 0.004, pipelining=request.param)
    stormy.start()
    yield stormy
    stormy.stop()


def rage(
    newsletter: Newsletter,
    server: StormyServer,
    settings: dict[str, Any],
    number: int,
    group: int,
    connections: int,
    **given: Any,
) -> None:
    """Send to so many through a storm, and judge; then send again to those in doubt, and judge once more."""
    print(f"\nCHAOS_SEED={SEED}")
    subscribe_many(newsletter, number)
    of_a_worker = {**settings, "MAIL_PORT": server.port, "DISPATCH_GROUP": group, "DISPATCH_CONNECTIONS": connections}
    storm = Storm(of_a_worker, issue_being_sent(newsletter), server, SEED, **given)
    storm.rage()
    print(f"held:   {storm.judge(group, connections)}")
    storm.resend()
    print(f"resent: {storm.judge(group, connections)}")


def test_a_small_storm(newsletter: Newsletter, settings: dict[str, Any]) -> None:
    server = StormyServer(SEED, 0.01, pipelining=SEED % 2 == 0)
    server.start()
    try:
        rage(newsletter, server, settings, 200, 10, 1, kills=2, workers=2, wait_for_leases=False)
    finally:
        server.stop()


@pytest.mark.chaos
@pytest.mark.parametrize("connections", [1, 2])
def test_a_great_storm(newsletter: Newsletter, settings: dict[str, Any], server: StormyServer, connections: int) -> None:
    rage(newsletter, server, settings, 5000, 25, connections, kills=20)
