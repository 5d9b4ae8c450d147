"""Shapes of issues."""

from marshmallow import fields, validate

from network_api.languages import LANGUAGES
from network_api.regions import REGIONS
from network_api.schemas import EmailAddress, Id, Instant, LanguageMap, PageQuery, Resource, Schema
from newsletters.documents import SECTIONS
from newsletters.issues.documents import ISSUE_STATES, SOURCE_TYPES

_MOST_BLOCKS = 200


class SourceSchema(Schema):
    """Where a block comes from. It is read again just before sending."""

    type = fields.String(required=True, validate=validate.OneOf(SOURCE_TYPES))
    id = Id(required=True)
    version = fields.Integer(required=True, validate=validate.Range(min=1), metadata={"example": 1})


class BlockSchema(Schema):
    """A piece of an issue: Markdown by language."""

    section = fields.String(required=True, validate=validate.OneOf(SECTIONS))
    text = LanguageMap(required=True, example="Hyvät *verkostolaiset*, tervehdys toimituksesta.")
    source = fields.Nested(SourceSchema, allow_none=True, load_default=None, metadata={"rare": True})
    pinned = fields.Boolean(load_default=False, metadata={"description": "At the top of its section."})
    hidden = fields.Boolean(load_default=False, metadata={"description": "Kept, and not sent.", "example": False})


class IssuePatch(Schema):
    """What can be changed of an issue before it is sent; any change voids its approval."""

    title = LanguageMap(most=200, example="Marraskuun kirje")
    blocks = fields.List(fields.Nested(BlockSchema), validate=validate.Length(max=_MOST_BLOCKS))


class IssueRequest(IssuePatch):
    """An issue to begin, with blocks of one's own, with `assemble` from what the network does, or both."""

    assemble = fields.Boolean(
        load_default=False, metadata={"description": "Fill it from coming theme days and new introductions."}
    )


class ApprovalSchema(Schema):
    """Who approved which content."""

    by = Id(dump_only=True)
    at = Instant(dump_only=True)
    content_hash = fields.String(dump_only=True, metadata={"example": "9f86d081884c7d65"})


class AudienceSchema(Schema):
    """The frozen audience: candidates are recipients and excluded ones, each of those for a reason."""

    candidates = fields.Integer(dump_only=True, allow_none=True, metadata={"example": 630})
    recipients = fields.Integer(dump_only=True, allow_none=True, metadata={"example": 612})
    excluded = fields.Dict(dump_only=True, metadata={"example": {"pending": 12, "unsubscribed": 6}})
    frozen_at = Instant(dump_only=True, allow_none=True)


class RoundSchema(Schema):
    """Deliveries in these states were sent again."""

    at = Instant(dump_only=True)
    by = Id(dump_only=True, allow_none=True)
    states = fields.List(fields.String(), dump_only=True, metadata={"example": ["refused"]})
    deliveries = fields.Integer(dump_only=True, metadata={"example": 3})


class IssueSchema(Resource):
    """An issue of a newsletter. `title` is the subject line."""

    newsletter_id = Id(dump_only=True)
    network_id = Id(dump_only=True)
    title = LanguageMap(dump_only=True, example="Marraskuun kirje")
    blocks = fields.List(fields.Nested(BlockSchema), dump_only=True)
    state = fields.String(dump_only=True, validate=validate.OneOf(ISSUE_STATES))
    content_hash = fields.String(dump_only=True, metadata={"example": "9f86d081884c7d65"})
    author_id = Id(dump_only=True)
    edited_by = Id(dump_only=True)
    approval = fields.Nested(ApprovalSchema, dump_only=True, allow_none=True)
    send_at = Instant(dump_only=True, allow_none=True)
    started_at = Instant(dump_only=True, allow_none=True)
    sent_at = Instant(dump_only=True, allow_none=True)
    audience = fields.Nested(AudienceSchema, dump_only=True, allow_none=True)
    rounds = fields.List(fields.Nested(RoundSchema), dump_only=True, allow_none=True, metadata={"rare": True})
    dropped = fields.List(
        fields.String(),
        dump_only=True,
        metadata={"example": ["event:65f1c0ffee65f1c0ffee65f1"], "description": "Sources that fell out before sending."},
    )


class IssueQuery(PageQuery):
    """Filters of issues."""

    state = fields.String(validate=validate.OneOf(ISSUE_STATES), metadata={"description": "Only issues in this state."})


class PreviewQuery(Schema):
    """Which variant of an issue to show, and how."""

    language = fields.String(validate=validate.OneOf(LANGUAGES), metadata={"description": "The reader's language."})
    region = fields.String(validate=validate.OneOf(REGIONS), metadata={"description": "The reader's region.", "example": "FI-08"})
    format = fields.String(
        load_default="html", validate=validate.OneOf(("html", "text")), metadata={"description": "Which part."}
    )


class TestSendRequest(Schema):
    """Whom to send the issue as a test."""

    email = EmailAddress(required=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES), metadata={"rare": True})


class ApproveRequest(Schema):
    """With `content_hash`, only the very content that was read is approved."""

    content_hash = fields.String(validate=validate.Length(max=64), metadata={"rare": True})
