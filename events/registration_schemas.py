"""Shapes of registrations."""

from marshmallow import EXCLUDE, fields, validate

from events.fields import Entry
from events.needs_schemas import NeedsFields
from events.question_schemas import AskedSchema
from events.registration_documents import STATUSES
from events.seating import MODES
from events.seating import STATUSES as EVENT_STATUSES
from network_api.documents import Row
from network_api.languages import LANGUAGES
from network_api.members.schemas import OrganisationSchema
from network_api.regions import REGIONS
from network_api.schemas import (
    Derived,
    EmailAddress,
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
)


class PersonFields(NeedsFields):
    """What a participant types."""

    organisation = fields.Nested(OrganisationSchema, allow_none=True)
    region = fields.String(
        allow_none=True,
        validate=validate.OneOf(REGIONS),
        metadata={"description": "Where the person works. For the figures only.", "example": "FI-08"},
    )
    language = fields.String(validate=validate.OneOf(LANGUAGES), metadata={"description": "The language of our mails."})
    answers = Entry(
        metadata={
            "description": "Answers to the organiser's questions, by their id: a text, the id of an option, a list of such ids, "
            "or true and false for `yes_no` and `consent`.",
            "example": {},
        }
    )


class RegistrationRequest(PersonFields):
    """A registration, with or without an account. With `wait`, a full theme day gives a place in the queue."""

    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    name = Line(required=True, metadata={"example": "Aino Virtanen"})
    email = EmailAddress(required=True)
    wait = Flag(load_default=False, metadata={"example": False})


class RegistrationPatch(PersonFields):
    """What can be changed. Another `mode` switches seats; with `wait` the old seat is kept until the new one is free."""

    mode = fields.String(validate=validate.OneOf(MODES))
    name = Line(metadata={"example": "Aino Virtanen"})
    wait = Flag(load_default=False, metadata={"example": False})


class RegisteredQuery(Schema):
    """What the page after a registration tells: how somebody takes part, and their place where they wait."""

    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    place = fields.Integer(load_default=None, validate=validate.Range(1))
    lang = fields.String()

    class Meta:
        """Other parameters, which links of others may add, are left out."""

        unknown = EXCLUDE


class OfferSchema(Schema):
    """A seat that is kept for a person who waited, for them to accept."""

    mode = fields.String(dump_only=True, validate=validate.OneOf(MODES), metadata={"example": "onsite"})
    expires_at = Instant(dump_only=True, metadata={"description": "Then it goes to the next in the queue."})


class RegistrationSchema(Resource, PersonFields):
    """A registration, for the person and for the coordinators."""

    event_id = Id(dump_only=True)
    status = fields.String(dump_only=True, validate=validate.OneOf(STATUSES))
    mode = fields.String(
        dump_only=True, validate=validate.OneOf(MODES), metadata={"description": "The seat held, or waited for."}
    )
    waiting_for = fields.String(
        dump_only=True,
        allow_none=True,
        validate=validate.OneOf(MODES),
        metadata={"description": "Whose queue the person stands in.", "example": None},
    )
    waiting_position = Derived(
        lambda row: row.get("waiting_position"),
        shape={"type": ["integer", "null"], "description": "The place in that queue; the first is 1.", "example": None},
    )
    offer = fields.Nested(OfferSchema, dump_only=True, allow_none=True)
    network_id = Id(
        dump_only=True,
        allow_none=True,
        metadata={"description": "The co-host whose participant this is; null: nobody's but the host's.", "example": None},
    )
    name = Line(dump_only=True, metadata={"example": "Aino Virtanen"})
    email = EmailAddress(dump_only=True)
    attended = Derived(lambda row: row.get("attended_at") is not None, shape={"type": "boolean", "example": False})
    asked = fields.Nested(
        AskedSchema,
        many=True,
        dump_only=True,
        metadata={"description": "The questions that `answers` answers, as they read then."},
    )
    attended_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    attended_mode = fields.String(dump_only=True, allow_none=True, validate=validate.OneOf(MODES), metadata={"example": None})
    attended_minutes = fields.Integer(
        dump_only=True, allow_none=True, metadata={"description": "In the remote room, as its report tells.", "example": None}
    )
    join_revoked_at = Instant(
        dump_only=True, allow_none=True, metadata={"description": "Since when the join link opens nothing.", "example": None}
    )
    cancelled_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})

    @staticmethod
    def etag(row: Row) -> str:
        """`<version>.<place in the queue>.<attendance>`: others leave the queue, and the person comes, without an edit."""
        return f"{row['version']}.{row.get('waiting_position') or 0}.{row.get('attendance_version') or 0}"


class EventLinkSchema(Schema):
    """A theme day by name and time."""

    id = Id(attribute="_id", dump_only=True)
    slug = Slug(dump_only=True, metadata={"example": "teemapaiva"})
    title = LanguageMap(dump_only=True)
    starts_at = Instant(dump_only=True)
    ends_at = Instant(dump_only=True, metadata={"example": "2027-03-04T13:00:00Z"})
    timezone = TimeZone(dump_only=True)
    status = fields.String(dump_only=True, validate=validate.OneOf(EVENT_STATUSES), metadata={"example": "published"})


class OwnRegistrationSchema(RegistrationSchema):
    """One's own registration, with the theme day it is for."""

    event = fields.Nested(EventLinkSchema, dump_only=True)


class RegistrationFilters(Schema):
    """Filters of registrations."""

    status = fields.String(validate=validate.OneOf(STATUSES), metadata={"description": "Only these."})
    mode = fields.String(validate=validate.OneOf(MODES), metadata={"description": "Only in this mode."})
    q = fields.String(
        validate=validate.Length(max=200), metadata={"description": "Words, or beginnings of words.", "example": "aino"}
    )


class RegistrationQuery(PageQuery, RegistrationFilters):
    """Filters of the list of registrations."""
