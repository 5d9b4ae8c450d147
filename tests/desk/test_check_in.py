"""The door on a phone: codes, names, what has just happened, and how many are here."""

from urllib.parse import parse_qs, urlsplit

import pytest

from events import tickets
from events.attendance_documents import Attendance
from events.documents import Event
from events.registration_documents import Registration
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.desk.conftest import Person
from tests.events.factories import make_event, register


@pytest.fixture
def aino(anyone: Api, event: Event) -> Registration:
    """Somebody with a seat on site."""
    return Registration.get(register(anyone, event, "aino").json["id"])


def scan(coordinator: Person, event: Event, code: str) -> str:
    """Send a code; the page that comes of it."""
    answer = coordinator.post(f"/desk/events/{event.pk}/check-in", code=code)
    assert answer.status_code == 303
    return coordinator.get(answer.location).text


def test_a_ticket_is_checked_in_once(coordinator: Person, event: Event, aino: Registration) -> None:
    code = tickets.code_of(aino)
    text = scan(coordinator, event, f" {code.lower()[:20]} {code[20:]} ")
    assert ("Welcome" in text, "Aino" in text, "1 of 1 have come" in text) == (True, True, True)
    text = scan(coordinator, event, code)
    assert ("Already here" in text, "1 of 1 have come" in text) == (True, True)
    assert len(Attendance.rows({})) == 1


def test_each_refusal_is_told_in_words(
    coordinator: Person, regional: Network, event: Event, anyone: Api, aino: Registration
) -> None:
    other = make_event(regional)
    stray = Registration.get(register(anyone, other, "leena").json["id"])
    code = tickets.code_of(aino)
    assert "Not a ticket" in scan(coordinator, event, "nonsense")
    assert "Not a ticket" in scan(coordinator, event, "")
    assert "Another theme day" in scan(coordinator, event, tickets.code_of(stray))
    Registration.change({"_id": aino.pk}, {"$set": {"mode": "remote"}})
    assert "Remote seat" in scan(coordinator, event, code)
    Registration.change({"_id": aino.pk}, {"$set": {"status": "waitlisted"}})
    assert "In the queue" in scan(coordinator, event, code)
    Registration.change({"_id": aino.pk}, {"$set": {"status": "cancelled"}})
    assert "This registration has been cancelled." in scan(coordinator, event, code)
    Registration.change({"_id": aino.pk}, {"$set": {"nonce": "0" * 16}})
    assert "No longer valid" in scan(coordinator, event, code)
    assert Attendance.rows({}) == []


def test_somebody_is_found_by_name_marked_and_unmarked(coordinator: Person, event: Event, aino: Registration) -> None:
    path = f"/desk/events/{event.pk}/check-in"
    assert "Is here" in coordinator.get(f"{path}?q=ain").text
    assert "Nobody of this name has registered." in coordinator.get(f"{path}?q=matti").text
    answer = coordinator.post(f"{path}/by-hand", registration_id=str(aino.pk))
    assert "Welcome" in coordinator.get(answer.location).text
    assert "Here since" in coordinator.get(f"{path}?q=ain").text
    again = coordinator.post(f"{path}/by-hand", registration_id=str(aino.pk))
    assert "Already here" in coordinator.get(again.location).text
    (entry,) = parse_qs(urlsplit(answer.location).query)["entry"]
    assert coordinator.post(f"{path}/undo", entry_id=entry).status_code == 303
    assert Registration.get(aino.pk).attended_at is None
    assert "Undone already" in coordinator.get(coordinator.post(f"{path}/undo", entry_id=entry).location).text


def test_only_people_of_this_theme_day_are_marked_here(
    coordinator: Person, regional: Network, event: Event, aino: Registration
) -> None:
    path = f"/desk/events/{make_event(regional).pk}/check-in"
    assert coordinator.post(f"{path}/by-hand", registration_id=str(aino.pk)).status_code == 404
    entry = coordinator.post(f"/desk/events/{event.pk}/check-in/by-hand", registration_id=str(aino.pk)).location.rpartition("=")[
        2
    ]
    assert coordinator.post(f"{path}/undo", entry_id=entry).status_code == 404
    assert coordinator.get(f"{path}?entry={entry}").status_code == 404


def test_only_this_page_may_use_the_camera(coordinator: Person, event: Event) -> None:
    here = coordinator.get(f"/desk/events/{event.pk}/check-in").headers["Permissions-Policy"]
    assert here.startswith("camera=(self)")
    assert coordinator.get("/desk").headers["Permissions-Policy"].startswith("camera=()")


def test_editors_and_strangers_check_nobody_in(editor: Person, stranger: Person, event: Event, aino: Registration) -> None:
    code = tickets.code_of(aino)
    for rest, typed in (("", {"code": code}), ("/by-hand", {"registration_id": str(aino.pk)})):
        assert editor.send(f"/desk/events/{event.pk}/check-in{rest}", typed).status_code == 403
        assert stranger.send(f"/desk/events/{event.pk}/check-in{rest}", typed).location == "/sign-in"
    assert Attendance.rows({}) == []
