"""Shapes of the agenda."""

from marshmallow import fields, validate

from events.fields import EventTime
from events.seating import MODES
from network_api.schemas import LanguageMap, Line, Schema

MOST_SESSIONS, MOST_SPEAKERS = 100, 20


class SpeakerSchema(Schema):
    """Who speaks in a session."""

    name = Line(required=True, metadata={"example": "Sofia Lindqvist"})
    role = Line(allow_none=True, load_default=None, metadata={"example": "Työhönvalmentaja"})
    organisation = Line(allow_none=True, load_default=None, metadata={"example": "Esimerkkisäätiö"})


class AgendaSessionSchema(Schema):
    """A session of a theme day. Sessions of one track come one after the other; those of different tracks can be at once."""

    title = LanguageMap(required=True, most=300, example="Aamukahvi ja tervetuloa")
    description = LanguageMap(allow_none=True, load_default=None, most=5000, example="Tutustutaan toisiimme.")
    starts_at = EventTime(required=True, metadata={"example": "2027-03-04T07:00:00Z"})
    ends_at = EventTime(required=True, metadata={"example": "2027-03-04T07:45:00Z"})
    track = Line(most=80, allow_none=True, load_default=None, metadata={"description": "Null: for everybody.", "example": None})
    room = Line(most=80, allow_none=True, load_default=None, metadata={"example": "Iso sali"})
    modes = fields.List(
        fields.String(validate=validate.OneOf(MODES)),
        allow_none=True,
        load_default=None,
        validate=validate.Length(min=1),
        metadata={"description": "For those who take part in these modes; null: for everybody.", "example": None},
    )
    speakers = fields.Nested(SpeakerSchema, many=True, load_default=list, validate=validate.Length(max=MOST_SPEAKERS))


class Agenda(fields.Nested):
    """The sessions of a theme day."""

    def __init__(self) -> None:
        super().__init__(AgendaSessionSchema, many=True, validate=validate.Length(max=MOST_SESSIONS))
