"""Shapes of retention."""

from marshmallow import fields, validate

from events.documents import HELD
from network_api.schemas import Instant, Schema


class KeptField(Schema):
    """What is kept, and what for."""

    name = fields.String(dump_only=True, metadata={"example": "needs: diet"})
    purpose = fields.String(dump_only=True, metadata={"example": "To tell the kitchen."})


class KindSchema(Schema):
    """One kind of data about a theme day's people. `people` is the proof: from how many it has been taken out."""

    kind = fields.String(dump_only=True, validate=validate.OneOf(HELD), metadata={"example": "needs"})
    days = fields.Integer(dump_only=True, metadata={"description": "Kept so long after the end.", "example": 14})
    due_at = Instant(dump_only=True)
    started_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    done_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    people = fields.Integer(dump_only=True, allow_none=True, metadata={"example": None})
    kept = fields.List(fields.Nested(KeptField), dump_only=True)


class RetentionSchema(Schema):
    """How long what is known about a theme day's people is kept."""

    kinds = fields.List(fields.Nested(KindSchema), dump_only=True)
