"""Times of day in a place: what a newsletter's send window and its cadence are told in.

A local time that a change of the clocks leaves out, or has twice, is read as RFC 5545, section 3.3.5 has it: one that does
not occur counts with the offset before the change, one that occurs twice is the first of the two.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def instant(day: date, at: str, zone: ZoneInfo) -> datetime:
    """The instant of a local time (`hh:mm`) on a day."""
    return datetime.combine(day, time.fromisoformat(at), zone).astimezone(UTC)


def openings(opens: str, closes: str, zone: ZoneInfo, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When a daily window opens and closes, from the one of yesterday on, which may reach over midnight into today."""
    yesterday = now.astimezone(zone).date() - DAY
    for days in count():
        day = yesterday + days * DAY
        opening, closing = instant(day, opens, zone), instant(day if opens < closes else day + DAY, closes, zone)
        if opening < closing:  # it may lie in the hour that a change of the clocks leaves out
            yield opening, closing


def monthly(day_of_month: int, at: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The first instant after now of a day of the month (1 to 28) at a local time."""
    this_month = now.astimezone(zone).date().replace(day=day_of_month)
    next_month = (this_month.replace(day=1) + 31 * DAY).replace(day=day_of_month)
    before, after = instant(this_month, at, zone), instant(next_month, at, zone)
    return before if before > now else after
