"""Shapes of theme days."""

from typing import Any

from marshmallow import fields, post_load, validate

from events.agenda_schemas import Agenda
from events.documents import PHASES, Remote, Venue, phase_of
from events.fields import EventTime, Reason, Seating
from events.material_schemas import EventMaterialSchema
from events.question_schemas import Questions
from events.seating import MODES, STATUSES
from network_api.documents import Row, utcnow
from network_api.regions import REGIONS
from network_api.schemas import (
    Derived,
    Flag,
    Id,
    Instant,
    LanguageMap,
    Line,
    PageQuery,
    Resource,
    Schema,
    Slug,
    TimeZone,
    Whole,
    no_surrogates,
)

_PHASE_STEPS = 8  # room for the six phases within one number


class VenueSchema(Schema):
    """Where a theme day takes place."""

    name = Line(required=True, metadata={"example": "Toivolan vanha piha"})
    address = Line(allow_none=True, metadata={"example": "Cygnaeuksenkatu 2, Jyväskylä"})
    directions = LanguageMap(allow_none=True, most=5000, example="Viisi minuuttia asemalta.")
    accessibility = LanguageMap(allow_none=True, most=5000, example="Esteetön sisäänkäynti pihan puolelta.")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Venue:
        """The part of a document that it becomes."""
        return Venue(**data)


