"""The demo data: made once, all of it adding up."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from network_api import demo, processes
from network_api.app import FEATURES, documents, make_demo
from network_api.auth.documents import AccessToken
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import Api


def empty() -> None:
    """Leave no document behind."""
    for document in documents():
        document.collection().delete_many({})


@pytest.fixture(scope="module")
def made(shared_app: Flask) -> Iterator[dict[str, Any]]:
    """What the demo data is made of; the tests here only read it."""
    with shared_app.app_context():
        empty()
        yield make_demo()
        empty()


@pytest.fixture
def anyone(shared_app: Flask, made: dict[str, Any]) -> Api:
    """A stranger."""
    return Api(shared_app.test_client())


@pytest.fixture
def coordinator(shared_app: Flask, made: dict[str, Any]) -> Api:
    """The coordinator of the national network."""
    return signed_in(shared_app, demo.COORDINATOR)


def signed_in(app: Flask, address: str) -> Api:
    """Somebody with a session."""
    _, secret = AccessToken.issue("session", Member.of_address(address).pk, expires_at=None)
    return Api(app.test_client(), secret)


def test_it_adds_up(made: dict[str, Any]) -> None:
    assert [problem for feature in FEATURES for problem in feature.check()] == []
    assert set(made) >= {"members", "networks", "events", "newsletter"}


def test_it_is_made_once(made: dict[str, Any]) -> None:
    before = {document: document.collection().count_documents({}) for document in documents()}
    assert make_demo() == {}
    assert {document: document.collection().count_documents({}) for document in documents()} == before


def test_it_serves_some_regions_and_leaves_others_visibly_without(anyone: Api) -> None:
    regions = anyone.get("/regions").json["items"]
    served = sum(bool(region["networks"]) for region in regions)
    assert len(regions) == 19
    assert 10 <= served <= 15


def test_everybody_sees_the_introductions_of_those_who_agreed(shared_app: Flask, anyone: Api) -> None:
    strangers = anyone.get("/introductions?total=true").json["total"]
    members = signed_in(shared_app, "ulla.hopeavirta@lehtojoki.example").get("/introductions?total=true").json["total"]
    colleagues = signed_in(shared_app, "tuula.harjunen@taival.example").get("/introductions?total=true").json["total"]
    assert 0 < strangers < members < colleagues


def test_no_address_can_be_somebodys(made: dict[str, Any]) -> None:
    addresses = {value for document in documents() for row in document.each({}) for value in _texts(row) if "@" in value}
    assert len(addresses) >= 600
    assert {address for address in addresses if not address.rstrip(">").endswith((".example", "example.org"))} == set()


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) and " " not in value else []


def test_each_start_prints_a_token_of_the_coordinator(shared_app: Flask, made: dict[str, Any]) -> None:
    said: list[str] = []
    processes.show_demo(said.append)
    token = said[-1].split()[2]
    assert Api(shared_app.test_client(), token).get("/members/me").json["email"] == demo.COORDINATOR


def test_the_newsletter_has_630_confirmed_subscribers(coordinator: Api, made: dict[str, Any]) -> None:
    found = coordinator.get(f"/newsletters/{made['newsletter'].pk}/subscribers?state=active&total=true&limit=1").json
    assert found["total"] == 630


def test_the_sent_issue_accounts_for_every_subscriber(coordinator: Api, made: dict[str, Any]) -> None:
    issue = coordinator.get(f"/newsletters/{made['newsletter'].pk}/issues?state=sent").json["items"][0]
    assert issue["state"] == "sent"
    counts = coordinator.get(f"/issues/{issue['id']}/deliveries?limit=1").json["counts"]
    assert counts == {"accepted": 627, "refused": 3}


def test_theme_days_are_in_every_phase(anyone: Api) -> None:
    events = anyone.get("/events?limit=100").json["items"]
    assert {"upcoming", "open", "full", "closed", "ended"} <= {event["phase"] for event in events}
    waiting = [event for event in events if any(seats["waiting"] for seats in event["seats"].values())]
    assert len(waiting) == 2


def test_the_next_issue_waits_for_its_editor_and_is_fit_to_be_read(coordinator: Api, made: dict[str, Any]) -> None:
    issue = coordinator.get(f"/newsletters/{made['newsletter'].pk}/issues?state=draft").json["items"][0]
    assert {block["section"] for block in issue["blocks"]} == {"editorial", "events", "introductions", "news", "practices"}
    assert coordinator.get(f"/issues/{issue['id']}/checks").json["failures"] == []


def test_a_platform_with_a_network_is_left_alone(app: Flask, regional: Network) -> None:
    assert make_demo() == {}
    assert Member.row({}) is None
