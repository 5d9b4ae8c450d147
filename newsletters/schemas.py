"""Shapes of newsletters."""

from typing import Any

from marshmallow import fields, validate

from network_api.languages import LANGUAGES
from network_api.regions import REGIONS
from network_api.schemas import EmailAddress, Id, LanguageMap, Line, PageQuery, Resource, Schema, Slug, TimeZone
from newsletters.documents import SECTIONS


def list_of_sections(**kwargs: Any) -> fields.List[Any]:
    """A list of sections."""
    one = fields.String(validate=validate.OneOf(SECTIONS))
    return fields.List(one, metadata={"example": ["editorial", "events", "introductions"]}, **kwargs)


def _languages(**kwargs: Any) -> fields.List[Any]:
    one = fields.String(validate=validate.OneOf(LANGUAGES))
    return fields.List(one, validate=validate.Length(min=1, max=len(LANGUAGES)), metadata={"example": ["fi", "sv"]}, **kwargs)


def list_of_regions(**kwargs: Any) -> fields.List[Any]:
    """A list of regions (ISO 3166-2:FI)."""
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
    sections = list_of_sections(validate=validate.Length(min=1))
    timezone = TimeZone(metadata={"description": "Of its cadence, and of the days that subscribers name."})


class NewsletterRequest(NewsletterPatch):
    """A newsletter to found. Without a slug it gets one from its name."""

    name = LanguageMap(required=True, most=200, example="Työhönvalmennuksen uutiskirje")
    network_id = Id(required=True)
    sender = fields.Nested(SenderSchema, required=True)
    languages = _languages(load_default=lambda: ["fi"])
    sections = list_of_sections(validate=validate.Length(min=1), load_default=lambda: list(SECTIONS))
    timezone = TimeZone(load_default="Europe/Helsinki")


class NewsletterSchema(Resource, NewsletterRequest):
    """A newsletter."""


class NewsletterQuery(PageQuery):
    """Filters of newsletters."""

    network = Id(metadata={"description": "Newsletters of this network."})
