"""Demo theme days, past and coming, with the people who have registered for them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

from events import retention
from events.attendance_documents import DOOR, TICKET, Attendance
from events.documents import ACCEPTED, Event, Partner, Remote, Venue
from events.material_documents import Material
from events.registration_documents import CONFIRMED, WAITLISTED, Registration
from events.seating import CANCELLED, DRAFT, ONSITE, PUBLISHED, Seats
from events.series_documents import Series
from network_api import demo
from network_api.documents import utcnow

_COPIED = ("slug", "title", "summary", "description", "topics", "questions")
_REGISTERED_APART = timedelta(minutes=47)
_STRIDE = 53  # how far apart in the list of people the first participants of two theme days are


def make(made: dict[str, Any]) -> None:
    """Make the theme days; `made["events"]` has them by slug."""
    texts = demo.content(__file__)
    events: dict[str, Event] = {}
    registrations: list[Registration] = []
    for number, given in enumerate(texts["events"]):
        event = _event(given, made)
        people = islice(_people(made), number * _STRIDE, None)
        registrations += _registrations(event, given, people)
        events[event.slug] = event
    Series.insert_all([_series(given, events) for given in texts["series"]])
    Event.insert_all(list(events.values()))
    Registration.insert_all(registrations)
    retention.apply_due(utcnow())  # as the job would have done in the meantime
    Attendance.insert_all([_entry(found) for found in registrations if found.attended_at])
    made["events"] = events


def _event(given: Mapping[str, Any], made: Mapping[str, Any]) -> Event:
    published_at = demo.working_day(given["published_days"], "08:00") if "published_days" in given else None
    status = CANCELLED if "cancelled" in given else PUBLISHED if published_at else DRAFT
    taken, waiting = given.get("taken", {}), given.get("waiting", {})
    return Event(
        **{name: given[name] for name in _COPIED if name in given},
        network_id=made["networks"][given["network"]].pk,
        co_hosts=[made["networks"][slug].pk for slug in given.get("co_hosts", ())],
        partners={
            str(made["networks"][slug].pk): Partner(state=ACCEPTED, answered_at=utcnow()) for slug in given.get("co_hosts", ())
        },
        starts_at=demo.working_day(given["days"], given["starts"]),
        ends_at=demo.working_day(given["days"], given["ends"]),
        agenda=_agenda(given),
        materials=[Material(**material) for material in given.get("materials", ())],
        registration_opens_at=demo.working_day(given["opens_days"], "08:00") if "opens_days" in given else None,
        venue=Venue(**given["venue"]) if "venue" in given else None,
        remote=Remote(**given["remote"]) if "remote" in given else None,
        seats={
            mode: Seats(capacity=number, taken=taken.get(mode, 0), waiting=waiting.get(mode, 0))
            for mode, number in given["capacity"].items()
        },
        queue=sum(waiting.values()),
        status=status,
        published_at=published_at,
        cancelled_at=utcnow() - timedelta(days=1) if status == CANCELLED else None,
        cancel_reason=given.get("cancelled"),
        created_at=published_at or utcnow(),
        updated_at=published_at or utcnow(),
    )


def _series(given: Mapping[str, Any], events: Mapping[str, Event]) -> Series:
    """A series, and its theme days made members of it; the newest is the template."""
    days = [events[slug] for slug in given["theme_days"]]
    made = Series(network_id=days[-1].network_id, title=given["title"], template_id=days[-1].pk)
    for day in days:
        day.series_id = made.pk
    return made


def _agenda(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sessions: each lasts until another time is told, or else the next begins."""
    sessions = given.get("agenda", [])
    ends = [session["at"] for session in sessions[1:]] + [given["ends"]]
    return [
        {
            **{name: value for name, value in session.items() if name not in ("at", "until")},
            "starts_at": demo.working_day(given["days"], session["at"]),
            "ends_at": demo.working_day(given["days"], session.get("until", end)),
        }
        for session, end in zip(sessions, ends, strict=False)
    ]


def _people(made: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One invented person after another, each with a place of work, round and round."""
    for person, organisation in zip(cycle(made["people"]), cycle(made["organisations"].values()), strict=False):
        yield {**person, "organisation": organisation}


def _registrations(event: Event, given: Mapping[str, Any], people: Iterator[Mapping[str, Any]]) -> Iterator[Registration]:
    """Who has a seat, and after them who waits, as `seats` and `queue` of the theme day say."""
    number = 0
    for mode, taken in given.get("taken", {}).items():
        came = round(taken * given.get("attended", 0))
        for place, person in enumerate(islice(people, taken)):
            at = _registered_at(event, place)
            attended = {"attended_at": event.starts_at, "attended_mode": mode} if place < came else {}
            yield _registration(event, mode, person, at, status=CONFIRMED, confirmed_at=at, **attended)
    for mode, waiting in given.get("waiting", {}).items():
        for place, person in enumerate(islice(people, waiting), given["taken"][mode]):
            number += 1
            queued = {"status": WAITLISTED, "waiting_for": mode, "queue_number": number}
            yield _registration(event, mode, person, _registered_at(event, place), **queued)


def _entry(found: Registration) -> Attendance:
    """The ledger's entry for somebody who came: by their ticket on site, by their own door remotely."""
    source = TICKET if found.attended_mode == ONSITE else DOOR
    values = {"mode": found.attended_mode, "at": found.attended_at, "created_at": found.attended_at}
    return Attendance(event_id=found.event_id, registration_id=found.pk, source=source, cause=f"{found.pk}:0", **values)


def _registered_at(event: Event, place: int) -> datetime:
    moment: datetime = event.published_at + place * _REGISTERED_APART
    return min(moment, utcnow())


def _registration(event: Event, mode: str, person: Mapping[str, Any], at: datetime, **values: Any) -> Registration:
    return Registration(event_id=event.pk, mode=mode, language="fi", created_at=at, updated_at=at, **person, **values)
