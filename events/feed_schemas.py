"""The shape of the personal calendar's address."""

from marshmallow import fields

from network_api.schemas import Instant, Schema


class CalendarLinkSchema(Schema):
    """The address of a personal calendar. Whoever has it reads which theme days somebody takes part in."""

    url = fields.String(dump_only=True, metadata={"example": "https://network.example/calendar/65f1c0ffee65f1c0ffee65f1.x.ics"})
    created_at = Instant(dump_only=True)
