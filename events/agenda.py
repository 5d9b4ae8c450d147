"""The agenda of a theme day: sessions within its hours, one after the other in a track, tracks side by side."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Session = Mapping[str, Any]


def faults(agenda: Sequence[Session], starts_at: datetime, ends_at: datetime) -> Iterator[tuple[str, str]]:
    """What cannot be, by field: a session outside the theme day or with no length, or two at once in one track.

    Sessions without a track, such as a common coffee, are a track of their own.
    """
    busy: dict[str | None, tuple[datetime, int]] = {}
    for number, session in sorted(enumerate(agenda), key=lambda entry: entry[1]["starts_at"]):
        begins, ends, track = session["starts_at"], session["ends_at"], session.get("track")
        if not begins < ends:
            yield f"agenda.{number}.ends_at", "After its start."
        if begins < starts_at or ends > ends_at:
            yield f"agenda.{number}.starts_at", "Sessions are within the theme day."
        until, other = busy.get(track, (begins, number))
        if begins < until:
            yield f"agenda.{number}.starts_at", f"Session {other} of the same track is on until then."
        busy[track] = max((ends, number), busy.get(track, (ends, number)))


def in_order(agenda: Sequence[Session]) -> list[Session]:
    """The sessions as the day goes: by their start, and then by track."""
    return sorted(agenda, key=lambda session: (session["starts_at"], session.get("track") or ""))


def moved(instant: datetime | None, zone: str, by: timedelta) -> datetime | None:
    """An instant moved by so much on the clock of a zone: nine o'clock stays nine o'clock over a change of clock."""
    if instant is None:
        return None
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + by
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(instant.tzinfo)


def clock_distance(first: datetime, second: datetime, zone: str) -> timedelta:
    """How far apart two instants are on the clock of a zone."""
    there = ZoneInfo(zone)
    return second.astimezone(there).replace(tzinfo=None) - first.astimezone(there).replace(tzinfo=None)


def moved_agenda(agenda: Sequence[Session], zone: str, by: timedelta) -> list[dict[str, Any]]:
    """The sessions, each moved by so much on the clock of a zone."""
    return [
        {**session, "starts_at": moved(session["starts_at"], zone, by), "ends_at": moved(session["ends_at"], zone, by)}
        for session in agenda
    ]
