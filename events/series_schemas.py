"""Shapes of series."""

from marshmallow import fields, validate

from events.fields import EventTime
from events.schemas import EventSchema
from network_api.schemas import Id, LanguageMap, PageQuery, Resource, Schema

MOST_DAYS = 24


class SeriesFields(Schema):
    """What people write about a series."""

    description = LanguageMap(allow_none=True, example="Neljä teemapäivää vuodessa, joka vuodenaikana yksi.")


class SeriesRequest(SeriesFields):
    """A series to make, after a theme day that there is."""

    network_id = Id(required=True)
    title = LanguageMap(required=True, most=200, example="Teemapäivät 2027")
    template_id = Id(required=True, metadata={"description": "The theme day that new ones are copies of."})


class SeriesPatch(SeriesFields):
    """What can be changed of a series."""

    title = LanguageMap(most=200, example="Teemapäivät 2027")
    template_id = Id()


class SeriesSchema(Resource, SeriesFields):
    """A series of theme days."""

    network_id = Id(dump_only=True)
    title = LanguageMap(dump_only=True, example="Teemapäivät 2027")
    template_id = Id(dump_only=True)


class SeriesQuery(PageQuery):
    """Filters of series."""

    network = Id(metadata={"description": "Of this network."})


class DaysRequest(Schema):
    """The instants at which the theme days of a series start."""

    starts_at = fields.List(EventTime(), required=True, validate=validate.Length(1, MOST_DAYS), metadata={"minItems": 1})


class DaysSchema(Schema):
    """The theme days of a series at these times."""

    items = fields.List(fields.Nested(EventSchema), dump_only=True)
