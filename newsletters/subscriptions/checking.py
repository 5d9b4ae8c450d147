"""What must hold of subscriptions, recounted on live data."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from bson import ObjectId

from network_api.documents import Problem, Row, utcnow
from newsletters.subscriptions import lapsing
from newsletters.subscriptions.documents import ACTIVE, BOUNCED, PAUSED, UNSUBSCRIBED, Subscription
from newsletters.subscriptions.suppression import Suppression

GRACE = timedelta(days=2)  # after which a job is missed
_TOGETHER = 500


def check() -> Iterator[Problem]:
    """Who gets letters is not suppressed, who has left is; and the job has come round to whom it had to."""
    rows = Subscription.each({})
    while some := list(islice(rows, _TOGETHER)):
        yield from _against_suppression(some)
    for state in lapsing.TERMS:
        for row in lapsing.overdue(state, GRACE):
            yield Problem(
                "subscription_overdue", f"subscription {row['_id']}", "forgotten", f"{state} since {row['state_since']}"
            )
    for row in lapsing.pauses_over((utcnow() - GRACE).date()):
        yield Problem("pause_overdue", f"subscription {row['_id']}", ACTIVE, f"paused until {row['paused_until']}")


def _against_suppression(rows: list[Row]) -> Iterator[Problem]:
    by_newsletter: dict[ObjectId, list[Row]] = defaultdict(list)
    for row in rows:
        by_newsletter[row["newsletter_id"]].append(row)
    for newsletter_id, some in by_newsletter.items():
        suppressed = Suppression.among(newsletter_id, (row["email_key"] for row in some))
        for row in some:
            where, is_suppressed = f"subscription {row['_id']}", row["email_key"] in suppressed
            if row["state"] in (ACTIVE, PAUSED) and is_suppressed:
                yield Problem("subscription_suppressed", where, "not suppressed", row["state"])
            if row["state"] in (UNSUBSCRIBED, BOUNCED) and not is_suppressed:
                yield Problem("subscription_not_suppressed", where, "suppressed", row["state"])
