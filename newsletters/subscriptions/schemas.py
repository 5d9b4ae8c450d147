"""Shapes of subscriptions."""

from typing import Any

from marshmallow import fields, validate

from network_api.languages import LANGUAGES
from network_api.schemas import Day, EmailAddress, Id, Instant, PageQuery, Resource, Schema
from newsletters.schemas import list_of_regions, list_of_sections
from newsletters.subscriptions.documents import ACTIVE, FREQUENCIES, MONTHLY, PAUSED, SUBSCRIPTION_STATES
from newsletters.subscriptions.importing import IMPORT_REASONS, IMPORT_RESULTS
from newsletters.subscriptions.suppression import REASONS


def _frequency(**kwargs: Any) -> fields.String:
    meaning = "Every issue, or only the first of each quarter of the calendar."
    return fields.String(validate=validate.OneOf(FREQUENCIES), metadata={"description": meaning}, **kwargs)


class SubscriptionRequest(Schema):
    """An address to subscribe. Empty or absent sections and regions mean all."""

    email = EmailAddress(required=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = list_of_sections()
    regions = list_of_regions()
    frequency = _frequency(load_default=MONTHLY)


class SubscriptionPatch(Schema):
    """What subscribers change: their choices; `paused` holds the letters, `active` lets them come again.

    With `paused_until` they come again by themselves from that day on.
    """

    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = list_of_sections()
    regions = list_of_regions()
    frequency = _frequency()
    state = fields.String(validate=validate.OneOf((ACTIVE, PAUSED)), metadata={"example": PAUSED})
    paused_until = Day(allow_none=True)


class SubscriptionConsentSchema(Schema):
    """How somebody agreed to be written to. What was imported has no wording of ours: its source tells of it."""

    asked_at = Instant(dump_only=True)
    confirmed_at = Instant(dump_only=True, allow_none=True)
    wording = fields.String(dump_only=True, allow_none=True, metadata={"example": "2026-11"})
    source = fields.String(dump_only=True, metadata={"example": "form"})


class SubscriptionSchema(Resource):
    """A subscription."""

    newsletter_id = Id(dump_only=True)
    email = EmailAddress(dump_only=True)
    language = fields.String(dump_only=True, validate=validate.OneOf(LANGUAGES))
    sections = list_of_sections(dump_only=True)
    regions = list_of_regions(dump_only=True)
    frequency = _frequency(dump_only=True)
    state = fields.String(dump_only=True, validate=validate.OneOf(SUBSCRIPTION_STATES))
    state_since = Instant(dump_only=True)
    paused_until = Day(dump_only=True, allow_none=True)
    consent = fields.Nested(SubscriptionConsentSchema, dump_only=True)
    unsubscribed_at = Instant(dump_only=True, allow_none=True)


class SuppressionSchema(Schema):
    """Why nothing is sent to an address, whatever its subscription says."""

    reason = fields.String(dump_only=True, validate=validate.OneOf(REASONS))
    since = Instant(dump_only=True)


class SubscriberSchema(SubscriptionSchema):
    """A subscription, as coordinators see it."""

    earlier_consents = fields.List(fields.Nested(SubscriptionConsentSchema), dump_only=True)
    chosen_at = Instant(dump_only=True, allow_none=True, metadata={"description": "When the person last chose for themselves."})
    bounced_at = Instant(dump_only=True, allow_none=True)
    bounce_answer = fields.String(dump_only=True, allow_none=True, metadata={"example": "550 5.1.1 No such user"})
    suppression = fields.Nested(SuppressionSchema, dump_only=True, allow_none=True)


class SubscriberFilter(Schema):
    """Which subscribers to export."""

    state = fields.String(validate=validate.OneOf(SUBSCRIPTION_STATES), metadata={"description": "Only those in this state."})
    q = fields.String(validate=validate.Length(max=200), metadata={"description": "The beginning of a part of an address."})


class SubscriberQuery(PageQuery, SubscriberFilter):
    """Filters of subscribers."""


class SubscriberImportQuery(Schema):
    """How to import a table."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only tell, write nothing.", "example": True})


class SubscriberImportRow(Schema):
    """What became of one line."""

    line = fields.Integer(dump_only=True, metadata={"description": "The headings are line 1.", "example": 2})
    email = fields.String(dump_only=True, allow_none=True, metadata={"example": "aino@example.org"})
    result = fields.String(dump_only=True, validate=validate.OneOf(IMPORT_RESULTS))
    reason = fields.String(dump_only=True, allow_none=True, validate=validate.OneOf(IMPORT_REASONS), metadata={"example": None})
    detail = fields.String(dump_only=True, allow_none=True, metadata={"example": None})


class SubscriberImportSchema(Schema):
    """What became of a table."""

    dry_run = fields.Boolean(dump_only=True, metadata={"example": False})
    created = fields.Integer(dump_only=True, metadata={"example": 1})
    updated = fields.Integer(dump_only=True, metadata={"example": 0})
    skipped = fields.Integer(dump_only=True, metadata={"example": 0})
    rows = fields.List(fields.Nested(SubscriberImportRow), dump_only=True)
