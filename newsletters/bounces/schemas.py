"""Shapes of bounces."""

from marshmallow import fields, validate

from network_api.schemas import Id, PageQuery, Resource
from newsletters.bounces.documents import EFFECTS, INTAKES
from newsletters.bounces.reports import KINDS


class BounceSchema(Resource):
    """One report about one letter. One that is not `matched` proves nothing, and has no effect."""

    newsletter_id = Id(dump_only=True, allow_none=True)
    issue_id = Id(dump_only=True, allow_none=True)
    subscription_id = Id(dump_only=True, allow_none=True)
    kind = fields.String(dump_only=True, validate=validate.OneOf(KINDS))
    status = fields.String(dump_only=True, allow_none=True, metadata={"description": "RFC 3463.", "example": "5.1.1"})
    answer = fields.String(dump_only=True, allow_none=True, metadata={"example": "550 5.1.1 No such user"})
    intake = fields.String(dump_only=True, validate=validate.OneOf(INTAKES))
    matched = fields.Boolean(dump_only=True)
    effect = fields.String(dump_only=True, allow_none=True, validate=validate.OneOf(EFFECTS))


class BounceQuery(PageQuery):
    """Filters of bounces."""

    kind = fields.String(validate=validate.OneOf(KINDS), metadata={"description": "Only of this kind."})
    matched = fields.Boolean(metadata={"description": "Only those whose letter is proven, or only the others.", "example": True})
