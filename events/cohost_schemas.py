"""Shapes of co-hosts."""

from marshmallow import fields, validate

from events.documents import CO_HOST_STATES
from events.fields import EventTime
from network_api.documents import Row
from network_api.schemas import Derived, Id, Instant, Schema, Whole


class QuotaSchema(Schema):
    """How many seats of each mode are set apart."""

    onsite = Whole(validate=validate.Range(0, 100_000), metadata={"example": 10})
    remote = Whole(validate=validate.Range(0, 100_000), metadata={"example": 5})


class CoHostPatch(Schema):
    """Seats set apart for a co-host's people, with those they hold already; a mode that is absent has none."""

    quota = fields.Nested(QuotaSchema, metadata={"example": {"onsite": 10}})
    quota_until = EventTime(
        allow_none=True,
        metadata={"description": "What is left then goes back to everybody. Null: never.", "example": "2027-02-25T10:00:00Z"},
    )


class CoHostSchema(Schema):
    """A network that was asked to arrange a theme day too."""

    network_id = Id(dump_only=True)
    quota = Derived(
        lambda row: row.get("quota") or {},
        shape={"type": "object", "description": "Absent: none is set apart in this mode.", "example": {"onsite": 10}},
    )
    quota_until = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    state = fields.String(dump_only=True, validate=validate.OneOf(CO_HOST_STATES), metadata={"example": "accepted"})
    invited_at = Instant(dump_only=True)
    answered_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})

    @staticmethod
    def etag(row: Row) -> str:
        """The version of the theme day."""
        return str(row["version"])
