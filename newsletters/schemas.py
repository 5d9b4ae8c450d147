"""Shapes of newsletters and subscriptions."""

from typing import Any

from marshmallow import fields, validate

from network_api.languages import LANGUAGES
from network_api.regions import REGIONS
from network_api.schemas import EmailAddress, Id, Instant, LanguageMap, Line, PageQuery, Resource, Schema, Slug
from newsletters.documents import ACTIVE, PAUSED, SECTIONS, SUBSCRIPTION_STATES


def _sections(**kwargs: Any) -> fields.List[Any]:
    one = fields.String(validate=validate.OneOf(SECTIONS))
    return fields.List(one, metadata={"example": ["editorial", "events", "introductions"]}, **kwargs)


def _languages(**kwargs: Any) -> fields.List[Any]:
    one = fields.String(validate=validate.OneOf(LANGUAGES))
    return fields.List(one, validate=validate.Length(min=1, max=len(LANGUAGES)), metadata={"example": ["fi", "sv"]}, **kwargs)


def _regions(**kwargs: Any) -> fields.List[Any]:
    one = fields.String(validate=validate.OneOf(REGIONS))
    return fields.List(one, validate=validate.Length(max=len(REGIONS)), metadata={"example": ["FI-08"]}, **kwargs)


class SenderSchema(Schema):
    """Whom a letter comes from."""

    name = Line(required=True, metadata={"example": "Keski-Suomen verkosto"})
    email = EmailAddress(required=True, metadata={"example": "uutiskirje@example.org"})


class CadenceSchema(Schema):
    """When a newsletter usually appears."""

    day = fields.Integer(required=True, validate=validate.Range(1, 28), metadata={"example": 15, "description": "Of the month."})
    time = fields.String(
        required=True, validate=validate.Regexp(r"\A([01]\d|2[0-3]):[0-5]\d\Z", error="hh:mm"), metadata={"example": "09:00"}
    )


class NewsletterPatch(Schema):
    """What can be changed of a newsletter; its network stays."""

    slug = Slug(metadata={"example": "uutiskirje"})
    name = LanguageMap(most=200, example="Työhönvalmennuksen uutiskirje")
    sender = fields.Nested(SenderSchema)
    reply_to = EmailAddress(allow_none=True)
    languages = _languages()
    cadence = fields.Nested(CadenceSchema, allow_none=True)
    sections = _sections(validate=validate.Length(min=1))


class NewsletterRequest(NewsletterPatch):
    """A newsletter to found. Without a slug it gets one from its name."""

    name = LanguageMap(required=True, most=200, example="Työhönvalmennuksen uutiskirje")
    network_id = Id(required=True)
    sender = fields.Nested(SenderSchema, required=True)
    languages = _languages(load_default=lambda: ["fi"])
    sections = _sections(validate=validate.Length(min=1), load_default=lambda: list(SECTIONS))


class NewsletterSchema(Resource, NewsletterRequest):
    """A newsletter."""


class NewsletterQuery(PageQuery):
    """Filters of newsletters."""

    network = Id(metadata={"description": "Newsletters of this network."})


class SubscriptionRequest(Schema):
    """An address to subscribe. Empty or absent sections and regions mean all."""

    email = EmailAddress(required=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = _sections()
    regions = _regions()


class SubscriptionPatch(Schema):
    """What subscribers change: their choices; `paused` holds the letters, `active` lets them come again."""

    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = _sections()
    regions = _regions()
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
    sections = _sections(dump_only=True)
    regions = _regions(dump_only=True)
    state = fields.String(dump_only=True, validate=validate.OneOf(SUBSCRIPTION_STATES))
    consent = fields.Nested(SubscriptionConsentSchema, dump_only=True)
    unsubscribed_at = Instant(dump_only=True, allow_none=True)


class SubscriberFilter(Schema):
    """Which subscribers to export."""

    state = fields.String(validate=validate.OneOf(SUBSCRIPTION_STATES), metadata={"description": "Only those in this state."})
    q = fields.String(validate=validate.Length(max=200), metadata={"description": "The beginning of a part of an address."})


class SubscriberQuery(PageQuery, SubscriberFilter):
    """Filters of subscribers."""
