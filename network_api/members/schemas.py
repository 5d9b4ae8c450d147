"""Shapes of members, introductions, sign-in and tokens."""

from collections.abc import Callable
from typing import Any

from marshmallow import fields, post_load, validate

from network_api.auth.caller import SCOPES
from network_api.documents import Row
from network_api.languages import LANGUAGES
from network_api.members.documents import AUDIENCES, ORGANISATION_TYPES, Organisation
from network_api.regions import REGIONS
from network_api.schemas import Derived, EmailAddress, Flag, Id, Instant, LanguageMap, Line, PageQuery, Resource, Schema


class OrganisationSchema(Schema):
    """Where somebody works."""

    name = Line(required=True, metadata={"example": "Esimerkkiyhdistys ry"})
    type = fields.String(required=True, validate=validate.OneOf(ORGANISATION_TYPES))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Organisation:
        """The part of a document that it becomes."""
        return Organisation(**data)


class ConsentSchema(Schema):
    """What somebody agreed to, when, and to which wording."""

    audience = fields.String(dump_only=True, validate=validate.OneOf(AUDIENCES))
    given_at = Instant(dump_only=True)
    wording = fields.String(dump_only=True, metadata={"example": "2026-11"})


def _of_introduction(*path: str) -> Callable[[Row], Any]:
    """A reader of a member's row that follows a path below its introduction."""

    def read(row: Row) -> Any:
        value: Any = row["introduction"]
        for name in path:
            value = value.get(name)
        return value

    return read


class IntroductionRequest(Schema):
    """An introduction as its member writes it."""

    text = LanguageMap(required=True, most=5000, example="Hei, valmennan nuoria Keski-Suomessa.")
    offers = fields.List(
        Line(most=80), load_default=list, validate=validate.Length(max=20), metadata={"example": ["CV-klinikka"]}
    )
    wishes = fields.List(
        Line(most=80), load_default=list, validate=validate.Length(max=20), metadata={"example": ["työnantajayhteistyö"]}
    )
    audience = fields.String(
        required=True, validate=validate.OneOf(AUDIENCES), metadata={"description": "To whom it may be shown."}
    )
    publish_in_newsletter = Flag(load_default=False, metadata={"description": "Whether a newsletter may carry it."})


class IntroductionSchema(Schema):
    """An introduction as its readers see it. Its `member_id` and `name` say whose it is."""

    member_id = Id(attribute="_id", dump_only=True)
    name = fields.String(dump_only=True, metadata={"example": "Aino Virtanen"})
    organisation = fields.Nested(OrganisationSchema, dump_only=True, allow_none=True)
    region = fields.String(dump_only=True, allow_none=True, metadata={"example": "FI-08"})
    network_ids = fields.List(Id(), dump_only=True)
    text = Derived(_of_introduction("text"), shape={"type": "object", "example": {"fi": "Hei, valmennan nuoria."}})
    offers = Derived(_of_introduction("offers"), shape={"type": "array", "items": {"type": "string"}, "example": ["CV-klinikka"]})
    wishes = Derived(_of_introduction("wishes"), shape={"type": "array", "items": {"type": "string"}, "example": []})
    audience = Derived(
        _of_introduction("consent", "audience"), shape={"type": "string", "enum": list(AUDIENCES), "example": "public"}
    )
    publish_in_newsletter = Derived(_of_introduction("publish_in_newsletter"), shape={"type": "boolean", "example": True})
    introduced_at = Derived(
        _of_introduction("introduced_at"), shape={"type": "string", "format": "date-time", "example": "2026-11-02T08:00:00Z"}
    )


class OwnIntroductionSchema(IntroductionSchema):
    """One's own introduction, with the consent behind it."""

    consent = Derived(
        lambda row: ConsentSchema().dump_row(row["introduction"]["consent"]),
        shape={"type": "object", "example": {"audience": "public", "given_at": "2026-11-02T08:00:00Z", "wording": "2026-11"}},
    )


class MemberSchema(Resource):
    """A member as the directory shows them."""

    name = fields.String(dump_only=True, metadata={"example": "Aino Virtanen"})
    organisation = fields.Nested(OrganisationSchema, dump_only=True, allow_none=True)
    region = fields.String(dump_only=True, allow_none=True, metadata={"example": "FI-08"})
    network_ids = fields.List(Id(), dump_only=True)


class OwnMemberSchema(MemberSchema):
    """One's own data."""

    email = EmailAddress(dump_only=True)
    language = fields.String(dump_only=True, validate=validate.OneOf(LANGUAGES))
    directory = fields.Nested(ConsentSchema, dump_only=True, allow_none=True)
    is_administrator = Derived(lambda row: bool(row.get("is_administrator")), shape={"type": "boolean", "example": False})


