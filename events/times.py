"""Days and hours as people say them, in their language and in the theme day's own time zone.

What has been said is kept, for the same theme days are shown again and again.
"""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

_LOCALES = {"fi": "fi", "sv": "sv_FI", "en": "en_GB"}
# As a sentence has them: Finnish bends the day of the week, and each language has its own word before the hour.
_MOMENTS = {"fi": "EEEE d. MMMM y 'klo' H.mm", "sv": "EEEE d MMMM y 'kl.' HH:mm", "en": "HH:mm 'on' EEEE, d MMMM y"}
KEPT = 1_000  # instants in a language, of each kind


@lru_cache(KEPT)
def day(instant: datetime, zone: str, language: str) -> str:
    """The day in words."""
    return str(format_date(local(instant, zone), "full", locale=_LOCALES[language]))


@lru_cache(KEPT)
def clock(instant: datetime, zone: str, language: str) -> str:
    """The time of day."""
    there = local(instant, zone)
    return str(format_time(there, "short", tzinfo=there.tzinfo, locale=_LOCALES[language]))


def hours(starts_at: datetime, ends_at: datetime, zone: str, language: str) -> str:
    """From when to when; with the last day where it is another one."""
    another = local(starts_at, zone).date() != local(ends_at, zone).date()
    last_day = f"{day(ends_at, zone, language)} " if another else ""
    return f"{clock(starts_at, zone, language)}–{last_day}{clock(ends_at, zone, language)}"


@lru_cache(KEPT)
def moment(instant: datetime, zone: str, language: str) -> str:
    """A time with its day, inside a sentence."""
    return str(format_datetime(local(instant, zone), _MOMENTS[language], locale=_LOCALES[language]))


def local(instant: datetime, zone: str) -> datetime:
    """The instant on the clock of a zone."""
    return instant.astimezone(ZoneInfo(zone))
