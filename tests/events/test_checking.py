"""`network-api check` finds each thing that does not add up between theme days and registrations."""

from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from events import attendance
from events.attendance_documents import MANUAL, Attendance
from events.documents import Event
from events.feature import check
from events.registration_documents import Registration
from events.seating import REMOTE
from network_api.documents import BaseDocument
from network_api.networks.documents import Network
from tests.clients import Api
from tests.events.factories import make_event, register


@pytest.fixture
def event(app: Flask, regional: Network, anyone: Api) -> Event:
    """Two of its people have the seats on site, two wait, and one takes part remotely and was there."""
    event = make_event(regional)
    for who in ("aino", "eero", "ilmari", "kaisa"):
        assert register(anyone, event, who, wait=True).status_code == 201
    register(anyone, event, "leena", mode=REMOTE)
    attendance.record(of("leena"), MANUAL, REMOTE)
    assert list(check()) == []
    return event.fresh()


def of(who: str) -> Registration:
    found = Registration.first({"email_key": f"{who}@example.org"})
    assert found is not None
    return found


def changed(document: BaseDocument, **fields: Any) -> None:
    """Write past every rule, as only a fault would."""
    document.collection().update_one({"_id": document.pk}, {"$set": fields})


def found() -> set[str]:
    return {problem.invariant for problem in check()}


def test_a_seat_that_nobody_has_is_found(event: Event) -> None:
    changed(event, **{"seats.remote.taken": 2})
    assert found() == {"event_seats"}


def test_two_who_wait_with_one_number_are_found(event: Event) -> None:
    changed(of("kaisa"), queue_number=of("ilmari").queue_number)
    assert found() == {"event_queue"}


def test_who_waits_without_a_place_in_the_queue_is_found(event: Event) -> None:
    changed(of("kaisa"), waiting_for=None)
    assert found() == {"event_seats", "registration_queue"}


def test_two_live_registrations_of_one_address_are_found(event: Event) -> None:
    Registration.collection().drop_index("event_id_1_email_key_1")
    try:
        changed(of("eero"), email_key="aino@example.org")
        assert found() == {"registration_twice"}
    finally:
        Registration.remove({"event_id": event.pk})
        Registration.ensure_indexes()


def test_a_registration_that_has_let_go_of_its_address_is_found(event: Event) -> None:
    changed(of("eero"), active=None)
    assert found() == {"registration_active"}


def test_attendance_that_does_not_follow_from_the_ledger_is_found(event: Event) -> None:
    changed(of("leena"), attended_minutes=90)
    assert found() == {"registration_attendance"}


@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_entry_about_no_registration_of_the_theme_day_is_found(event: Event, regional: Network, elsewhere: bool) -> None:
    entry = Attendance.first({"event_id": event.pk})
    assert entry is not None
    stray = {**entry.to_mongo().to_dict(), "_id": ObjectId(), "cause": "another"}
    where = {"event_id": make_event(regional).pk} if elsewhere else {"registration_id": ObjectId()}
    Attendance.collection().insert_one({**stray, **where})
    assert "attendance_of_nobody" in found()
