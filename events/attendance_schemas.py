"""Shapes of attendance: entries of the ledger, scans, marks by hand, tickets' keys."""

from marshmallow import fields, validate

from events.attendance import BY_HAND, METHODS
from events.attendance_documents import SOURCES, STATES
from events.attendance_import import REASONS, RESULTS
from events.fields import EventTime
from events.registration_schemas import EventLinkSchema
from events.seating import MODES
from events.tickets import LONGEST_CODE
from network_api.schemas import Id, Instant, LanguageMap, Line, PageQuery, Resource, Schema

MOST_SCANS = 200
_CODE = "AEZDGNBVGZS7DQH7522MD4AP7XWWL4OA75XWL4OA"
_NONCE = "6f1c0ff2b90d4a1e"


class AttendanceSchema(Resource):
    """One entry of the ledger: a source's word that somebody was there."""

    event_id = Id(dump_only=True)
    registration_id = Id(dump_only=True)
    name = Line(dump_only=True, metadata={"example": "Aino Virtanen"})
    source = fields.String(dump_only=True, validate=validate.OneOf(SOURCES))
    mode = fields.String(dump_only=True, validate=validate.OneOf(MODES))
    at = Instant(dump_only=True, metadata={"description": "When the person was there."})
    minutes = fields.Integer(
        dump_only=True, allow_none=True, metadata={"description": "In the remote room, as its report tells.", "example": None}
    )
    recorded_by = Id(dump_only=True, allow_none=True, metadata={"description": "Null: the person themselves, at the door."})
    state = fields.String(dump_only=True, validate=validate.OneOf(STATES))
    voided_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    voided_by = Id(dump_only=True, allow_none=True, metadata={"example": None})
    void_reason = fields.String(dump_only=True, allow_none=True, metadata={"example": None})


class AttendanceQuery(PageQuery):
    """Filters of the ledger."""

    source = fields.String(validate=validate.OneOf(SOURCES), metadata={"description": "Only from this source."})


class CheckInRequest(Schema):
    """A coordinator's word that somebody came: the ticket was seen, or the person was, here or in the remote room."""

    method = fields.String(load_default=BY_HAND, validate=validate.OneOf(METHODS), metadata={"example": BY_HAND})
    at = EventTime(metadata={"description": "When; now where it is absent.", "example": "2026-03-04T07:00:00Z"})


class VoidRequest(Schema):
    """Why an entry counts no longer."""

    void_reason = Line(required=True, most=500, metadata={"example": "Merkitty väärälle henkilölle"})


class Scan(Schema):
    """A scanned ticket."""

    code = fields.String(
        required=True,
        validate=validate.Length(1, LONGEST_CODE),
        metadata={"description": "What the QR code says.", "example": _CODE},
    )
    nonce = Line(
        most=64,
        least=8,
        metadata={"description": "Made by the scanner for each scan; the same is the same scan.", "example": _NONCE},
    )
    scanned_at = EventTime(metadata={"description": "When; now where it is absent.", "example": "2026-03-04T07:00:00Z"})


class OfflineScan(Scan):
    """A ticket that was scanned some time ago."""

    nonce = Line(required=True, most=64, least=8, metadata={"example": _NONCE})
    scanned_at = EventTime(required=True, metadata={"example": "2026-03-04T07:00:00Z"})


class ScanBatch(Schema):
    """What a scanner has gathered without a network."""

    scans = fields.List(fields.Nested(OfflineScan), required=True, validate=validate.Length(1, MOST_SCANS))


class ScanResult(Schema):
    """What became of a scan: `recorded`, or the code of why not."""

    nonce = fields.String(dump_only=True, metadata={"example": _NONCE})
    result = fields.String(dump_only=True, metadata={"example": "recorded"})
    detail = fields.String(dump_only=True, allow_none=True, metadata={"example": None})
    entry = fields.Nested(AttendanceSchema, dump_only=True, allow_none=True)


class ScanResults(Schema):
    """What became of each scan, in their order."""

    results = fields.List(fields.Nested(ScanResult), dump_only=True)


class TicketKey(Schema):
    """A public key as a JSON Web Key (RFC 8037)."""

    kty = fields.String(dump_only=True, metadata={"example": "OKP"})
    crv = fields.String(dump_only=True, metadata={"example": "Ed25519"})
    alg = fields.String(dump_only=True, metadata={"example": "EdDSA"})
    use = fields.String(dump_only=True, metadata={"example": "sig"})
    kid = fields.String(
        dump_only=True, metadata={"description": "The key id in the ticket, in hexadecimal.", "example": "6f1c0ff2"}
    )
    x = fields.String(dump_only=True, metadata={"example": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})


class TicketKeys(Schema):
    """What a scanner needs to check tickets without a network."""

    keys = fields.List(fields.Nested(TicketKey), dump_only=True)


class CertificateSchema(Schema):
    """What a genuine certificate says."""

    code = fields.String(dump_only=True, metadata={"example": "ABCD-EFGH-ABCD-EFGH-ABCD-EFGH-ABCD-EFGH"})
    name = Line(dump_only=True, metadata={"example": "Aino Virtanen"})
    event = fields.Nested(EventLinkSchema, dump_only=True)
    organisers = fields.List(LanguageMap(example="Keski-Suomen verkosto"), dump_only=True)
    mode = fields.String(dump_only=True, validate=validate.OneOf(MODES))
    minutes = fields.Integer(dump_only=True, metadata={"description": "How long the person took part.", "example": 330})


class ImportQuery(Schema):
    """How to import a report."""

    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Only tell what would become of each person.", "example": True}
    )


class ImportRow(Schema):
    """What became of one person of a report."""

    line = fields.Integer(dump_only=True, metadata={"description": "Where the person is first in the file.", "example": 11})
    name = fields.String(dump_only=True, metadata={"example": "Aino Virtanen"})
    email = fields.String(dump_only=True, allow_none=True, metadata={"example": "aino@example.org"})
    minutes = fields.Integer(dump_only=True, allow_none=True, metadata={"example": 85})
    result = fields.String(dump_only=True, validate=validate.OneOf(RESULTS))
    reason = fields.String(dump_only=True, allow_none=True, validate=validate.OneOf(REASONS), metadata={"example": None})
    registration_id = Id(dump_only=True, allow_none=True)


class ImportSchema(Schema):
    """What became of a report."""

    dry_run = fields.Boolean(dump_only=True, metadata={"example": False})
    recorded = fields.Integer(dump_only=True, metadata={"example": 1})
    unchanged = fields.Integer(dump_only=True, metadata={"example": 0})
    unmatched = fields.Integer(dump_only=True, metadata={"example": 0})
    rows = fields.List(fields.Nested(ImportRow), dump_only=True)
