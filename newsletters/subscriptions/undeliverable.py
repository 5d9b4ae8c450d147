"""Addresses that letters must not be sent to any more, because they do not arrive or are not wanted; each verb can run twice."""

import re

from bson import ObjectId

from network_api.documents import transactional, utcnow
from newsletters.subscriptions import webhooks
from newsletters.subscriptions.documents import ACTIVE, BOUNCED, PAUSED, PENDING, UNSUBSCRIBED, Subscription
from newsletters.subscriptions.suppression import Suppression

# RFC 3463, section 3: the address itself is at fault (not the sender's, X.1.7 and X.1.8), it is disabled (X.2.1), or its
# domain does not exist (X.4.4).
_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.(?![78]\b)\d{1,3}|2\.1|4\.4)\Z")
_REFUSED_FOR_GOOD = re.compile(r"\A5\d\d[ -](5\.1\.\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+")
_LONGEST_ANSWER = 200  # characters


def is_no_such_address(status: str) -> bool:
    """Whether an enhanced status code (RFC 3463) says that nothing will ever be delivered to an address."""
    return _NO_SUCH_ADDRESS.match(status) is not None


def without_addresses(answer: str) -> str:
    """What a server said, short and on one line, without the addresses that it names."""
    return _ADDRESS.sub("…@…", " ".join(answer.split()))[:_LONGEST_ANSWER]


@transactional
def bounce(subscription_id: ObjectId, answer: str) -> bool:
    """An address takes no letters: `bounced`, and off the list until its person asks again. False where it was no recipient."""
    moved = _end(subscription_id, BOUNCED, bounced_at=utcnow(), bounce_answer=without_addresses(answer))
    if moved:
        Suppression.add(moved.newsletter_id, moved.email_key, "bounced")
        webhooks.tell_of(webhooks.BOUNCED, moved)
    return moved is not None


@transactional
def complain(subscription_id: ObjectId) -> bool:
    """Somebody has told their provider that the letter is unwanted: they are unsubscribed. False where they were already."""
    moved = _end(subscription_id, UNSUBSCRIBED, unsubscribed_at=utcnow())
    if moved:
        Suppression.add(moved.newsletter_id, moved.email_key, "complained")
        webhooks.tell_of(webhooks.UNSUBSCRIBED, moved)
    return moved is not None


def note_refusal(subscription_id: ObjectId, answer: str) -> None:
    """A server has refused a letter for good; where it says that there is no such address, that is a bounce."""
    refused = _REFUSED_FOR_GOOD.match(answer)
    if refused and is_no_such_address(refused[1]):
        bounce(subscription_id, answer)


def _end(subscription_id: ObjectId, state: str, **values: object) -> Subscription | None:
    where = {"_id": subscription_id, "state": {"$in": [ACTIVE, PAUSED, PENDING]}}
    moved = {"state": state, "state_since": utcnow(), "paused_until": None, **values}
    return Subscription.change(where, {"$set": moved, "$inc": {"version": 1}})
