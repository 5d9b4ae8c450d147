"""What subscriptions were stored like in earlier releases, and how they come to be as they are now."""

from network_api.documents import Row, session
from network_api.migrations import Migration
from newsletters.subscriptions.documents import MONTHLY, Subscription


def _has_no_beginning(row: Row) -> bool:
    return "state_since" not in row


def _date(row: Row) -> None:
    """A subscription says since when it is in its state, without which the job of retention would not find it."""
    since = {
        "pending": row["consent"].get("asked_at"),
        "active": row["consent"].get("confirmed_at"),
        "unsubscribed": row.get("unsubscribed_at"),
    }
    values = {"state_since": since.get(row["state"]) or row["updated_at"], "frequency": row.get("frequency", MONTHLY)}
    # Past the document's own write, which tells dispatches that something has changed about a reader: nothing has.
    Subscription.collection().update_one({"_id": row["_id"]}, {"$set": values}, session=session())


MIGRATIONS = (Migration("2026-11-24.7 states", Subscription, _has_no_beginning, _date),)
