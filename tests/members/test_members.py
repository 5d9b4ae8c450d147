"""Members, the directory and introductions: who sees what, and consent that acts at once."""

from collections.abc import Callable
from typing import Any

import pytest

from network_api.documents import BaseDocument
from network_api.feature import features
from network_api.mail.outbox import OutgoingMail
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import Api

INTRODUCTION = {
    "text": {"fi": "Hei, valmennan **nuoria** Äänekoskella."},
    "offers": ["CV-klinikka"],
    "wishes": ["työnantajayhteistyö"],
    "audience": "public",
    "publish_in_newsletter": True,
}


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer.json["items"]]


@pytest.mark.parametrize(
    ("audience", "seen_by"),
    [
        ("public", {"stranger", "member", "colleague", "elsewhere"}),
        ("members", {"member", "colleague", "elsewhere"}),
        ("network", {"colleague"}),
        (None, set()),
    ],
)
def test_the_directory_and_introductions_show_people_only_to_whom_they_consented(
    anyone: Api, signed_in: Callable[..., Api], regional: Network, other_region: Network, audience: str | None, seen_by: set[str]
) -> None:
    aino = signed_in("aino@example.org", regional, "member")
    aino.patch("/members/me", {"name": "Aino Virtanen", "directory_audience": audience})
    if audience:
        aino.put("/members/me/introduction", {**INTRODUCTION, "audience": audience})
    readers = {
        "stranger": anyone,
        "member": signed_in("jasen@example.org"),
        "colleague": signed_in("kollega@example.org", regional, "member"),
        "elsewhere": signed_in("muualla@example.org", other_region, "coordinator"),
    }
    for path in ("/members", "/introductions"):
        assert {name for name, reader in readers.items() if names(reader.get(path))} == seen_by, path
    own = f"/members/{aino.get('/members/me').json['id']}"
    assert {name for name, reader in readers.items() if reader.get(own).status_code == 200} == seen_by


def test_a_member_of_the_national_network_does_not_see_what_a_region_keeps_to_itself(
    signed_in: Callable[..., Api], national: Network, regional: Network
) -> None:
    signed_in("aino@example.org", regional, "member").put("/members/me/introduction", {**INTRODUCTION, "audience": "network"})
    assert names(signed_in("jasen@example.org", national, "member").get("/introductions")) == []
    assert len(names(signed_in("koordinaattori@example.org", national, "coordinator").get("/introductions"))) == 1


def test_narrowing_and_withdrawing_act_at_once(anyone: Api, signed_in: Callable[..., Api], regional: Network) -> None:
    aino, member = signed_in("aino@example.org", regional, "member"), signed_in("jasen@example.org")
    assert aino.put("/members/me/introduction", INTRODUCTION).status_code == 201
    assert len(names(anyone.get("/introductions"))) == 1
    assert aino.put("/members/me/introduction", {**INTRODUCTION, "audience": "members"}).status_code == 200
    assert (names(anyone.get("/introductions")), len(names(member.get("/introductions")))) == ([], 1)
    assert aino.delete("/members/me/introduction").status_code == 204
    assert names(member.get("/introductions")) == []
    assert aino.get("/members/me/introduction").status_code == 404


def test_leaving_a_network_closes_what_was_shown_to_it(signed_in: Callable[..., Api], regional: Network) -> None:
    aino, colleague = signed_in("aino@example.org", regional, "member"), signed_in("kollega@example.org", regional, "member")
    aino.put("/members/me/introduction", {**INTRODUCTION, "audience": "network"})
    assert len(names(colleague.get("/introductions"))) == 1
    (membership,) = aino.get("/members/me/export").json["data"]["networks"]["memberships"]
    assert aino.delete(f"/memberships/{membership['_id']}", If_Match="*").status_code == 204
    assert names(colleague.get("/introductions")) == []


