"""Demo data: what the features' `demo.py` files share. All of it is invented, and every address is one that no mail reaches.

A feature keeps its texts in a `demo.json` beside its `demo.py`, which turns them into documents with dates around now.
"""

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from network_api.documents import utcnow

COORDINATOR = "kerttu.lehtoranta@kannattelu.example"  # who tries the platform: she coordinates the national network
FINLAND = ZoneInfo("Europe/Helsinki")
_SATURDAY = 5


def content(module_file: str) -> Any:
    """The `demo.json` beside a module."""
    return json.loads(Path(module_file).with_name("demo.json").read_text(encoding="utf-8"))


def working_day(days: int, clock: str = "09:00") -> datetime:
    """A time of day in Finland, so many days from now, moved out of a weekend: on in the future, back in the past."""
    day = (utcnow() + timedelta(days=days)).astimezone(FINLAND).date()
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1 if days > 0 else -1)
    return datetime.combine(day, time.fromisoformat(clock), FINLAND)
