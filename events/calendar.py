"""Calendar feeds (RFC 5545): theme days as calendars subscribe to them, without the remote room."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import current_app
from icalendar import Calendar
from icalendar import Event as Entry

from events.documents import Event, title_of
from events.seating import CANCELLED
from network_api.documents import utcnow
from network_api.languages import in_language

PAST, AHEAD = timedelta(days=90), timedelta(days=730)  # what a calendar that subscribes still cares about
MOST = 1000


def coming_events(**where: Any) -> list[Event]:
    """Published theme days, cancelled ones too, from 90 days ago until two years ahead."""
    now = utcnow()
    bound = {"starts_at": {"$gte": now - PAST, "$lt": now + AHEAD}}
    rows = Event.rows({"visible_to": "public", **where, **bound}, sort=[("starts_at", 1), ("_id", 1)], limit=MOST)
    return [Event.wrap(row) for row in rows]


def calendar_of(events: Iterable[Event], language: str) -> bytes:
    """The feed. Times are in UTC, so that no summer time can shift them."""
    calendar = Calendar()
    calendar.add("prodid", "-//Network API//Theme days//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", current_app.config["PLATFORM_NAME"])
    for event in events:
        calendar.add_component(_entry(event, language))
    return bytes(calendar.to_ical())


def _entry(event: Event, language: str) -> Entry:
    """One theme day. The UID never changes, so that a new time moves the entry instead of adding one."""
    entry = Entry()
    entry.add("uid", f"{event.pk}@theme-days.network-api")
    entry.add("sequence", event.version)
    entry.add("dtstamp", event.updated_at)
    entry.add("last-modified", event.updated_at)
    entry.add("created", event.created_at)
    entry.add("dtstart", event.starts_at)
    entry.add("dtend", event.ends_at)
    entry.add("summary", title_of(event, language))
    entry.add("status", "CANCELLED" if event.status == CANCELLED else "CONFIRMED")
    if event.summary:
        entry.add("description", in_language(event.summary, language))
    if event.venue:
        entry.add("location", ", ".join(filter(None, (event.venue.name, event.venue.address))))
    if event.topics:
        entry.add("categories", list(event.topics))
    return entry
