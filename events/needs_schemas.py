"""Shapes of needs."""

from marshmallow import fields, validate

from events.registration_documents import STATUSES
from events.seating import MODES
from network_api.schemas import Id, Line, Schema, no_surrogates

_FOR_THE_PERSON = "for all but the person, who alone reads it here; coordinators have a list of their own"


class NeedsFields(Schema):
    """What helps a person take part; kept apart from the rest, and deleted soon after the day."""

    needs = fields.String(
        allow_none=True,
        validate=[validate.Length(max=2000), no_surrogates],
        metadata={"description": "What helps the person take part.", "example": "Induktiosilmukka", "omitted": _FOR_THE_PERSON},
    )
    diet = fields.String(
        allow_none=True,
        validate=[validate.Length(max=500), no_surrogates],
        metadata={"description": "What the kitchen should know.", "example": "Gluteeniton", "omitted": _FOR_THE_PERSON},
    )


class NeedsSchema(NeedsFields):
    """One person's needs, for the coordinators."""

    registration_id = Id(attribute="_id", dump_only=True)
    name = Line(dump_only=True, metadata={"example": "Aino Virtanen"})
    mode = fields.String(dump_only=True, validate=validate.OneOf(MODES))
    status = fields.String(dump_only=True, validate=validate.OneOf(STATUSES))
