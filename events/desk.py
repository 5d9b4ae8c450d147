"""What coordinators look at: the theme days of their networks, the seats of one, and when people signed up for it."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bson import ObjectId

from events import figures, find, times
from events.documents import INVITED, LONGEST, Event
from events.registration_documents import CONFIRMED, Registration
from events.seating import CANCELLED, DRAFT, MODES
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.documents import Row, utcnow

AHEAD = timedelta(days=10 * 366)  # how far a theme day may be planned ahead and still stand on the desk
_MOST = 100
_BARS = 31  # of days; more are told by week


class Bar(NamedTuple):
    """How many signed up on a day, or in the seven days from it on."""

    day: date
    number: int


class Turnout(NamedTuple):
    """How many of a mode have a seat, and how many of them have come."""

    expected: int
    came: int


class Invitation(NamedTuple):
    """A theme day (its row), and the network that is asked to arrange it too."""

    event: Row
    network_id: ObjectId

    def is_open(self, now: datetime) -> bool:
        """Whether it waits for an answer, and one still makes sense."""
        is_pending = self.event["partners"][str(self.network_id)]["state"] == INVITED
        return bool(is_pending and self.event["status"] != CANCELLED and self.event["ends_at"] > now)


def event_at_desk(caller: Caller, event_id: str) -> Event:
    """A theme day, for those who edit it, and for the coordinators of a co-host."""
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    if not caller.has_role(EDITOR, event.network_id):
        caller.require(COORDINATOR, *event.accepted_co_hosts)
    return event


def theme_days(network_ids: Sequence[ObjectId]) -> list[Row]:
    """The theme days of networks that have not ended, drafts among them, the next first."""
    now = utcnow()
    where = {"network_ids": {"$in": list(network_ids)}, "starts_at": {"$gt": now - LONGEST, "$lt": now + AHEAD}}
    rows = Event.rows(where, sort=[("starts_at", 1), ("_id", 1)], limit=_MOST)
    return [row for row in rows if row["ends_at"] > now and row["status"] != CANCELLED]


def invitations(network_ids: Sequence[ObjectId]) -> list[Invitation]:
    """What these networks have been asked to arrange too and have not answered, the next first, until it has ended."""
    now = utcnow()
    where = {"co_hosts": {"$in": list(network_ids)}, "starts_at": {"$gt": now - LONGEST, "$lt": now + AHEAD}}
    rows = Event.rows(where, sort=[("starts_at", 1), ("_id", 1)], limit=_MOST)
    asked = (Invitation(row, network_id) for row in rows for network_id in row["co_hosts"] if network_id in network_ids)
    return [found for found in asked if found.is_open(now)]


def next_of(rows: Sequence[Row]) -> Row | None:
    """The next of them that has been published."""
    return next((row for row in rows if row["status"] != DRAFT), None)


def turnout(event_id: ObjectId) -> dict[str, Turnout]:
    """By mode, who is expected and who has come."""
    cells = [cell for cell in figures.count([event_id]) if cell.status == CONFIRMED]
    expected = Counter[str]()
    came = Counter[str]()
    for cell in cells:
        expected[cell.mode] += cell.number
        came[cell.mode] += cell.number if cell.came else 0
    return {mode: Turnout(expected[mode], came[mode]) for mode in MODES if expected[mode]}


def sign_ups(event: Row) -> list[Bar]:
    """How many signed up on each day from the first one on, also those who have cancelled since; by week where it is long."""
    rows = Registration.rows({"event_id": event["_id"]}, only=["created_at"])
    return by_day([row["created_at"] for row in rows], event["timezone"], min(utcnow(), event["ends_at"]))


def by_day(instants: Sequence[datetime], zone: str, until: datetime) -> list[Bar]:
    """How many of these instants lie on each day of a zone, from the first one's to the last day without a gap."""
    if not instants:
        return []
    counted = Counter(times.local(instant, zone).date() for instant in instants)
    first, last = min(counted), max(times.local(until, zone).date(), *counted)
    length = 1 if (last - first).days < _BARS else 7
    starts = [first + timedelta(days=distance) for distance in range(0, (last - first).days + 1, length)]
    days = [[start + timedelta(days=distance) for distance in range(length)] for start in starts]
    return [Bar(start, sum(counted[day] for day in week)) for start, week in zip(starts, days, strict=True)]
