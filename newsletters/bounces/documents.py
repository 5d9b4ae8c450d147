"""Bounces: one report about one letter, and what came of it."""

from typing import Any, ClassVar

from mongoengine import BooleanField, ObjectIdField, StringField

from network_api.documents import BaseDocument
from newsletters.bounces.reports import KINDS

MAILBOX, LMTP, API = INTAKES = ("mailbox", "lmtp", "api")  # by which way a report came
BOUNCED, UNSUBSCRIBED = EFFECTS = ("bounced", "unsubscribed")


class Bounce(BaseDocument):
    """One report. It holds no address: what was said is kept without those that it named.

    `matched` is whether it is proven which letter it is about. Of one that is not, a subscription is only what it claims;
    nothing is done about that.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "bounces",
        "indexes": [
            {"fields": ["cause"], "unique": True},
            ("newsletter_id", "_id"),
            ("newsletter_id", "kind", "_id"),
            ("newsletter_id", "matched", "_id"),
            ("newsletter_id", "kind", "matched", "_id"),
            ("subscription_id", "_id"),
            ("created_at", "_id"),
        ],
    }

    cause = StringField(required=True)  # the report and the subscription, so that each counts once
    newsletter_id = ObjectIdField()
    issue_id = ObjectIdField()
    subscription_id = ObjectIdField()
    kind = StringField(required=True, choices=KINDS)
    status = StringField()
    answer = StringField()
    intake = StringField(required=True, choices=INTAKES)
    matched = BooleanField(required=True)
    effect = StringField(choices=EFFECTS)
