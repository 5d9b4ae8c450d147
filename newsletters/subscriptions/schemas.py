"""Shapes of subscriptions."""

from marshmallow import fields, validate

from network_api.languages import LANGUAGES
from network_api.schemas import EmailAddress, Id, Instant, PageQuery, Resource, Schema
from newsletters.schemas import list_of_regions, list_of_sections
from newsletters.subscriptions.documents import ACTIVE, PAUSED, SUBSCRIPTION_STATES


class SubscriptionRequest(Schema):
    """An address to subscribe. Empty or absent sections and regions mean all."""

    email = EmailAddress(required=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = list_of_sections()
    regions = list_of_regions()


class SubscriptionPatch(Schema):
    """What subscribers change: their choices; `paused` holds the letters, `active` lets them come again."""

    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = list_of_sections()
    regions = list_of_regions()
    state = fields.String(validate=validate.OneOf((ACTIVE, PAUSED)))


class SubscriptionConsentSchema(Schema):
    """How somebody agreed to be written to."""

    asked_at = Instant(dump_only=True)
    confirmed_at = Instant(dump_only=True, allow_none=True)
    wording = fields.String(dump_only=True, metadata={"example": "2026-11"})
    source = fields.String(dump_only=True, metadata={"example": "form"})


class SubscriptionSchema(Resource):
    """A subscription."""

    newsletter_id = Id(dump_only=True)
    email = EmailAddress(dump_only=True)
    language = fields.String(dump_only=True, validate=validate.OneOf(LANGUAGES))
    sections = list_of_sections(dump_only=True)
    regions = list_of_regions(dump_only=True)
    state = fields.String(dump_only=True, validate=validate.OneOf(SUBSCRIPTION_STATES))
    consent = fields.Nested(SubscriptionConsentSchema, dump_only=True)
    unsubscribed_at = Instant(dump_only=True, allow_none=True)


class SubscriberFilter(Schema):
    """Which subscribers to export."""

    state = fields.String(validate=validate.OneOf(SUBSCRIPTION_STATES), metadata={"description": "Only those in this state."})
    q = fields.String(validate=validate.Length(max=200), metadata={"description": "The beginning of a part of an address."})


class SubscriberQuery(PageQuery, SubscriberFilter):
    """Filters of subscribers."""
