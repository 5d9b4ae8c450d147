"""Shapes of registrations of several people at once: of colleagues, and from a table."""

from marshmallow import fields, validate

from events.adding import IMPORT_RESULTS, MOST_COLLEAGUES
from events.registration_schemas import RegistrationRequest, RegistrationSchema
from events.seating import MODES
from network_api.schemas import EmailAddress, Flag, Id, Line, Schema


class ContactSchema(Schema):
    """Who registers their colleagues, and is told what became of each."""

    name = Line(required=True, metadata={"example": "Helmi Esimerkki"})
    email = EmailAddress(required=True)


class ColleagueSchema(RegistrationRequest):
    """One of them; each gets a mail and a link of their own."""

    class Meta:
        exclude = ("wait",)


class GroupRequest(Schema):
    """A registration of several people. All or nobody, unless `partial` takes those who can be taken."""

    contact = fields.Nested(ContactSchema, required=True)
    people = fields.List(
        fields.Nested(ColleagueSchema), required=True, validate=validate.Length(1, MOST_COLLEAGUES), metadata={"minItems": 1}
    )
    whoever_can = Flag(data_key="partial", load_default=False, metadata={"example": False})
    wait = Flag(load_default=False, metadata={"description": "Take places in the queue too.", "example": False})


class GroupResult(Schema):
    """What became of one person: a registration, or the reason why there is none."""

    email = EmailAddress(dump_only=True)
    registration = fields.Nested(RegistrationSchema, dump_only=True, allow_none=True)
    code = fields.String(dump_only=True, allow_none=True, metadata={"example": None})
    detail = fields.String(dump_only=True, allow_none=True, metadata={"example": None})


class GroupSchema(Schema):
    """What became of each, in the order in which they were named."""

    registered = fields.Integer(dump_only=True, metadata={"example": 2})
    refused = fields.Integer(dump_only=True, metadata={"example": 0})
    people = fields.List(fields.Nested(GroupResult), dump_only=True)


class PeopleImportQuery(Schema):
    """How to import a table."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only tell, write nothing.", "example": True})
    wait = fields.Boolean(load_default=False, metadata={"description": "Take places in the queue too.", "example": False})
    mode = fields.String(
        load_default=MODES[0], validate=validate.OneOf(MODES), metadata={"description": "For lines that name none."}
    )


class PeopleImportRow(Schema):
    """What became of one line."""

    line = fields.Integer(dump_only=True, metadata={"description": "The headings are line 1.", "example": 2})
    email = fields.String(dump_only=True, allow_none=True, metadata={"example": "aino@example.org"})
    result = fields.String(dump_only=True, validate=validate.OneOf(IMPORT_RESULTS))
    code = fields.String(dump_only=True, allow_none=True, metadata={"example": None})
    detail = fields.String(dump_only=True, allow_none=True, metadata={"example": None})
    registration_id = Id(dump_only=True, allow_none=True, metadata={"example": None})


class PeopleImportSchema(Schema):
    """What became of a table."""

    dry_run = fields.Boolean(dump_only=True, metadata={"example": False})
    confirmed = fields.Integer(dump_only=True, metadata={"example": 1})
    waitlisted = fields.Integer(dump_only=True, metadata={"example": 0})
    refused = fields.Integer(dump_only=True, metadata={"example": 0})
    rows = fields.List(fields.Nested(PeopleImportRow), dump_only=True)
