"""Theme days, as the application sees them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from events import demo, pages, registration, registration_routes, routes
from events.documents import Event
from events.registration_documents import BY_ERASURE, CANCELLED, CONFIRMED, WAITLISTED, Registration, owner_keys
from network_api.documents import Problem
from network_api.feature import Feature, Person


def check() -> Iterator[Problem]:
    """Recount the seats and the queues of every theme day, and look for two live registrations of one address."""
    for row in Event.each({}):
        event = Event.wrap(row)
        registrations = Registration.rows({"event_id": event.pk})
        yield from _check_seats(event, registrations)
        yield from _check_queue(event, registrations)
        live = Counter(found["email_key"] for found in registrations if found["status"] != CANCELLED)
        if twins := [address for address, times in live.items() if times > 1]:
            yield Problem("registration_twice", event.slug, 1, f"{len(twins)} addresses more than once")


def _check_seats(event: Event, registrations: list[Mapping[str, Any]]) -> Iterator[Problem]:
    """Seats are taken by the confirmed, never more than there are, and none is free while somebody waits for it."""
    for mode, seats in event.seats.items():
        taken = sum(found["status"] == CONFIRMED and found["mode"] == mode for found in registrations)
        waiting = sum(found.get("waiting_for") == mode for found in registrations)
        where = f"{event.slug} {mode}"
        if (taken, waiting) != (seats.taken, seats.waiting):
            yield Problem(
                "event_seats", where, {"taken": taken, "waiting": waiting}, {"taken": seats.taken, "waiting": seats.waiting}
            )
        if seats.capacity is not None and taken > seats.capacity:
            yield Problem("event_oversold", where, seats.capacity, taken)
        if event.gives_seats and waiting and (seats.capacity is None or taken < seats.capacity):
            yield Problem("event_free_seat_while_waiting", where, 0, waiting)
    if event.is_full != event.has_every_mode_full:
        yield Problem("event_is_full", event.slug, event.has_every_mode_full, event.is_full)


def _check_queue(event: Event, registrations: list[Mapping[str, Any]]) -> Iterator[Problem]:
    """Who waits has a number of their own, and who is waitlisted waits for their mode."""
    numbers = [found.get("queue_number") for found in registrations if found.get("waiting_for")]
    if None in numbers or len(set(numbers)) != len(numbers) or any(number > event.queue for number in numbers if number):
        yield Problem("event_queue", event.slug, "a number each", sorted(number or 0 for number in numbers))
    for found in registrations:
        if found["status"] == WAITLISTED and found.get("waiting_for") != found["mode"]:
            yield Problem("registration_queue", str(found["_id"]), found["mode"], found.get("waiting_for"))


def _of(person: Person) -> list[Mapping[str, Any]]:
    return Registration.rows({"owners": {"$in": owner_keys(person.member_id, person.email_key)}})


def export_person(person: Person) -> Mapping[str, Any]:
    """The person's registrations, each with the theme day it is for."""
    found = _of(person)
    events = Event.by_ids(row["event_id"] for row in found)
    kept = ("nonce", "search", "owners")
    return {
        "registrations": [
            {
                **{name: value for name, value in row.items() if name not in kept},
                "event_title": events.get(row["event_id"], {}).get("title"),
            }
            for row in found
        ]
    }


def erase_person(person: Person) -> None:
    """Give the person's coming seats to those who wait, and take out of past registrations who it was."""
    for row in _of(person):
        found = Registration.wrap(row)
        event = Event.get(found.event_id)
        if found.is_live and not event.is_over:
            found = registration.withdraw(event, found, BY_ERASURE)
        found.anonymise()


feature = Feature(
    name="events",
    documents=(Event, Registration),
    blueprints=(routes.blueprint, registration_routes.blueprint),
    pages=(pages.blueprint,),
    check=check,
    export_person=export_person,
    erase_person=erase_person,
    demo=demo.make,
)
