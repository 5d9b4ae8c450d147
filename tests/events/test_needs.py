"""What people need to take part is kept apart: who reads it, and when it goes."""

from collections.abc import Callable
from typing import Any

import pytest

from events.documents import Event
from events.needs_documents import Needs
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import register

Link = Callable[..., str]
LOOP = {"needs": "Induktiosilmukka", "diet": "Gluteeniton"}


def kept() -> list[Any]:
    return [(row.get("needs"), row.get("diet")) for row in Needs.rows({})]


def test_needs_are_stored_apart_and_only_the_person_reads_them_beside_the_registration(
    anyone: Api, signed_in: Callable[..., Api], coordinator: Api, event: Event, link: Link
) -> None:
    made = register(anyone, event, "eka", **LOOP).json
    assert {name: made[name] for name in LOOP} == LOOP
    assert "Induktiosilmukka" not in str(Registration.rows({}))
    path, own = f"/registrations/{made['id']}", signed_in("eka@example.org")
    for reading in (own.get(path), anyone.get(f"/manage/registrations/{link('eka')}")):
        assert {name: reading.json[name] for name in LOOP} == LOOP
    assert own.get("/members/me/registrations").json["items"][0]["diet"] == "Gluteeniton"
    assert own.get("/members/me/export").get_data(as_text=True).count("Gluteeniton") == 1
    for elsewhere in (path, f"/events/{event.pk}/registrations", f"/events/{event.pk}/registrations.csv"):
        answer = coordinator.get(elsewhere)
        assert answer.status_code == 200
        assert "Induktiosilmukka" not in answer.get_data(as_text=True)


def test_coordinators_have_a_list_of_needs_of_their_own(
    anyone: Api, coordinator: Api, signed_in: Callable[..., Api], event: Event, regional: Network
) -> None:
    register(anyone, event, "eka", **LOOP)
    register(anyone, event, "toka", needs="", diet=None)
    listed = coordinator.get(f"/events/{event.pk}/needs").json["items"]
    assert [(found["name"], found["mode"], found["status"], found["needs"], found["diet"]) for found in listed] == [
        ("Eka", "onsite", "confirmed", *LOOP.values())
    ]
    assert signed_in("eki@example.org", regional, "editor").get(f"/events/{event.pk}/needs").status_code == 403


def test_a_coordinator_who_writes_needs_down_does_not_read_them_back_nor_in_the_audit_log(
    anyone: Api, coordinator: Api, event: Event
) -> None:
    path = f"/registrations/{register(anyone, event, 'eka').json['id']}"
    before = coordinator.get(path).headers["ETag"]
    changed = coordinator.patch(path, LOOP, If_Match=before)
    assert (changed.status_code, "needs" in changed.json, kept()) == (200, False, [tuple(LOOP.values())])
    assert coordinator.patch(path, {"diet": "x"}, If_Match=before).status_code == 412
    assert "Induktiosilmukka" not in str(AuditEntry.rows({}))


def test_needs_that_are_taken_back_are_gone(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eka", **LOOP)
    path = f"/manage/registrations/{link('eka')}"
    assert anyone.patch(path, {"needs": None}).json["diet"] == "Gluteeniton"
    assert kept() == [(None, "Gluteeniton")]
    assert anyone.patch(path, {"diet": ""}).status_code == 200
    assert kept() == []


@pytest.mark.parametrize("leave", ["cancel", "erase"])
def test_who_leaves_leaves_no_needs(anyone: Api, signed_in: Callable[..., Api], event: Event, link: Link, leave: str) -> None:
    register(anyone, event, "eka", **LOOP)
    assert len(kept()) == 1
    if leave == "cancel":
        assert anyone.delete(f"/manage/registrations/{link('eka')}").status_code == 204
    else:
        assert signed_in("eka@example.org").delete("/members/me").status_code == 202
    assert kept() == []
