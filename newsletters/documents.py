"""Newsletters and subscriptions."""

import secrets
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from mongoengine import (
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from network_api.documents import BaseDocument, Part, utcnow
from network_api.errors import Conflict, Invalid
from network_api.languages import LANGUAGES, in_language, search_terms, slugify
from network_api.regions import REGIONS

SECTIONS = ("editorial", "events", "introductions", "news", "practices")
PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED = "pending", "active", "paused", "unsubscribed", "bounced"
SUBSCRIPTION_STATES = (PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED)
CONSENT_WORDING = "2026-11"  # the version of the text beside the subscription form, in docs/consents.md


def new_nonce() -> str:
    """What makes the personal links of one subscription its own."""
    return secrets.token_hex(16)


class WrongState(Conflict):
    """The step is not possible from the state that the thing is in."""

    code = "wrong_state"


class Sender(Part):
    """Whom a letter comes from."""

    name = StringField(required=True, max_length=200)
    email = StringField(required=True)


class Cadence(Part):
    """When a newsletter usually appears: on a day of the month, at a time."""

    day = IntField(required=True, min_value=1, max_value=28)
    time = StringField(required=True)


class Newsletter(BaseDocument):
    """A network's letter."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "newsletters",
        "indexes": [{"fields": ["slug"], "unique": True}, ("network_id", "slug", "_id"), ("slug", "_id")],
    }

    slug = StringField(required=True, max_length=80)
    name = DictField(required=True)
    network_id = ObjectIdField(required=True)
    sender = EmbeddedDocumentField(Sender, required=True)
    reply_to = StringField()
    languages = ListField(StringField(choices=LANGUAGES), required=True)
    cadence = EmbeddedDocumentField(Cadence)
    sections = ListField(StringField(choices=SECTIONS), required=True)

    def clean(self) -> None:
        """Work out the slug."""
        self.slug = self.slug or slugify(in_language(self.name, "fi"))
        if not self.slug:
            raise Invalid(errors={"slug": ["The name has no letters to make a slug from; give one."]})


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
