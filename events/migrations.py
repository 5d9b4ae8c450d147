"""What theme days and registrations were stored like in earlier releases, and how they come to be as they are now."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from events.attendance_documents import MANUAL, Attendance
from events.documents import HELD, Event
from events.needs_documents import Needs
from events.registration_documents import Registration
from events.series_documents import Series
from network_api.documents import Row
from network_api.migrations import Migration


def _is_not_counted(row: Row) -> bool:
    return any("available" not in seats and seats.get("capacity") is not None for seats in row["seats"].values()) or any(
        "offered" not in seats for seats in row["seats"].values()
    )


def _count_available(row: Row) -> None:
    """Seats say how many of them are available, offered and overbooked."""
    seats = {mode: _counted(found) for mode, found in row["seats"].items()}
    is_full = bool(seats) and all(map(_is_full, seats.values()))
    Event.alter({"_id": row["_id"]}, {"$set": {"seats": seats, "is_full": is_full, "updated_at": row["updated_at"]}})


def _counted(seats: Mapping[str, Any]) -> dict[str, Any]:
    """The seats of one mode: none were offered then, and none set apart."""
    left = None if seats.get("capacity") is None else seats["capacity"] - seats["taken"]
    return {"offered": 0, "overbooked": max(0, -(left or 0)), **({} if left is None else {"available": left}), **seats}


def _is_full(seats: Mapping[str, Any]) -> bool:
    return bool(seats["waiting"] or ("available" in seats and seats["available"] <= 0))


def _holds_nobody(row: Row) -> bool:
    return "held" not in row


def _hold(row: Row) -> None:
    """A theme day says what it holds about people, without which the job of retention would not find it."""
    Event.alter({"_id": row["_id"]}, {"$set": {"held": list(HELD), "updated_at": row["updated_at"]}})


def _has_times_of_day(row: Row) -> bool:
    return any("starts_at" not in session for session in row.get("agenda", ()))


def _place_sessions(row: Row) -> None:
    """Sessions of an agenda have a beginning and an end, where they had a time of day: each lasts until the next begins."""
    sessions = sorted(row["agenda"], key=lambda session: str(session["at"]))
    begins = [_on_the_day(row, time.fromisoformat(session["at"])) for session in sessions]
    placed = [
        {
            **{name: value for name, value in session.items() if name != "at"},
            **{"starts_at": begin, "ends_at": max(end, begin + _SHORTEST)},
            **{"description": None, "track": None, "room": None, "modes": None, "speakers": []},
        }
        for session, (begin, end) in zip(sessions, pairwise([*begins, row["ends_at"]]), strict=True)
    ]
    Event.alter({"_id": row["_id"]}, {"$set": {"agenda": placed, "updated_at": row["updated_at"]}})


_SHORTEST = timedelta(minutes=1)


def _on_the_day(row: Row, at: time) -> datetime:
    """That time of its first day, in its zone, within its hours."""
    zone = ZoneInfo(row["timezone"])
    starts_at, ends_at = row["starts_at"], row["ends_at"]
    there: datetime = datetime.combine(starts_at.astimezone(zone).date(), at, zone).astimezone(starts_at.tzinfo)
    placed: datetime = min(max(there, starts_at), ends_at - _SHORTEST)
    return placed


def _tells_needs(row: Row) -> bool:
    return "needs" in row


def _set_needs_apart(row: Row) -> None:
    """What people need is kept apart from their registrations."""
    if row["needs"] and Needs.row({"_id": row["_id"]}) is None:
        Needs(id=row["_id"], event_id=row["event_id"], needs=row["needs"]).insert()
    Registration.alter({"_id": row["_id"]}, {"$unset": {"needs": ""}, "$set": {"updated_at": row["updated_at"]}})


def _is_in_no_ledger(row: Row) -> bool:
    return "attendance_version" not in row


def _enter(row: Row) -> None:
    """Who came is in the ledger of attendance, as somebody's word; from then on their registration follows from it."""
    if row.get("attended_at"):
        about = {"event_id": row["event_id"], "registration_id": row["_id"], "at": row["attended_at"]}
        Attendance(source=MANUAL, cause=f"{row['_id']}:0", mode=row.get("attended_mode") or row["mode"], **about).insert()
    Registration.alter({"_id": row["_id"]}, {"$set": {"attendance_version": 0, "updated_at": row["updated_at"]}})


def _tells_what_it_drafted(row: Row) -> bool:
    return "drafted" in row


def _forget_drafted(row: Row) -> None:
    """A series no longer tells which theme days it has drafted: they tell of their series."""
    Series.alter({"_id": row["_id"]}, {"$unset": {"drafted": ""}, "$set": {"updated_at": row["updated_at"]}})


MIGRATIONS = (
    Migration("2026-11-24.1 seats", Event, _is_not_counted, _count_available),
    Migration("2026-11-24.2 attendance", Registration, _is_in_no_ledger, _enter),
    Migration("2026-11-24.3 needs", Registration, _tells_needs, _set_needs_apart),
    Migration("2026-11-24.4 held", Event, _holds_nobody, _hold),
    Migration("2026-11-24.5 agenda", Event, _has_times_of_day, _place_sessions),
    Migration("2026-11-24.6 series", Series, _tells_what_it_drafted, _forget_drafted),
)
