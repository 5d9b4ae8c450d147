"""Two who say at one moment that somebody came: both have read the ledger before either writes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local
from typing import Any

import pytest
from bson import ObjectId
from werkzeug.test import TestResponse

from events.attendance_documents import Attendance
from events.documents import Event
from events.registration_documents import Registration
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import register
from tests.events.test_attendance import code
from tests.events.test_meeting_reports import send
from tests.events.test_pages import move

Link = Callable[..., str]
AtOnce = Callable[..., list[TestResponse]]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> AtOnce:
    """`at_once(ask, client, "a", "b")`: what `ask` answers to each, asked with the client's token at one moment."""
    both_have_read, read, waited = Barrier(2, timeout=10), Attendance.of, local()

    def read_together(registration_id: ObjectId) -> list[Attendance]:
        found = read(registration_id)
        if not hasattr(waited, "once"):
            waited.once = both_have_read.wait()
        return found

    def run(ask: Callable[[Api, str], TestResponse], client: Api, *given: str) -> list[TestResponse]:
        monkeypatch.setattr(Attendance, "of", read_together)
        clients = [Api(client.client.application.test_client(), client.token) for _ in given]
        with ThreadPoolExecutor(2) as both:
            return list(both.map(ask, clients, given))

    return run


def statuses(answers: Iterable[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("guarded", [True, False])
def test_two_scanners_at_one_moment_let_a_ticket_in_once(
    anyone: Api, coordinator: Api, event: Event, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The negative control leaves the registration unwritten."""
    register(anyone, event, "eka")
    scanned = code("eka")
    if not guarded:
        monkeypatch.setattr(Registration, "note_attendance", lambda *_: None)

    def let_in(scanner: Api, nonce: str) -> TestResponse:
        return scanner.post(f"/events/{event.pk}/check-ins", {"code": scanned, "nonce": nonce})

    assert statuses(at_once(let_in, coordinator, "nonce-00001", "nonce-00002")) == ([201, 409] if guarded else [201, 201])


def test_one_scan_sent_twice_at_one_moment_is_one_entry(anyone: Api, coordinator: Api, event: Event, at_once: AtOnce) -> None:
    register(anyone, event, "eka")
    scanned = code("eka")

    def let_in(scanner: Api, nonce: str) -> TestResponse:
        return scanner.post(f"/events/{event.pk}/check-ins", {"code": scanned, "nonce": nonce})

    first, second = at_once(let_in, coordinator, "nonce-00001", "nonce-00001")
    assert (first.status_code, second.status_code, first.json) == (201, 201, second.json)
    adds_up()


def test_two_marks_at_one_moment_are_one_entry(anyone: Api, coordinator: Api, event: Event, at_once: AtOnce) -> None:
    path = f"/registrations/{register(anyone, event, 'eka').json['id']}/check-in"
    answers = at_once(lambda client, _: client.post(path), coordinator, "a", "b")
    assert statuses(answers) == [200, 201]
    assert answers[0].json == answers[1].json
    adds_up()


def test_a_button_pressed_twice_at_one_moment_is_one_entry(anyone: Api, event: Event, link: Link, at_once: AtOnce) -> None:
    register(anyone, event, "eta", mode="remote")
    move(event, minutes=5)
    path = f"//join/{link('eta', 'join/')}"
    assert statuses(at_once(lambda client, _: client("POST", path), anyone, "a", "b")) == [303, 303]
    assert len(Attendance.rows({})) == 1
    adds_up()


def test_one_report_sent_twice_at_one_moment_is_one_entry(anyone: Api, coordinator: Api, event: Event, at_once: AtOnce) -> None:
    register(anyone, event, "eta", mode="remote")
    report = b"Name (original name),Email,Duration (minutes)\nEta,eta@example.org,85\n"
    sent: Any = at_once(lambda client, _: send(client, event, report), coordinator, "a", "b")
    assert statuses(sent) == [200, 200]
    assert [row["minutes"] for row in Attendance.rows({})] == [85]
    adds_up()
