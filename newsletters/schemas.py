"""Shapes of newsletters."""

import re
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from network_api.documents import Row, utcnow
from network_api.languages import LANGUAGES
from network_api.regions import REGIONS
from network_api.schemas import (
    Derived,
    EmailAddress,
    Flag,
    Id,
    LanguageMap,
    Line,
    PageQuery,
    Resource,
    Schema,
    Slug,
    TimeZone,
    Whole,
)
from newsletters.documents import SECTIONS, Cadence, Newsletter, Sender, SendWindow

_LOCAL_TIME = r"\A([01]\d|2[0-3]):[0-5]\d\Z"

_MOST_NETWORKS = 50
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")  # RFC 5322, section 3.2.3, without quoted strings


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


class SendingAddress(EmailAddress):
    """An address that letters come from: plain ASCII, as every server takes it; a domain in other letters by its A-labels."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        local, _, domain = super()._deserialize(value, attr, data, **kwargs).rpartition("@")
        if not _PLAIN_LOCAL_PART.fullmatch(local):
            raise ValidationError("Letters cannot come from this address: only plain letters, digits and signs before the @.")
        try:
            return f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError as error:
            raise ValidationError("Letters cannot come from this address: its domain is none.") from error


class SenderSchema(Schema):
    """Whom a letter comes from."""

    name = Line(required=True, metadata={"example": "Keski-Suomen verkosto"})
    email = SendingAddress(required=True, metadata={"example": "uutiskirje@example.org"})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Sender:
        """The part that is stored."""
        return Sender(**data)


def _local_time(example: str, **kwargs: Any) -> fields.String:
    return fields.String(
        required=True, validate=validate.Regexp(_LOCAL_TIME, error="hh:mm"), metadata={"example": example}, **kwargs
    )


class CadenceSchema(Schema):
    """When a newsletter usually appears, in its time zone."""

    day = Whole(required=True, validate=validate.Range(1, 28), metadata={"example": 15, "description": "Of the month."})
    time = _local_time("09:00")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Cadence:
        """The part that is stored."""
        return Cadence(**data)


class SendWindowSchema(Schema):
    """The hours in which a letter may go out, in the newsletter's time zone. They may reach over midnight.

    A letter that is going out holds when the window closes, and goes on by itself when it opens.
    """

    from_ = _local_time("08:00", data_key="from", attribute="from")
    to = _local_time("20:00")

    @validates_schema
    def _is_one(self, given: dict[str, Any], **kwargs: Any) -> None:
        if given.get("from") == given.get("to"):
            raise ValidationError("A window closes at another time than it opens; no window is null.", "to")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SendWindow:
        """The part that is stored."""
        return SendWindow(opens=data["from"], closes=data["to"])


class NewsletterPatch(Schema):
    """What can be changed of a newsletter; its network stays."""

    slug = Slug(metadata={"example": "uutiskirje"})
    name = LanguageMap(most=200, example="Työhönvalmennuksen uutiskirje")
    sender = fields.Nested(SenderSchema)
    reply_to = SendingAddress(allow_none=True)
    languages = _languages()
    timezone = TimeZone(metadata={"description": "Of its send window and cadence, and of the days that subscribers name."})
    send_window = fields.Nested(SendWindowSchema, allow_none=True)
    cadence = fields.Nested(CadenceSchema, allow_none=True)
    contribution_days = Whole(
        allow_none=True,
        validate=validate.Range(0, 60),
        metadata={
            "description": "How long before the day of the cadence contributions are in; later ones are for the next issue.",
            "example": 7,
            "rare": True,
        },
    )
    network_contribution_days = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"\A[0-9a-f]{24}\Z", error="Not a valid id.")),
        values=Whole(validate=validate.Range(0, 60)),
        validate=validate.Length(max=_MOST_NETWORKS),
        metadata={
            "description": "The same for single networks, by their id, where they have days of their own.",
            "example": {"65f1c0ffee65f1c0ffee65f1": 10},
            "rare": True,
        },
    )
    count_links = Flag(
        metadata={"example": False, "description": "Count how often links in its letters are followed, by day, without persons."}
    )
    sections = list_of_sections(validate=validate.Length(min=1))


class NewsletterRequest(NewsletterPatch):
    """A newsletter to found. Without a slug it gets one from its name."""

    name = LanguageMap(required=True, most=200, example="Työhönvalmennuksen uutiskirje")
    network_id = Id(required=True)
    sender = fields.Nested(SenderSchema, required=True)
    languages = _languages(load_default=lambda: ["fi"])
    sections = list_of_sections(validate=validate.Length(min=1), load_default=lambda: list(SECTIONS))
    timezone = TimeZone(load_default="Europe/Helsinki")


def _next_issue_at(row: Row) -> datetime | None:
    return Newsletter.wrap(row).next_issue_at(utcnow()) if row.get("cadence") else None


class NewsletterSchema(Resource, NewsletterRequest):
    """A newsletter."""

    timezone = Derived(  # type: ignore[assignment]  # read where it was asked for; older rows lack it
        lambda row: row.get("timezone") or Newsletter.timezone.default, shape={"type": "string", "example": "Europe/Helsinki"}
    )
    count_links = Derived(  # type: ignore[assignment]
        lambda row: bool(row.get("count_links")), shape={"type": "boolean", "example": False}
    )
    network_contribution_days = Derived(  # type: ignore[assignment]
        lambda row: row.get("network_contribution_days") or {},
        shape={"type": "object", "additionalProperties": {"type": "integer"}, "example": {"65f1c0ffee65f1c0ffee65f1": 10}},
    )
    next_issue_at = Derived(
        _next_issue_at,
        shape={
            "type": ["string", "null"],
            "format": "date-time",
            "example": "2027-03-15T07:00:00Z",
            "description": "By the cadence.",
        },
    )

    @staticmethod
    def etag(row: Row) -> str:
        """The version, which decides, and the month that the next issue falls into."""
        at = _next_issue_at(row)
        return f"{row['version']}.{at:%Y%m}" if at else str(row["version"])


class NewsletterQuery(PageQuery):
    """Filters of newsletters."""

    network = Id(metadata={"description": "Newsletters of this network."})