class RemoteSchema(Schema):
    """The remote room. `join_url` is shown to those who may edit the theme day, and to nobody else."""

    join_url = fields.Url(
        schemes={"https"},
        allow_none=True,
        validate=[validate.Length(max=2000), no_surrogates],
        metadata={"omitted": "for all who may not edit the theme day", "example": "https://meet.example.org/room"},
    )
    platform = Line(allow_none=True, most=80, metadata={"example": "Teams"})
    opens_minutes_before = Whole(
        load_default=15, validate=validate.Range(0, 1440), metadata={"description": "When the door opens.", "example": 15}
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Remote:
        """The part of a document that it becomes."""
        return Remote(**data)


class CapacitySchema(Schema):
    """How many seats each mode has."""

    onsite = Seating()
    remote = Seating()


class EventFields(Schema):
    """What people write about a theme day."""

    co_hosts = fields.List(
        Id(), validate=validate.Length(max=20), metadata={"description": "Networks that arrange it too.", "example": []}
    )
    series_id = Id(allow_none=True, metadata={"description": "The series that it belongs to.", "example": None})
    slug = Slug()
    summary = LanguageMap(allow_none=True, most=1000, example="Työnantajayhteistyö käytännössä")
    description = LanguageMap(allow_none=True, example="Päivän aikana kuulemme, miten yritykset **oikeasti** rekrytoivat.")
    topics = fields.List(Line(most=80), validate=validate.Length(max=30), metadata={"example": ["työnantajayhteistyö"]})
    timezone = TimeZone()
    registration_opens_at = EventTime(
        allow_none=True, metadata={"description": "At publication where it is null.", "example": None}
    )
    registration_closes_at = EventTime(
        allow_none=True, metadata={"description": "At the start where it is null.", "example": None}
    )
    offer_hours = Whole(
        allow_none=True,
        validate=validate.Range(1, 336),
        metadata={
            "description": "How many hours the first who waits has to accept a seat. Null: it is theirs at once.",
            "example": None,
        },
    )
    reminder_hours = fields.List(
        Whole(validate=validate.Range(1, 336)),
        validate=validate.Length(max=5),
        metadata={"description": "How many hours before its start participants are reminded, each time.", "example": [24]},
    )
    thanks_hours = Whole(
        allow_none=True,
        validate=validate.Range(0, 336),
        metadata={"description": "How many hours after its end participants are thanked. Null: not at all.", "example": 2},
    )
    feedback_url = fields.Url(
        schemes={"https"},
        allow_none=True,
        validate=[validate.Length(max=2000), no_surrogates],
        metadata={"description": "Where participants say what they thought of it.", "example": "https://example.org/palaute"},
    )
    venue = fields.Nested(VenueSchema, allow_none=True)
    remote = fields.Nested(RemoteSchema, allow_none=True)
    questions = Questions()
    agenda = Agenda()


class EventRequest(EventFields):
    """A theme day to draft. Without a capacity, the modes that have a venue or a room are offered without a limit."""

    network_id = Id(required=True)
    title = LanguageMap(required=True, most=200, example="Työhönvalmennuksen teemapäivä")
    starts_at = EventTime(required=True)
    ends_at = EventTime(required=True, metadata={"example": "2027-03-04T13:00:00Z"})
    capacity = fields.Nested(CapacitySchema)


class EventPatch(EventFields):
    """What can be changed of a theme day; its network stays. `overbook` lets a coordinator offer fewer seats than are taken."""

    overbook = Flag(load_only=True, load_default=False, metadata={"example": False})

    title = LanguageMap(most=200, example="Työhönvalmennuksen teemapäivä")
    starts_at = EventTime()
    ends_at = EventTime(metadata={"example": "2027-03-04T13:00:00Z"})
    capacity = fields.Nested(CapacitySchema)


class DuplicateRequest(Schema):
    """When the copy starts; null: when the original does. Everything else moves with it, by the clock of its zone."""

    starts_at = EventTime(allow_none=True, load_default=None)


class CancelRequest(Schema):
    """Why a theme day is cancelled; everybody who is registered reads it."""

    reason = Reason(allow_none=True, most=2000, example="Kouluttaja on sairastunut.")


def _seats(row: Row) -> dict[str, Any]:
    return {
        mode: {
            "capacity": seats.get("capacity"),
            "available": seats.get("available"),
            **{name: seats[name] for name in ("taken", "offered", "waiting")},
        }
        for mode in MODES
        if (seats := row.get("seats", {}).get(mode)) is not None
    }


class EventSchema(Resource, EventFields):
    """A theme day."""

    network_id = Id(dump_only=True)
    title = LanguageMap(dump_only=True, example="Työhönvalmennuksen teemapäivä")
    starts_at = Instant(dump_only=True)
    ends_at = Instant(dump_only=True, metadata={"example": "2027-03-04T13:00:00Z"})
    capacity = Derived(
        lambda row: {mode: row["seats"][mode].get("capacity") for mode in MODES if mode in row.get("seats", ())},
        shape={
            "type": "object",
            "description": "Null: no limit. Absent: not offered.",
            "example": {"onsite": 40, "remote": None},
        },
    )
    seats = Derived(
        _seats,
        shape={
            "type": "object",
            "description": "What has become of the seats, by mode. Those offered to people who waited are taken. `available` "
            "is what a newcomer can get: null for no limit, less than zero where the theme day is overbooked.",
            "example": {"onsite": {"capacity": 40, "available": 28, "taken": 12, "offered": 0, "waiting": 0}},
        },
    )
    materials = fields.List(
        fields.Nested(EventMaterialSchema),
        dump_only=True,
        metadata={"description": "To editors all, to others what is open to everybody."},
    )
    status = fields.String(dump_only=True, validate=validate.OneOf(STATUSES), metadata={"example": "published"})
    phase = Derived(lambda row: phase_of(row, utcnow()), shape={"type": "string", "enum": list(PHASES), "example": "open"})
    published_at = Instant(dump_only=True, allow_none=True)
    cancelled_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    cancel_reason = LanguageMap(dump_only=True, allow_none=True, metadata={"example": None})

    @staticmethod
    def etag(row: Row) -> str:
        """`<version>.<seats>.<materials>`: the second number changes with the seats, and when time moves the phase on; the
        third, how many materials are shown, when time opens one."""
        moment = row["seats_version"] * _PHASE_STEPS + PHASES.index(phase_of(row, utcnow()))
        return f"{row['version']}.{moment}.{len(row.get('materials') or ())}"


class EventFilter(PageQuery):
    """Which theme days, whenever they are."""

    network = Id(metadata={"description": "Arranged by this network, alone or with others."})
    series = Id(metadata={"description": "Of this series."})
    region = fields.String(
        validate=validate.OneOf(REGIONS),
        metadata={"description": "Arranged by a network that serves this region.", "example": "FI-08"},
    )
    mode = fields.String(validate=validate.OneOf(MODES), metadata={"description": "Offering this way to take part."})
    topic = Line(most=80, metadata={"description": "About this topic.", "example": "työnantajayhteistyö"})
    q = fields.String(
        validate=validate.Length(max=200), metadata={"description": "Words, or beginnings of words.", "example": "teema"}
    )


class EventQuery(EventFilter):
    """Filters of theme days."""

    from_ = Instant(data_key="from", metadata={"description": "Starting at this instant or later."})
    to = Instant(metadata={"description": "Starting before this instant.", "example": "2027-12-31T22:00:00Z"})
    phase = fields.String(validate=validate.OneOf(PHASES), metadata={"description": "In this phase now."})
    sort = fields.String(
        load_default="starts_at", validate=validate.OneOf(("starts_at", "-starts_at")), metadata={"description": "The order."}
    )