class MemberPatch(Schema):
    """What members change about themselves. `directory_audience` null leaves the directory."""

    name = Line(metadata={"example": "Aino Virtanen"})
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    organisation = fields.Nested(OrganisationSchema, allow_none=True)
    region = fields.String(validate=validate.OneOf(REGIONS), allow_none=True, metadata={"example": "FI-08"})
    directory_audience = fields.String(validate=validate.OneOf(AUDIENCES), allow_none=True)


class MemberQuery(PageQuery):
    """Filters of the directory."""

    q = fields.String(
        validate=validate.Length(max=200), metadata={"description": "Words, or beginnings of words.", "example": "aino"}
    )
    network = Id(metadata={"description": "Members of this network."})
    region = fields.String(
        validate=validate.OneOf(REGIONS), metadata={"description": "Members who work in this region.", "example": "FI-08"}
    )
    organisation_type = fields.String(
        validate=validate.OneOf(ORGANISATION_TYPES), metadata={"description": "Members of such organisations."}
    )


class IntroductionQuery(PageQuery):
    """Filters of introductions."""

    q = fields.String(
        validate=validate.Length(max=200), metadata={"description": "Words, or beginnings of words.", "example": "klinikka"}
    )
    network = Id(metadata={"description": "Introductions of this network's members."})
    since = Instant(metadata={"description": "Introduced at this instant or later."})


class CodeRequest(Schema):
    """Whom to mail a sign-in code."""

    email = EmailAddress(required=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES), metadata={"description": "The language of the mail."})


class SessionRequest(Schema):
    """The code that was mailed."""

    email = EmailAddress(required=True)
    code = fields.String(
        required=True, validate=validate.Regexp(r"\A[0-9]{6}\Z", error="Six digits."), metadata={"example": "482913"}
    )


class SessionSchema(Schema):
    """A session: send its token as `Authorization: Bearer <token>`. It is shown once."""

    token = fields.String(dump_only=True, metadata={"example": "nws_…"})
    expires_at = Instant(dump_only=True)
    member = fields.Nested(OwnMemberSchema, dump_only=True)


class TokenRequest(Schema):
    """An API token to make. Without `expires_at` it holds until it is deleted; without scopes it can do nothing."""

    name = Line(required=True, metadata={"example": "Nightly export"})
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES)), load_default=list, metadata={"example": ["events:read"]})
    expires_at = Instant(load_default=None, allow_none=True)


class TokenSchema(Schema):
    """An API token, without its secret."""

    id = Id(attribute="public_id", dump_only=True)
    name = fields.String(dump_only=True, metadata={"example": "Nightly export"})
    scopes = fields.List(fields.String(), dump_only=True, metadata={"example": ["events:read"]})
    created_at = Instant(dump_only=True)
    expires_at = Instant(dump_only=True, allow_none=True)


class NewTokenSchema(TokenSchema):
    """An API token just made: `token` is shown this once."""

    token = fields.String(dump_only=True, metadata={"example": "nwt_…"})


class ErasedSchema(Schema):
    """How many documents of a kind were deleted, or let it be known no more whose they are."""

    document = fields.String(dump_only=True, metadata={"example": "Registration"})
    number = fields.Integer(dump_only=True, metadata={"example": 3})


class KeptSchema(Schema):
    """What stays where there was any of it, and why."""

    document = fields.String(dump_only=True, metadata={"example": "Registration"})
    why = fields.String(dump_only=True, metadata={"example": "That somebody took a seat: for the figures. Who it was is gone."})


class ErasureSchema(Schema):
    """The receipt of an erasure: what was erased, what stays and why. It names nobody."""

    receipt = fields.String(dump_only=True, metadata={"example": "5f2a9c0d4be84f1f8c0f6c1b7a3d9e20"})
    state = fields.String(dump_only=True, validate=validate.OneOf(("running", "done")), metadata={"example": "done"})
    erased_at = Instant(dump_only=True, allow_none=True)
    erased = fields.List(fields.Nested(ErasedSchema), dump_only=True)
    kept = fields.List(fields.Nested(KeptSchema), dump_only=True)


class PurposeSchema(Schema):
    """What is kept about people, what for, on which basis (an article of the GDPR) and for how long."""

    document = fields.String(dump_only=True, metadata={"example": "Member"})
    fields_ = fields.String(dump_only=True, data_key="fields", attribute="fields", metadata={"example": "email, email_key"})
    purpose = fields.String(dump_only=True, metadata={"example": "To sign the member in and to write to them."})
    basis = fields.String(dump_only=True, metadata={"example": "6(1)(b)"})
    term = fields.String(dump_only=True, metadata={"example": "until the member erases themselves"})


class ExportSchema(Schema):
    """All that is held about a person, by feature."""

    exported_at = Instant(dump_only=True)
    data = fields.Dict(dump_only=True, metadata={"example": {"members": {"email": "aino@example.org"}}})
    register = fields.List(fields.Nested(PurposeSchema), dump_only=True)
