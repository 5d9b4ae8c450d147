"""Subscriptions: one address of a newsletter, and how its person agreed to it."""

import secrets
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from mongoengine import DateTimeField, EmbeddedDocumentField, ListField, ObjectIdField, StringField

from network_api.documents import BaseDocument, Part, utcnow
from network_api.languages import LANGUAGES, search_terms
from network_api.regions import REGIONS
from newsletters.documents import SECTIONS, WrongState

PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED = "pending", "active", "paused", "unsubscribed", "bounced"
SUBSCRIPTION_STATES = (PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED)
CONSENT_WORDING = "2026-11"  # the version of the text beside the subscription form, in docs/consents.md


def new_nonce() -> str:
    """What makes the personal links of one subscription its own."""
    return secrets.token_hex(16)


class SubscriptionConsent(Part):
    """How somebody agreed to be written to: when they asked, to which wording, and where."""

    asked_at = DateTimeField(required=True, default=utcnow)
    wording = StringField(required=True, default=CONSENT_WORDING)
    source = StringField(required=True)
    confirmed_at = DateTimeField()


class Subscription(BaseDocument):
    """One address of a newsletter. `nonce` is what its personal links are made with."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "subscriptions",
        "indexes": [
            {"fields": ["newsletter_id", "email_key"], "unique": True},
            ("newsletter_id", "_id"),
            ("newsletter_id", "state", "_id"),
            ("newsletter_id", "search", "_id"),
            ("newsletter_id", "state", "search", "_id"),
            ("email_key", "_id"),
        ],
    }

    newsletter_id = ObjectIdField(required=True)
    email = StringField(required=True)
    email_key = StringField(required=True)
    language = StringField(required=True, choices=LANGUAGES)
    sections = ListField(StringField(choices=SECTIONS))  # empty: all
    regions = ListField(StringField(choices=tuple(REGIONS)))  # empty: all
    state = StringField(required=True, choices=SUBSCRIPTION_STATES, default=PENDING)
    consent = EmbeddedDocumentField(SubscriptionConsent, required=True)
    unsubscribed_at = DateTimeField()
    nonce = StringField(required=True, default=new_nonce)
    search = ListField(StringField())

    def clean(self) -> None:
        """Work out the search terms."""
        self.search = search_terms(self.email)

    def become(self, state: str, allowed: Iterable[str], **values: Any) -> Self:
        """Move to a state from one of the allowed ones. Raises WrongState."""
        moved = self.change(
            {"_id": self.pk, "state": {"$in": list(allowed)}}, {"$set": {"state": state, **values}, "$inc": {"version": 1}}
        )
        if moved is None:
            raise WrongState(f"A subscription that is {self.state} cannot become {state}.")
        return moved
