"""Shapes of materials."""

from marshmallow import fields, validate

from events.fields import EventTime, FileName
from events.material_documents import MATERIAL_AUDIENCES, MATERIAL_KINDS, OPENINGS
from network_api.documents import Row
from network_api.schemas import Id, Instant, LanguageMap, Schema, no_surrogates


class MaterialPatch(Schema):
    """What can be changed of a material."""

    title = LanguageMap(most=300, example="Päivän esitykset")
    kind = fields.String(validate=validate.OneOf(MATERIAL_KINDS))
    audience = fields.String(validate=validate.OneOf(MATERIAL_AUDIENCES), metadata={"description": "Who reads it."})
    opens = fields.String(validate=validate.OneOf(OPENINGS), metadata={"description": "From when on, by the theme day."})
    opens_at = EventTime(
        allow_none=True, metadata={"description": "From when on, in place of `opens`.", "example": "2027-03-11T07:00:00Z"}
    )
    url = fields.Url(
        schemes={"https"},
        allow_none=True,
        validate=[validate.Length(max=2000), no_surrogates],
        metadata={"description": "Where it is; null for what is sent as a file.", "example": "https://example.org/esitys"},
    )


class MaterialRequest(MaterialPatch):
    """A material to add: a link, or without one the place for a file."""

    title = LanguageMap(required=True, most=300, example="Päivän esitykset")


class EventMaterialSchema(Schema):
    """A material or a recording, as its theme day names it."""

    id = Id(attribute="material_id", dump_only=True)
    title = LanguageMap(dump_only=True, example="Päivän esitykset")
    kind = fields.String(dump_only=True, validate=validate.OneOf(MATERIAL_KINDS))
    audience = fields.String(dump_only=True, validate=validate.OneOf(MATERIAL_AUDIENCES))
    opens = fields.String(dump_only=True, validate=validate.OneOf(OPENINGS))
    opens_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    url = fields.String(dump_only=True, allow_none=True, metadata={"example": "https://example.org/esitys"})
    filename = fields.String(dump_only=True, allow_none=True, metadata={"example": None})
    content_type = fields.String(dump_only=True, allow_none=True, metadata={"example": None})
    size = fields.Integer(dump_only=True, allow_none=True, metadata={"description": "In bytes.", "example": None})


class MaterialSchema(EventMaterialSchema):
    """A material or a recording of a theme day."""

    event_id = Id(dump_only=True)
    has_file = fields.Boolean(dump_only=True, metadata={"description": "At its address with `/file`.", "example": False})

    @staticmethod
    def etag(row: Row) -> str:
        """The version of the theme day."""
        return str(row["version"])


class FileQuery(Schema):
    """What a file is called: a name, and not a place."""

    filename = FileName(required=True, metadata={"example": "esitys.pdf"})
