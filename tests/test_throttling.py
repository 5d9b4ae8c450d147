"""Whatever a stranger can send is limited per client address in the shared storage, or needs a link that only its person has."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from events.documents import Event
from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from tests.conftest import Api
from tests.desk.conftest import HEADERS
from tests.test_access_matrix import MATRIX
from tests.test_access_matrix import PUBLIC as PUBLIC_OF_THE_API
from tests.test_access_matrix_of_pages import LINES, PUBLIC
from tests.world import World, make_world

LIMITS = ("RATELIMIT_REGISTRATIONS", "RATELIMIT_SIGN_INS", "RATELIMIT_SUBSCRIPTIONS", "RATELIMIT_FEEDBACK")
BY_LINK = "/manage/"
HARMLESS = {"POST /sign-out"}  # ends a session that the sender has


def sent_by_strangers() -> list[str]:
    """Every POST, PUT, PATCH or DELETE that the rules let a stranger send without a link."""
    api = [f"{line.method} /api/v1{line.rule}" for line in MATRIX if line.outcomes == PUBLIC_OF_THE_API and line.method != "GET"]
    pages = [line for line, outcomes in LINES if outcomes == PUBLIC and not line.startswith("GET ")]
    return sorted(line for line in {*api, *pages} - HARMLESS if BY_LINK not in line)


@pytest.fixture
def world(app: Flask, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network) -> World:
    return make_world(app, signed_in, national, regional, other_region)


def test_the_second_of_everything_that_a_stranger_sends_is_refused(
    app: Flask, world: World, limited: Callable[..., Flask], slugs: dict[str, str]
) -> None:
    found: dict[str, tuple[int, int]] = {}
    for line in sent_by_strangers():
        method, rule = line.split(" ")
        client = limited(**dict.fromkeys(LIMITS, "1 per minute")).test_client()
        path = rule.replace("<slug>", slugs.get(rule.split("/")[1], ""))
        path = f"/api/v1{world.path(path)}" if rule.startswith("/api/") else path
        sent: dict[str, Any] = {"json": {}} if rule.startswith("/api/") else {"data": {}, "headers": HEADERS}
        first, second = (client.open(path, method=method, **sent).status_code for _ in range(2))
        found[line] = first, second
    assert len(found) >= 9
    assert {line: said for line, said in found.items() if said[0] == 429 or said[1] != 429} == {}


@pytest.fixture
def slugs(world: World) -> dict[str, str]:
    """What stands in the addresses of pages."""
    event, newsletter = Event.get(world.ids["event_id"]), Newsletter.get(world.ids["newsletter_id"])
    return {"events": event.slug, "newsletters": newsletter.slug}
