"""200 people, 50 seats, several processes at the same moment: the proof that nothing oversells, and that it can fail."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from events import seating
from events.documents import Event
from events.feature import check
from events.registration_documents import Registration
from events.seating import PUBLISHED
from network_api.app import create_app
from network_api.networks.documents import Network
from tests.events.factories import make_event
from tests.processes import at_once, together

PEOPLE, SEATS, PROCESSES = 200, 50, 4
FEWER, FEWER_SEATS = 48, 12  # for what 200 would show no better
Told = Counter[tuple[int, str]]
Rush = Callable[..., Told]


def register(settings: dict[str, Any], event_id: str, people: range, wait: bool, guard: bool) -> Told:
    """Register everybody, one after the other, in a process of its own; how many were told what."""
    if not guard:  # the negative control: seats are counted, and nothing asks whether there is one
        seating.seat_guard = lambda event, mode: {"status": PUBLISHED}
    client = create_app(settings).test_client()
    together()
    told: Told = Counter()
    for number in people:
        body = {"mode": "onsite", "name": f"Henkilö {number}", "email": f"henkilo{number}@example.org", "wait": wait}
        answer = client.post(f"/api/v1/events/{event_id}/registrations", json=body)
        said = answer.get_json()
        told[answer.status_code, said.get("code") or said["status"]] += 1
    return told


@pytest.fixture
def rush(own_settings: dict[str, Any]) -> Rush:
    """`rush(event, people, wait=False, guard=True)`: everybody registers at once; how many were told what."""

    def run(event: Event, people: int, *, wait: bool = False, guard: bool = True) -> Told:
        share = people // PROCESSES
        shares = (range(first, first + share) for first in range(0, people, share))
        return sum(at_once(register, *((own_settings, str(event.pk), some, wait, guard) for some in shares)), Counter())

    return run


def day_with_seats(seats: int) -> Event:
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    return make_event(network, capacity={"onsite": seats})


def test_fifty_seats_are_given_to_exactly_fifty_people_and_the_others_hear_why(rush: Rush) -> None:
    event = day_with_seats(SEATS)
    assert rush(event, PEOPLE) == {(201, "confirmed"): SEATS, (409, "event_full"): PEOPLE - SEATS}
    assert Event.get(event.pk).seats["onsite"].taken == SEATS
    assert len(Registration.rows({"event_id": event.pk})) == SEATS
    assert list(check()) == []


def test_those_who_wait_get_every_place_in_the_queue_once(rush: Rush) -> None:
    event, waiting = day_with_seats(FEWER_SEATS), FEWER - FEWER_SEATS
    assert rush(event, FEWER, wait=True) == {(201, "confirmed"): FEWER_SEATS, (201, "waitlisted"): waiting}
    numbers = sorted(row["queue_number"] for row in Registration.rows({"event_id": event.pk, "status": "waitlisted"}))
    assert numbers == list(range(1, waiting + 1))
    seats = Event.get(event.pk).seats["onsite"]
    assert (seats.taken, seats.waiting) == (FEWER_SEATS, waiting)
    assert list(check()) == []


def test_without_the_guard_seats_are_oversold(rush: Rush) -> None:
    """The negative control: were this to fail, the proof above would prove nothing."""
    event = day_with_seats(FEWER_SEATS)
    assert rush(event, FEWER, guard=False)[(201, "confirmed")] > FEWER_SEATS
    assert Event.get(event.pk).seats["onsite"].taken > FEWER_SEATS
    assert "event_oversold" in {problem.invariant for problem in check()}
