"""What the passing of time does to subscriptions; each step can run twice, and beside another.

A pause ends on its day. Who does not confirm is forgotten, or is again what they were before somebody typed their address.
Who has left is forgotten, all but the keyed hash that keeps them off the list.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from bson import ObjectId
from flask import current_app

from network_api.documents import LONG_AGO, Row, utcnow
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import ACTIVE, BOUNCED, PAUSED, PENDING, UNSUBSCRIBED, Subscription

TERMS: Mapping[str, str] = {
    PENDING: "RETAIN_UNCONFIRMED_DAYS",
    UNSUBSCRIBED: "RETAIN_UNSUBSCRIBED_DAYS",
    BOUNCED: "RETAIN_UNSUBSCRIBED_DAYS",
}
MOST_AT_ONCE = 500  # of each kind in one run of the job


def resume_due(newsletter_id: ObjectId) -> None:
    """Letters come again for whoever paused until today or an earlier day. Asked before an audience is frozen, too."""
    for row in pauses_over(Newsletter.get(newsletter_id).today(), newsletter_id=newsletter_id):
        resumed = {"state": ACTIVE, "state_since": utcnow(), "paused_until": None}
        Subscription.alter(
            {"_id": row["_id"], "state": PAUSED, "paused_until": row["paused_until"]}, {"$set": resumed, "$inc": {"version": 1}}
        )


def pauses_over(day: date, **where: ObjectId) -> list[Row]:
    """The subscriptions whose pause ends on a day or ended before it."""
    after = datetime.combine(day + timedelta(days=1), time(), UTC)  # a day is stored as its beginning in UTC
    over = {**where, "state": PAUSED, "paused_until": {"$gt": LONG_AGO, "$lt": after}}
    return Subscription.rows(over, sort=[("paused_until", 1), ("_id", 1)])


def resume_all_due() -> None:
    """End the pauses whose day has come, of every newsletter; somewhere it may be tomorrow already."""
    tomorrow = utcnow().date() + timedelta(days=1)
    for newsletter_id in {row["newsletter_id"] for row in pauses_over(tomorrow)}:
        resume_due(newsletter_id)


def forget_due() -> None:
    """Forget who has not confirmed in time, and who left long ago; what one run does not come to, the next does."""
    for state in TERMS:
        for row in overdue(state, timedelta(0), MOST_AT_ONCE):
            _lapse(Subscription.wrap(row))


def overdue(state: str, grace: timedelta, most: int = 0) -> list[Row]:
    """Those who have been in a state for longer than its term and a grace."""
    since = utcnow() - timedelta(days=current_app.config[TERMS[state]]) - grace
    where = {"state": state, "state_since": {"$gt": LONG_AGO, "$lte": since}}
    return Subscription.rows(where, sort=[("state_since", 1), ("_id", 1)], limit=most)


def _lapse(found: Subscription) -> None:
    """Forget one, unless something has happened since it was read."""
    here = {"_id": found.pk, "state": found.state, "state_since": found.state_since}
    if found.state != PENDING or not found.earlier_consents:
        Subscription.remove(here)
        return
    *earlier, last = [consent.to_mongo() for consent in found.earlier_consents]
    left = UNSUBSCRIBED if found.unsubscribed_at else BOUNCED
    back = {"state": left, "state_since": utcnow(), "consent": last, "earlier_consents": earlier}
    Subscription.alter(here, {"$set": back, "$inc": {"version": 1}})
