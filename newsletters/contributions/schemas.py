"""Shapes of contributions."""

from marshmallow import fields, validate

from network_api.schemas import Id, Instant, LanguageMap, PageQuery, Resource, Schema
from newsletters.contributions.documents import CONTRIBUTED_SECTIONS

_MOST_LINKS = 10


def web_address(*schemes: str) -> fields.Url:
    """An absolute address in the web."""
    return fields.Url(
        required=True,
        schemes=set(schemes),
        validate=validate.Length(max=2000),
        metadata={"example": "https://example.org/uutinen"},
    )


def section(**kwargs: object) -> fields.String:
    """One of the sections that networks contribute to."""
    return fields.String(validate=validate.OneOf(CONTRIBUTED_SECTIONS), **kwargs)  # type: ignore[arg-type]


class ContributedLinkSchema(Schema):
    """A link below the text."""

    url = web_address("http", "https")
    label = LanguageMap(required=True, most=200, example="Lue lisää verkoston sivuilta")


class ContributedImageSchema(Schema):
    """A picture, with what it shows in words, in each language of the text."""

    url = web_address("https")
    alt = LanguageMap(required=True, most=300, example="Kolme valmentajaa pöydän ääressä")


class ContributionPatch(Schema):
    """What can be changed of a contribution until a letter tells it."""

    section = section()
    title = LanguageMap(most=200, example="Uusi vertaisryhmä Jyväskylässä")
    text = LanguageMap(most=4000, example="Ryhmä kokoontuu joka toinen tiistai.")
    links = fields.List(fields.Nested(ContributedLinkSchema), validate=validate.Length(max=_MOST_LINKS))
    image = fields.Nested(ContributedImageSchema, allow_none=True, metadata={"rare": True})


class ContributionRequest(ContributionPatch):
    """Something to tell."""

    section = section(required=True)
    title = LanguageMap(required=True, most=200, example="Uusi vertaisryhmä Jyväskylässä")
    text = LanguageMap(required=True, most=4000, example="Ryhmä kokoontuu joka toinen tiistai.")


class ContributionSchema(Resource, ContributionRequest):
    """A contribution. `told_at` is when the first letter with it began to go out."""

    network_id = Id(dump_only=True)
    author_id = Id(dump_only=True, allow_none=True)
    told_at = Instant(dump_only=True, allow_none=True)


class ContributionQuery(PageQuery):
    """Filters of contributions."""

    section = section(metadata={"description": "Only what is meant for this section."})
