"""Shapes of figures."""

from marshmallow import fields

from events.fields import EventTime
from network_api.schemas import Schema


def _number(meaning: str, example: int = 24) -> fields.Integer:
    return fields.Integer(
        dump_only=True, allow_none=True, metadata={"description": f"{meaning} Null: withheld.", "example": example}
    )


def _rate() -> fields.Float:
    meaning = "How many of the confirmed came. Null before the end, and where a number is withheld."
    return fields.Float(dump_only=True, allow_none=True, metadata={"description": meaning, "example": 0.83})


class GroupFiguresSchema(Schema):
    """Participants of one group."""

    group = fields.String(dump_only=True, metadata={"example": "remote"})
    confirmed = _number("Who had a seat.")
    attended = _number("Who came.", 20)
    show_up_rate = _rate()


class FiguresSchema(Schema):
    """Figures without persons. Fewer people than `threshold` are withheld, with others from which they could be worked out."""

    events = fields.Integer(dump_only=True, metadata={"description": "How many theme days these are about.", "example": 1})
    threshold = fields.Integer(dump_only=True, metadata={"example": 5})
    confirmed = _number("Who had a seat.")
    waitlisted = _number("Who waited for one in vain, or still waits.", 0)
    cancelled = _number("Who gave it back.", 6)
    attended = _number("Who came.", 20)
    show_up_rate = _rate()
    modes = fields.List(fields.Nested(GroupFiguresSchema), dump_only=True)
    organisation_types = fields.List(fields.Nested(GroupFiguresSchema), dump_only=True)
    regions = fields.List(fields.Nested(GroupFiguresSchema), dump_only=True)


class FiguresQuery(Schema):
    """Which theme days of a network."""

    from_ = EventTime(data_key="from", metadata={"description": "Started at this instant or later."})
    to = EventTime(metadata={"description": "Started before this instant.", "example": "2028-01-01T00:00:00Z"})
    below = fields.Boolean(load_default=False, metadata={"description": "With the networks below it.", "example": True})
