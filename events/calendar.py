"""Theme days as calendars have them (RFC 5545): feeds to subscribe to, and what goes with a mail (iTIP, RFC 5546).

Times carry the theme day's own zone, with the zone's rules beside them, so that summer time shifts nothing and the entry
says when it is there. A feed never has the remote room; a participant's entry has their own door to it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from icalendar import Calendar, Timezone, vCalAddress
from icalendar import Event as Entry

from events import mails
from events.documents import Event, title_of
from events.registration_documents import CONFIRMED, Registration
from events.seating import CANCELLED, ONSITE
from network_api.documents import utcnow
from network_api.languages import in_language

PAST, AHEAD = timedelta(days=90), timedelta(days=730)  # what a calendar that subscribes still cares about
MOST = 1000
PUBLISH, REQUEST, CANCEL = "PUBLISH", "REQUEST", "CANCEL"
_DOMAIN = "theme-days.network-api"  # of every UID, for ever: a calendar knows an entry by it (RFC 5545, section 3.8.4.7)


def coming_events(**where: Any) -> list[Event]:
    """Published theme days, cancelled ones too, from 90 days ago until two years ahead."""
    now = utcnow()
    bound = {"starts_at": {"$gte": now - PAST, "$lt": now + AHEAD}}
    rows = Event.rows({"visible_to": "public", **where, **bound}, sort=[("starts_at", 1), ("_id", 1)], limit=MOST)
    return [Event.wrap(row) for row in rows]


def calendar_of(events: Iterable[Event], language: str) -> bytes:
    """A feed of theme days for everybody."""
    listed = list(events)
    return _calendar(PUBLISH, listed, [_public_entry(event, language) for event in listed])


def own_calendar(found: Iterable[tuple[Registration, Event]], method: str = PUBLISH) -> bytes:
    """A participant's theme days; with REQUEST or CANCEL as their method, an invitation or its withdrawal (RFC 5546, 3.2)."""
    listed = list(found)
    return _calendar(method, [event for _, event in listed], [_own_entry(each, event) for each, event in listed])


def _calendar(method: str, events: Iterable[Event], entries: Iterable[Entry]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Network API//Theme days//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if method == PUBLISH:
        calendar.add("x-wr-calname", current_app.config["PLATFORM_NAME"])
    for zone in sorted({event.timezone for event in events}):
        years = [event.starts_at.year for event in events if event.timezone == zone]
        calendar.add_component(_rules_of(zone, min(years), max(years)))
    for entry in entries:
        calendar.add_component(entry)
    return bytes(calendar.to_ical())


@lru_cache(maxsize=64)
def _rules_of(zone: str, first: int, last: int) -> Timezone:
    """A zone's changes of clock in these years, with one year around them."""
    return Timezone.from_tzid(zone, first_date=date(first - 1, 1, 1), last_date=date(last + 2, 1, 1))


def _entry(event: Event, language: str, uid: str) -> Entry:
    """One theme day. The UID never changes, so that a new time moves the entry instead of adding one."""
    entry = Entry()
    entry.add("uid", f"{uid}@{_DOMAIN}")
    entry.add("created", event.created_at)
    entry.add("dtstart", _local(event, event.starts_at))
    entry.add("dtend", _local(event, event.ends_at))
    entry.add("summary", title_of(event, language))
    if event.topics:
        entry.add("categories", list(event.topics))
    return entry


def _local(event: Event, instant: datetime) -> datetime:
    return instant.astimezone(ZoneInfo(event.timezone))


def _public_entry(event: Event, language: str) -> Entry:
    entry = _entry(event, language, str(event.pk))
    entry.add("sequence", event.version)
    entry.add("dtstamp", event.updated_at)
    entry.add("last-modified", event.updated_at)
    entry.add("status", "CANCELLED" if event.status == CANCELLED else "CONFIRMED")
    if event.summary:
        entry.add("description", in_language(event.summary, language))
    if event.venue:
        entry.add("location", _place(event))
    return entry


def _own_entry(registration: Registration, event: Event) -> Entry:
    """A participant's entry, known by their registration: who cancels and registers again has another.

    Both versions only grow, so their sum does, whatever of the two an update is about (RFC 5545, section 3.8.7.4).
    """
    entry = _entry(event, registration.language, str(registration.pk))
    changed = max(event.updated_at, registration.updated_at)
    entry.add("sequence", event.version + registration.version)
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("status", _status(registration, event))
    summary = in_language(event.summary, registration.language) if event.summary else ""
    entry.add("description", "\n\n".join(filter(None, (summary, mails.manage_link(registration)))))
    door = mails.join_link(registration)
    if door:
        entry.add("location", door)
        entry.add("url", door)
    elif event.venue and registration.mode == ONSITE:
        entry.add("location", _place(event))
    entry.add("organizer", _address(current_app.config["MAIL_DEFAULT_SENDER"], current_app.config["PLATFORM_NAME"]))
    entry.add("attendee", _attendee(registration))
    return entry


def _status(registration: Registration, event: Event) -> str:
    if event.status == CANCELLED or not registration.is_live:
        return "CANCELLED"
    return "CONFIRMED" if registration.status == CONFIRMED else "TENTATIVE"


def _place(event: Event) -> str:
    return ", ".join(filter(None, (event.venue.name, event.venue.address)))


def _address(written: str, name: str) -> vCalAddress:
    said, address = parseaddr(written)
    found = vCalAddress(f"mailto:{address}")
    found.params["CN"] = said or name
    return found


def _attendee(registration: Registration) -> vCalAddress:
    """Who registered has accepted already: no answer is asked."""
    found = vCalAddress(f"mailto:{registration.email}")
    found.params.update({"CN": registration.name, "PARTSTAT": "ACCEPTED", "RSVP": "FALSE", "ROLE": "REQ-PARTICIPANT"})
    return found
