"""What is told: each type of the catalogue by its own cause, with ids and nothing else; the document and the guide list them."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from openapi_schema_validator import OAS31Validator

from events import attendance
from events.attendance_documents import MANUAL
from events.registration_documents import Registration
from events.seating import ONSITE
from events.webhooks import tell_of_registration
from network_api.app import FEATURES
from network_api.members import erasing
from network_api.members.documents import Member
from network_api.networks.documents import Network
from network_api.webhooks.catalogue import documented, names, types_of
from network_api.webhooks.documents import Webhook
from network_api.webhooks.message_documents import WebhookMessage
from newsletters.dispatch import batches
from newsletters.subscriptions import subscribing, undeliverable
from tests.conftest import Api
from tests.events.factories import make_event, person, send_pdf
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe
from tests.world import INTRODUCTION

FREE = {"onsite": 1}
Told = Callable[[], list[str]]


@pytest.fixture
def told(app: Flask, national: Network) -> Told:
    """The types that were told since the last time; somebody wants to hear everything."""
    Webhook(network_id=national.pk, name="Kaikki", url="https://www.example.org/", types=["*"]).insert()
    seen: set[ObjectId] = set()

    def fresh() -> list[str]:
        rows = [row for row in WebhookMessage.rows({"spread": False}, sort=[("_id", 1)]) if row["_id"] not in seen]
        seen.update(row["_id"] for row in rows)
        return [row["type"] for row in rows]

    return fresh


@pytest.fixture
def kerttu(signed_in: Callable[..., Api], regional: Network) -> Api:
    return signed_in("kerttu@example.org", regional, "coordinator")


def test_a_theme_day_is_told_from_its_publication_on(told: Told, kerttu: Api, regional: Network) -> None:
    event = make_event(regional, status="draft", published_at=None)
    path = f"/events/{event.pk}"
    assert kerttu.patch(path, {"topics": ["etätyö"]}, If_Match="*").status_code == 200
    assert told() == []
    assert kerttu.post(f"{path}/publish").status_code == 200
    assert told() == ["event.published"]
    assert kerttu.patch(path, {"topics": ["etätyö"]}, If_Match="*").status_code == 200
    assert told() == []  # nothing differs
    assert kerttu.patch(path, {"topics": []}, If_Match="*").status_code == 200
    assert told() == ["event.changed"]
    assert kerttu.post(f"{path}/cancel", {"reason": "Sairastapaus"}).status_code == 200
    assert told() == ["event.cancelled"]


def test_a_material_is_told_once_something_is_behind_it(told: Told, kerttu: Api, regional: Network) -> None:
    path = f"/events/{make_event(regional).pk}/materials"
    material = kerttu.post(path, {"title": {"fi": "Esitys"}}).json["id"]
    assert told() == []
    send_pdf(kerttu, f"{path}/{material}/file")
    assert told() == ["material.published"]
    send_pdf(kerttu, f"{path}/{material}/file")
    assert told() == []
    kerttu.post(path, {"title": {"fi": "Linkki"}, "url": "https://example.org/"})
    assert told() == ["material.published"]
    row = WebhookMessage.rows({"spread": False}, sort=[("_id", 1)])[0]
    assert row["data"]["url"].endswith(f"{path}/{material}")


def test_the_life_of_a_registration_is_told(told: Told, kerttu: Api, anyone: Api, regional: Network) -> None:
    event = make_event(regional, capacity=FREE)
    path = f"/events/{event.pk}/registrations"
    first = anyone.post(path, person("eka")).json["id"]
    second = anyone.post(path, {**person("toka"), "wait": True}).json["id"]
    assert anyone.post(path, person("kolmas")).status_code == 409
    assert told() == ["registration.created", "registration.created"]
    assert kerttu.patch(f"/registrations/{first}", {"name": "Aino"}, If_Match="*").status_code == 200
    assert told() == ["registration.changed"]
    assert kerttu.delete(f"/registrations/{first}", If_Match="*").status_code == 204
    assert sorted(told()) == ["registration.cancelled", "registration.promoted"]
    attendance.record(Registration.get(second), MANUAL, ONSITE)
    assert told() == ["registration.attended"]
    message = WebhookMessage.rows({"type": "registration.promoted", "spread": False})[0]
    assert message["data"] == {
        "id": ObjectId(second),
        "network_id": regional.pk,
        "event_id": event.pk,
        "version": 2,
        "url": f"http://localhost/api/v1/registrations/{second}",
    }


def test_a_seat_that_is_offered_is_told_and_so_is_what_becomes_of_it(
    told: Told, kerttu: Api, anyone: Api, regional: Network
) -> None:
    event = make_event(regional, capacity=FREE, offer_hours=24)
    path = f"/events/{event.pk}/registrations"
    first = anyone.post(path, person("eka")).json["id"]
    second, _ = (anyone.post(path, {**person(name), "wait": True}).json["id"] for name in ("toka", "kolmas"))
    told()
    kerttu.delete(f"/registrations/{first}", If_Match="*")
    assert sorted(told()) == ["registration.cancelled", "registration.offered"]
    assert kerttu.post(f"/registrations/{second}/decline-offer").status_code == 200
    assert sorted(told()) == ["registration.cancelled", "registration.offered"]


def test_who_comes_and_goes_is_told(told: Told, kerttu: Api, signed_in: Callable[..., Api], regional: Network) -> None:
    aino = signed_in("aino@example.org")
    asked = aino.post(f"/networks/{regional.pk}/memberships").json["id"]
    assert told() == ["membership.requested"]
    assert kerttu.patch(f"/memberships/{asked}", {"state": "active"}, If_Match="*").status_code == 200
    assert told() == ["membership.joined"]
    assert kerttu.patch(f"/memberships/{asked}", {"role": "editor"}, If_Match="*").status_code == 200
    assert told() == []
    assert aino.delete(f"/memberships/{asked}", If_Match="*").status_code == 204
    assert told() == ["membership.left"]


def test_an_introduction_is_told_to_each_network_of_its_member(
    told: Told, signed_in: Callable[..., Api], regional: Network, other_region: Network
) -> None:
    aino = signed_in("aino@example.org", regional, "member", other_region, "member")
    assert aino.put("/members/me/introduction", INTRODUCTION).status_code in (200, 201)
    assert told() == ["introduction.published"] * 2
    assert aino.delete("/members/me/introduction").status_code == 204
    assert told() == ["introduction.withdrawn"] * 2


def test_subscriptions_and_issues_are_told(told: Told, regional: Network) -> None:
    newsletter = make_newsletter(regional)
    first, second, third = (subscribe(newsletter, f"{name}@example.org") for name in ("eka", "toka", "kolmas"))
    told()
    subscribing.unsubscribe(first)
    subscribing.unsubscribe(first.fresh())
    assert told() == ["subscription.unsubscribed"]
    assert undeliverable.bounce(second.pk, "550 5.1.1 no such user")
    assert undeliverable.complain(third.pk)
    assert told() == ["subscription.bounced", "subscription.unsubscribed"]
    subscribing.subscribe(newsletter, {"email": "uusi@example.org"}, "form")
    pending = subscribing.find_subscribers(newsletter, {"state": "pending", "paging": {"limit": 1}}).items[0]
    assert told() == []
    subscribing.confirm(first.wrap(pending))
    assert told() == ["subscription.confirmed"]


def test_an_issue_that_has_gone_out_is_told(told: Told, regional: Network, deliver: Callable[[], None]) -> None:
    issue = issue_being_sent(make_newsletter(regional))
    told()
    while issue.fresh().state == "sending":
        batches.work(issue.pk)
    assert told() == ["issue.sent"]


def test_an_erasure_is_told_as_what_it_ends(
    told: Told, anyone: Api, signed_in: Callable[..., Api], regional: Network, national: Network
) -> None:
    signed_in("aino@example.org", regional, "member")
    subscribe(make_newsletter(regional), "aino@example.org")
    event = make_event(regional)
    assert anyone.post(f"/events/{event.pk}/registrations", person("aino")).status_code == 201
    told()
    erasing.erase(Member.of_address("aino@example.org"))
    assert sorted(told()) == ["membership.left", "registration.cancelled", "subscription.unsubscribed"]


def test_a_change_that_comes_to_nothing_is_not_told(
    told: Told, anyone: Api, regional: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is part of the transaction that causes it."""

    def tell_and_fail(*given: Any) -> None:
        tell_of_registration(*given)
        raise RuntimeError

    event = make_event(regional)
    monkeypatch.setattr("events.admission.webhooks.tell_of_registration", tell_and_fail)
    assert anyone.post(f"/events/{event.pk}/registrations", person("eka")).status_code == 500
    assert Registration.row({"event_id": event.pk}) is None
    assert told() == []


def test_each_type_is_in_the_document_with_an_example_that_fits(app: Flask) -> None:
    said = app.test_client().get("/api/v1/openapi.json").json["webhooks"]
    assert sorted(said) == sorted(kind.name for kind in types_of(FEATURES)) == names()[1:]
    for kind, operation in said.items():
        content = operation["post"]["requestBody"]["content"]["application/json"]
        assert list(OAS31Validator(content["schema"]).iter_errors(content["example"])) == [], kind
        assert {header["name"] for header in operation["post"]["parameters"]} == {
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
        }
    assert documented(()) == {}


def test_each_type_leads_to_a_route_of_the_api(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for kind in types_of(FEATURES):
        path = kind.path.format(id=ObjectId(), network_id=ObjectId(), **dict.fromkeys(kind.ids, ObjectId()))
        assert adapter.match(f"/api/v1/{path.partition('?')[0]}", method="GET"), kind.name