def test_consent_is_kept_with_its_time_and_wording_and_renewed_only_by_a_change(signed_in: Callable[..., Api]) -> None:
    aino = signed_in("aino@example.org")
    first = aino.put("/members/me/introduction", INTRODUCTION).json["consent"]
    assert (first["audience"], bool(first["wording"]), bool(first["given_at"])) == ("public", True, True)
    assert aino.put("/members/me/introduction", {**INTRODUCTION, "wishes": []}).json["consent"] == first
    assert aino.put("/members/me/introduction", {**INTRODUCTION, "audience": "members"}).json["consent"]["audience"] == "members"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=virt", 1),
        ("q=VIRTÁNEN", 1),
        ("q=virtanen+esimerkki", 1),
        ("q=nobody", 0),
        ("region=FI-08", 1),
        ("region=FI-10", 0),
        ("organisation_type=association", 1),
        ("organisation_type=company", 0),
        ("network=NETWORK", 1),
        ("network=65f1c0ffee65f1c0ffee65f1", 0),
    ],
)
def test_the_directory_is_filtered(signed_in: Callable[..., Api], regional: Network, query: str, found: int) -> None:
    aino = signed_in("aino@example.org", regional, "member")
    aino.patch(
        "/members/me",
        {
            "name": "Aino Virtanen",
            "region": "FI-08",
            "directory_audience": "members",
            "organisation": {"name": "Esimerkkiyhdistys ry", "type": "association"},
        },
    )
    assert len(names(aino.get("/members?" + query.replace("NETWORK", str(regional.pk))))) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=aanekosk", 1),
        ("q=klinikka", 1),
        ("q=cv", 1),
        ("since=2020-01-01T00:00:00Z", 1),
        ("since=2999-01-01T00:00:00Z", 0),
    ],
)
def test_introductions_are_filtered(anyone: Api, signed_in: Callable[..., Api], query: str, found: int) -> None:
    signed_in("aino@example.org").put("/members/me/introduction", INTRODUCTION)
    assert len(names(anyone.get(f"/introductions?{query}"))) == found


def test_pages_of_introductions_go_from_the_newest_and_lose_nobody(anyone: Api, signed_in: Callable[..., Api]) -> None:
    for number in range(5):
        api = signed_in(f"jasen{number}@example.org")
        api.patch("/members/me", {"name": f"Jäsen {number}"})
        api.put("/members/me/introduction", INTRODUCTION)
    seen, path = [], "/introductions?limit=2"
    while path:
        answer = anyone.get(path)
        seen += names(answer)
        path = f"/introductions?limit=2&cursor={answer.json['next']}" if answer.json["next"] else ""
    assert seen == [f"Jäsen {number}" for number in (4, 3, 2, 1, 0)]


def test_the_export_holds_all_that_features_keep(signed_in: Callable[..., Api], regional: Network) -> None:
    aino = signed_in("aino@example.org", regional, "editor")
    aino.put("/members/me/introduction", INTRODUCTION)
    data = aino.get("/members/me/export").json["data"]
    assert set(data) == {feature.name for feature in features()}
    assert data["members"]["member"]["introduction"]["offers"] == ["CV-klinikka"]
    assert data["networks"]["memberships"][0]["role"] == "editor"


def test_erasure_leaves_no_trace_of_the_address(signed_in: Callable[..., Api], regional: Network) -> None:
    signed_in("toinen@example.org", regional, "coordinator")
    aino = signed_in("aino@example.org", regional, "member")
    aino.put("/members/me/introduction", INTRODUCTION)
    erased = aino.delete("/members/me")
    assert (erased.status_code, erased.json["state"]) == (202, "done")
    assert aino.get("/members/me").status_code == 401
    database = BaseDocument.collection.__func__(Member).database  # type: ignore[attr-defined]
    for name in database.list_collection_names():
        assert not any("aino@example.org" in str(row) for row in database[name].find()), name


def test_erasing_the_last_coordinator_is_never_refused_and_the_national_ones_are_told(
    signed_in: Callable[..., Api], national: Network, regional: Network
) -> None:
    signed_in("kansallinen@example.org", national, "coordinator")
    aino = signed_in("aino@example.org", regional, "coordinator")
    assert aino.delete("/members/me").status_code == 202
    assert Network.get(regional.pk).coordinators == 0
    assert [row["to"] for row in OutgoingMail.rows({})] == ["kansallinen@example.org"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": {}}, "text"),
        ({"text": {"de": "Hallo"}}, "text"),
        ({"audience": "world"}, "audience"),
        ({"offers": ["x" * 81]}, "offers"),
        ({"offers": ["a\r\nb"]}, "offers"),
        ({"wishes": "one"}, "wishes"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_bad_introduction_names_its_field_and_writes_nothing(
    signed_in: Callable[..., Api], body: dict[str, Any], field: str
) -> None:
    aino = signed_in("aino@example.org")
    answer = aino.put("/members/me/introduction", {**INTRODUCTION, **body})
    assert (answer.status_code, answer.mimetype, list(answer.json["errors"])) == (422, "application/problem+json", [field])
    assert aino.get("/members/me/introduction").status_code == 404
