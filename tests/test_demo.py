"""The demo data: made once, all of it adding up."""

from collections.abc import Callable

from flask import Flask

from network_api import demo, processes
from network_api.app import FEATURES, documents, make_demo
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import Api


def counted() -> dict[str, int]:
    """How many of each document there are, apart from those that every start may add."""
    names = {document: document.collection().count_documents({}) for document in documents()}
    return {document.__name__: number for document, number in names.items() if document.__name__ != "AccessToken"}


def test_it_adds_up(app: Flask) -> None:
    made = make_demo()
    assert [problem for feature in FEATURES for problem in feature.check()] == []
    assert set(made) >= {"members", "networks"}


def test_it_is_made_once(app: Flask) -> None:
    make_demo()
    before = counted()
    assert make_demo() == {}
    assert counted() == before


def test_it_leaves_a_platform_with_a_network_alone(regional: Network) -> None:
    assert make_demo() == {}
    assert Member.row({}) is None


def test_it_serves_some_regions_and_leaves_others_visibly_without(app: Flask, anyone: Api) -> None:
    make_demo()
    regions = anyone.get("/regions").json["items"]
    served = sum(bool(region["networks"]) for region in regions)
    assert len(regions) == 19
    assert 10 <= served <= 15


def test_everybody_sees_the_introductions_of_those_who_agreed(app: Flask, anyone: Api, signed_in: Callable[..., Api]) -> None:
    make_demo()
    strangers = anyone.get("/introductions?total=true").json["total"]
    members = signed_in("somebody@example.org").get("/introductions?total=true").json["total"]
    colleagues = signed_in("tuula.harjunen@taival.example").get("/introductions?total=true").json["total"]
    assert 0 < strangers < members < colleagues


def test_no_address_can_be_somebodys(app: Flask) -> None:
    make_demo()
    addresses = {value for document in documents() for row in document.each({}) for value in _texts(row) if "@" in value}
    assert len(addresses) >= 40
    assert {
        address for address in addresses if not address.split("@")[-1].rstrip(">").endswith((".example", "example.org"))
    } == set()


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) and " " not in value else []


def test_each_start_prints_a_token_of_the_coordinator(app: Flask) -> None:
    make_demo()
    said: list[str] = []
    processes.show_demo(said.append)
    token = said[-1].split()[2]
    me = Api(app.test_client(), token).get("/members/me").json
    assert me["email"] == demo.COORDINATOR
