"""Subscriptions: one address of a newsletter, and how its person agreed to it."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from mongoengine import (
    DateField,
    DateTimeField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from network_api.documents import BaseDocument, Part, transactional, utcnow
from network_api.languages import LANGUAGES, search_terms
from network_api.regions import REGIONS
from newsletters.documents import SECTIONS, Newsletter, WrongState

PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED = "pending", "active", "paused", "unsubscribed", "bounced"
SUBSCRIPTION_STATES = (PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED)
MONTHLY, QUARTERLY = FREQUENCIES = ("monthly", "quarterly")  # every issue, or the first of each quarter of the calendar
EARLIER_CONSENTS = 5  # how many are kept
CONSENT_WORDING = "2026-11-25"  # the version of the text beside the subscription form, in docs/consents.md


def new_nonce() -> str:
    """What makes the personal links of one subscription its own."""
    return secrets.token_hex(16)


class SubscriptionConsent(Part):
    """How somebody agreed to be written to: when they asked, to which wording, and where.

    An imported consent was given elsewhere: `source` tells of it, and it has no wording of ours.
    """

    asked_at = DateTimeField(required=True, default=utcnow)
    wording = StringField()
    source = StringField(required=True)
    confirmed_at = DateTimeField()


class Subscription(BaseDocument):
    """One address of a newsletter. `nonce` is what its personal links are made with.

    `chosen_at` is when the person last chose for themselves: after that, no import changes their choices.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "subscriptions",
        "indexes": [
            {"fields": ["newsletter_id", "email_key"], "unique": True},
            ("newsletter_id", "_id"),
            ("newsletter_id", "pulse"),
            ("newsletter_id", "state", "_id"),
            ("newsletter_id", "search", "_id"),
            ("newsletter_id", "state", "search", "_id"),
            ("newsletter_id", "state", "paused_until", "_id"),
            ("state", "paused_until", "_id"),
            ("state", "state_since", "_id"),
            ("email_key", "_id"),
        ],
    }

    newsletter_id = ObjectIdField(required=True)
    email = StringField(required=True)
    email_key = StringField(required=True)
    language = StringField(required=True, choices=LANGUAGES)
    sections = ListField(StringField(choices=SECTIONS))  # empty: all
    regions = ListField(StringField(choices=tuple(REGIONS)))  # empty: all
    frequency = StringField(required=True, choices=FREQUENCIES, default=MONTHLY)
    state = StringField(required=True, choices=SUBSCRIPTION_STATES, default=PENDING)
    state_since = DateTimeField(required=True, default=utcnow)
    paused_until = DateField()  # the day from which letters come again, in the newsletter's time zone; None: until resumed
    consent = EmbeddedDocumentField(SubscriptionConsent, required=True)
    earlier_consents = EmbeddedDocumentListField(SubscriptionConsent)
    chosen_at = DateTimeField()
    unsubscribed_at = DateTimeField()
    bounced_at = DateTimeField()
    bounce_answer = StringField()  # what the server said that will not take letters for this address
    nonce = StringField(required=True, default=new_nonce)
    search = ListField(StringField())
    pulse = IntField()  # of the newsletter, when a subscriber who was active last changed: a dispatch looks for it

    @classmethod
    @transactional
    def alter(cls, where: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
        """As ever; a dispatch that is under way hears of it before its next group, where it can concern a recipient."""
        row = cls.row({"_id": where["_id"]}) if _can_be_active(where) else None
        if row is not None and row["state"] == ACTIVE:
            pulse = Newsletter.stir(row["newsletter_id"])
            update = {**update, "$set": {**update.get("$set", {}), "pulse": pulse}}
        return super().alter(where, update)

    def clean(self) -> None:
        """Work out the search terms."""
        self.search = search_terms(self.email)

    def become(self, state: str, allowed: Iterable[str], **values: Any) -> Self:
        """Move to a state from one of the allowed ones. Raises WrongState."""
        changed = {"state": state, "state_since": utcnow(), "paused_until": None, **values}
        moved = self.change({"_id": self.pk, "state": {"$in": list(allowed)}}, {"$set": changed, "$inc": {"version": 1}})
        if moved is None:
            raise WrongState(f"A subscription that is {self.state} cannot become {state}.")
        return moved


def _can_be_active(where: Mapping[str, Any]) -> bool:
    """Whether a condition can hold for a subscriber who gets letters; if not, there is nothing to look up first."""
    state = where.get("state", ACTIVE)
    return ACTIVE in (state["$in"] if isinstance(state, Mapping) else (state,))
