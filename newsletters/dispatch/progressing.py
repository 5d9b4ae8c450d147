"""How far a dispatch is: how many of how many, how fast, how long it will take, and what it waits for.

Cheap enough to be asked every second: the bytes of the batches are counted, and the times are read of those only that moved
in the last minute.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil

from bson import ObjectId

from network_api.documents import Row, utcnow
from network_api.measures import Gauge
from newsletters.dispatch.ledger import (
    ATTEMPTING,
    COUNTED,
    DEFERRED,
    DELIVERY_STATES,
    LEASED,
    OPEN,
    READY,
    Progress,
    seconds_of,
    total,
)
from newsletters.documents import Newsletter
from newsletters.issues.documents import PAUSED, SENDING, Issue

RATE_OVER = timedelta(seconds=60)
TO_DO = (READY, LEASED, ATTEMPTING)
SEND_WINDOW, RETRY, SOMEBODY = "send_window", "retry", "resume"  # what a dispatch waits for
_SHOWN = (*COUNTED, "state", "updated_at")


def progress_of(issue: Issue) -> Row:
    """How far the dispatch of an issue is at this moment."""
    now = utcnow()
    batches = Progress.standing({"issue_id": issue.pk}, _SHOWN)
    counts = total(batches)
    to_do = sum(counts.get(state, 0) for state in TO_DO)
    waits_for, waits_until = _waiting(issue, batches, to_do, now)
    rate = _per_second(batches, now) if issue.state == SENDING and waits_for is None else 0.0
    return {
        "state": issue.state,
        "total": issue.audience.recipients if issue.audience else None,
        "done": sum(counts.values()) - to_do - counts.get(DEFERRED, 0),
        "counts": counts,
        "per_second": round(rate, 1),
        "seconds_left": ceil(to_do / rate) if rate and to_do else None,
        "waits_for": waits_for,
        "waits_until": waits_until,
        "started_at": issue.started_at,
        "sent_at": issue.sent_at,
    }


def gauges() -> Iterator[Gauge]:
    """The deliveries of all letters that are going out, by state, and how long the batch that is most overdue has been so."""
    under_way = [row["_id"] for row in Issue.rows({"dispatching": True}, only=("_id",))]
    batches = [batch for identifier in under_way for batch in Progress.standing({"issue_id": identifier}, _SHOWN)]
    counts, now = total(batches), utcnow()
    due = [batch["due_at"] for batch in batches if batch["state"] == OPEN]
    yield Gauge(
        "deliveries",
        "Deliveries of the letters that are going out now, by state.",
        ("state",),
        {(state,): counts.get(state, 0) for state in DELIVERY_STATES},
    )
    overdue = max([0.0, *((now - moment).total_seconds() for moment in due)])
    yield Gauge("dispatch_age_seconds", "For how long a batch of a letter has been due, at most.", (), {(): overdue})


def _waiting(issue: Issue, batches: Sequence[Row], to_do: int, now: datetime) -> tuple[str | None, datetime | None]:
    """What the dispatch waits for, and until when."""
    if issue.state == PAUSED:
        return SOMEBODY, None
    if issue.state != SENDING:
        return None, None
    opens = Newsletter.get(issue.newsletter_id).holds_until(now)
    if opens is not None:
        return SEND_WINDOW, opens
    due = [batch["due_at"] for batch in batches if batch["state"] == OPEN]
    return (RETRY, min(due)) if due and not to_do else (None, None)


def _per_second(batches: Sequence[Row], now: datetime) -> float:
    """How many deliveries a second have come to an end of late, since the first of the last minute's."""
    since = now - RATE_OVER
    recent: list[ObjectId] = [batch["_id"] for batch in batches if batch["updated_at"] >= since]
    oldest, number = now.timestamp(), 0
    for row in Progress.standing({"_id": {"$in": recent}}, ("states", "times")) if recent else ():
        ended = [second for second in seconds_of(row) if second >= since.timestamp()]
        number += len(ended)
        oldest = min([oldest, *ended])
    return number / max(now.timestamp() - oldest, 1.0)
