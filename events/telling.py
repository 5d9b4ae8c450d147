"""A theme day in a few words of the reader's language: when it is, and whether there is room."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from flask_babel import get_locale, gettext, ngettext

from events import times
from events.documents import CLOSED, ENDED, FULL, OPEN, RUNNING, UPCOMING, phase_of
from events.seating import CANCELLED, MODES, ONSITE
from network_api.documents import Row, utcnow

HOME_ZONE = "Europe/Helsinki"  # whose hours need no name


def day(event: Row) -> str:
    """The day of its start."""
    return times.day(event["starts_at"], event["timezone"], str(get_locale()))


def hours(event: Row) -> str:
    """From when to when; with its zone, where that is not Finland's."""
    zone = event["timezone"]
    told = times.hours(event["starts_at"], event["ends_at"], zone, str(get_locale()))
    return told if zone == HOME_ZONE else f"{told} ({zone})"


def clock(instant: datetime, event: Row) -> str:
    """A time of day there."""
    return times.clock(instant, event["timezone"], str(get_locale()))


def moment(instant: datetime, event: Row) -> str:
    """A time there with its day, inside a sentence."""
    return times.moment(instant, event["timezone"], str(get_locale()))


def phase(event: Row) -> str:
    """Where it stands now."""
    return phase_of(event, utcnow())


def room(event: Row) -> list[str]:
    """Whether somebody can still register: the seats of each mode, or why not."""
    now = phase(event)
    if event["status"] == CANCELLED:
        return [gettext("Called off")]
    if now == UPCOMING:
        return [gettext("Registration opens %(when)s", when=moment(event["opens_at"], event))]
    if now in (OPEN, FULL):
        return list(_seats(event))
    said = {
        CLOSED: gettext("Registration has closed"),
        RUNNING: gettext("Going on now"),
        ENDED: gettext("This theme day is over"),
    }
    return [said[now]]


def _seats(event: Row) -> Iterator[str]:
    for mode in MODES:
        if (seats := event.get("seats", {}).get(mode)) is not None:
            yield _on_site(seats) if mode == ONSITE else _remotely(seats)


def _on_site(seats: Mapping[str, Any]) -> str:
    free = free_seats(seats)
    if free is None:
        return str(gettext("On site: room for everybody"))
    if not free:
        return str(gettext("On site: full, you can join the queue"))
    return str(ngettext("On site: one free seat", "On site: %(num)d free seats", free))


def _remotely(seats: Mapping[str, Any]) -> str:
    free = free_seats(seats)
    if free is None:
        return str(gettext("Remotely: room for everybody"))
    if not free:
        return str(gettext("Remotely: full, you can join the queue"))
    return str(ngettext("Remotely: one free seat", "Remotely: %(num)d free seats", free))


def free_seats(seats: Mapping[str, Any]) -> int | None:
    """How many a newcomer can get: none while others wait. None for no limit."""
    available = seats.get("available")
    if seats["waiting"]:
        return 0
    return None if available is None else max(0, available)


def mode_name(mode: str) -> str:
    """How somebody takes part."""
    return str(gettext("On site") if mode == ONSITE else gettext("Remotely"))


def status_name(status: str) -> str:
    """Whether somebody has a seat."""
    said = {"confirmed": gettext("Has a seat"), "waitlisted": gettext("In the queue"), "cancelled": gettext("Cancelled")}
    return str(said[status])


def refused_at_the_door(code: str) -> tuple[str, str] | None:
    """Why somebody was not checked in, by the code of the refusal: in a few words, and what to do. None for no refusal."""
    known = {
        "ticket_invalid": (gettext("Not a ticket"), gettext("Scan the code once more, or look for the person by name.")),
        "ticket_wrong_event": (gettext("Another theme day"), gettext("The ticket is genuine, but for another theme day.")),
        "ticket_revoked": (gettext("No longer valid"), gettext("There is a newer ticket in a newer mail. Or look for the name.")),
        "ticket_other_mode": (
            gettext("Remote seat"),
            gettext("They have a remote seat now. Find them by name, below."),
        ),
        "registration_cancelled": (gettext("Cancelled"), gettext("This registration has been cancelled.")),
        "registration_waitlisted": (gettext("In the queue"), gettext("This person waits for a seat. Give them one first.")),
        "event_cancelled": (gettext("Called off"), gettext("This theme day has been called off.")),
        "attendance_voided": (gettext("Undone already"), gettext("Somebody has undone this before.")),
    }
    return known.get(code, (gettext("Not checked in"), gettext("Try once more.")) if code else None)


FILTERS: Mapping[str, Callable[..., object]] = {
    "day": day,
    "hours": hours,
    "clock": clock,
    "moment": moment,
    "phase": phase,
    "room": room,
    "mode_name": mode_name,
    "status_name": status_name,
}
