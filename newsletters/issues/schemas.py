"""Shapes of issues."""

from marshmallow import fields, validate

from network_api.languages import LANGUAGES
from network_api.regions import REGIONS
from network_api.schemas import (
    Derived,
    EmailAddress,
    Flag,
    Id,
    Instant,
    LanguageMap,
    PageQuery,
    Resource,
    Schema,
    Whole,
    no_surrogates,
)
from newsletters.documents import SECTIONS
from newsletters.issues.documents import ISSUE_STATES, SOURCE_TYPES

_MOST_BLOCKS = 200
_MOST_DEADLINES = 50
_MOST_VERSIONS = 2**31 - 1


class SourceSchema(Schema):
    """Where a block comes from. It is read again just before sending."""

    type = fields.String(required=True, validate=validate.OneOf(SOURCE_TYPES))
    id = Id(required=True)
    version = Whole(required=True, validate=validate.Range(1, _MOST_VERSIONS), metadata={"example": 1})


class BlockSchema(Schema):
    """A piece of an issue: Markdown by language."""

    section = fields.String(required=True, validate=validate.OneOf(SECTIONS))
    text = LanguageMap(required=True, example="Hyvät *verkostolaiset*, tervehdys toimituksesta.")
    source = fields.Nested(SourceSchema, allow_none=True, load_default=None, metadata={"rare": True})
    pinned = Flag(load_default=False, metadata={"description": "At the top of its section."})
    hidden = Flag(load_default=False, metadata={"description": "Kept, and not sent.", "example": False})
    edited = Flag(
        metadata={
            "description": "The text is an editor's own: its source is not read again. It is so whenever a text is changed; "
            "false brings a later reading of the source back.",
            "example": False,
            "rare": True,
        }
    )


class IssuePatch(Schema):
    """What can be changed of an issue before it is sent; any change voids its approval."""

    title = LanguageMap(most=200, example="Marraskuun kirje")
    blocks = fields.List(fields.Nested(BlockSchema), validate=validate.Length(max=_MOST_BLOCKS))
    contributions_until = Instant(
        allow_none=True, metadata={"description": "Later contributions are for the next issue.", "rare": True}
    )
    network_deadlines = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"\A[0-9a-f]{24}\Z", error="Not a valid id.")),
        values=Instant(),
        validate=validate.Length(max=_MOST_DEADLINES),
        metadata={
            "description": "The same for single networks, by their id.",
            "example": {"65f1c0ffee65f1c0ffee65f1": "2027-03-04T07:00:00Z"},
            "rare": True,
        },
    )


class IssueRequest(IssuePatch):
    """An issue to begin, with blocks of one's own, with `assemble` from what the network does, or both."""

    assemble = Flag(
        load_default=False,
        metadata={"description": "Fill it from coming theme days and from what is new in networks."},
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
    contributions_until = Instant(dump_only=True, allow_none=True)
    network_deadlines = fields.Dict(dump_only=True, metadata={"example": {"65f1c0ffee65f1c0ffee65f1": "2027-03-04T07:00:00Z"}})
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


class ChosenVariant(Schema):
    """Which variant of an issue: by its id, or as readers with these choices get it."""

    language = fields.String(validate=validate.OneOf(LANGUAGES), metadata={"description": "The reader's language.", "rare": True})
    region = fields.String(
        validate=validate.OneOf(REGIONS), metadata={"description": "The reader's region.", "example": "FI-08", "rare": True}
    )
    section = fields.String(
        validate=validate.OneOf(SECTIONS), metadata={"description": "The only section that the reader wants.", "rare": True}
    )
    variant = fields.String(
        validate=validate.Length(max=60),
        metadata={"description": "The id of a variant, in place of the others.", "example": "fi.3", "rare": True},
    )


class PreviewQuery(ChosenVariant):
    """Which variant of an issue to show, and how."""

    format = fields.String(
        load_default="html", validate=validate.OneOf(("html", "text")), metadata={"description": "Which part."}
    )


class TestSendRequest(ChosenVariant):
    """Whom to send a variant of the issue as a test."""

    email = EmailAddress(required=True)


class VariantSchema(Schema):
    """What some readers get: a language, and the places of the blocks that are shown."""

    id = fields.String(dump_only=True, metadata={"example": "fi.1d"})
    language = fields.String(dump_only=True, validate=validate.OneOf(LANGUAGES))
    blocks = fields.List(fields.Integer(), dump_only=True, metadata={"example": [0, 2, 3, 4]})
    recipients = fields.Integer(dump_only=True, metadata={"description": "Active subscribers who would get it.", "example": 412})
    html_bytes = fields.Integer(dump_only=True, metadata={"example": 23450})
    text_bytes = fields.Integer(dump_only=True, metadata={"example": 4210})


class VariantsSchema(Schema):
    """All variants of an issue."""

    items = fields.List(fields.Nested(VariantSchema), dump_only=True)


class FindingSchema(Schema):
    """What a check has found, in which block and language; null: in all of them."""

    code = fields.String(dump_only=True, metadata={"example": "alt_text_missing"})
    detail = fields.String(dump_only=True, metadata={"example": "What does the picture https://example.org/a.png show?"})
    block = fields.Integer(dump_only=True, allow_none=True, metadata={"example": 2})
    language = fields.String(dump_only=True, allow_none=True, metadata={"example": "fi"})
    about = fields.String(
        dump_only=True,
        allow_none=True,
        metadata={"description": "The address at fault, where there is one.", "example": "https://example.org/a.png"},
    )


class ChecksSchema(Schema):
    """Whether an issue can be submitted and approved; `notices` are no reason against it."""

    passed = fields.Boolean(dump_only=True)
    failures = fields.List(fields.Nested(FindingSchema), dump_only=True)
    notices = fields.List(fields.Nested(FindingSchema), dump_only=True)


class CommentRequest(Schema):
    """Something to say about an issue, or about the block at a place in it."""

    text = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=4000), no_surrogates],
        metadata={"example": "Voisiko alku olla lyhyempi?"},
    )
    block = Whole(allow_none=True, validate=validate.Range(0, _MOST_BLOCKS - 1), metadata={"example": 0, "rare": True})


class CommentSchema(Resource, CommentRequest):
    """A comment on an issue."""

    author_id = Id(dump_only=True)


class RejectRequest(Schema):
    """What to look at before the issue is submitted again."""

    reason = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=4000), no_surrogates],
        metadata={"example": "Teemapäivän paikka puuttuu."},
    )


class ApproveRequest(Schema):
    """With `content_hash`, only the very content that was read is approved."""

    content_hash = fields.String(validate=validate.Length(max=64), metadata={"rare": True})


class LinkSchema(Schema):
    """How often a link of an issue was followed."""

    url = fields.String(dump_only=True, metadata={"example": "https://example.org/opas"})
    total = Derived(lambda row: sum(row.get("days", {}).values()), shape={"type": "integer", "example": 18})
    days = fields.Dict(dump_only=True, metadata={"example": {"2026-11-24": 14, "2026-11-25": 4}, "description": "In UTC."})
