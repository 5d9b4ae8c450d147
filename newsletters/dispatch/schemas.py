"""Shapes of sending and of deliveries."""

from marshmallow import fields, validate

from network_api.schemas import EmailAddress, Id, Instant, PageQuery, Schema
from newsletters.dispatch.ledger import DELIVERY_STATES, REASONS, REFUSED
from newsletters.dispatch.progressing import RETRY, SEND_WINDOW, SOMEBODY
from newsletters.dispatch.resending import MISSED, RESEND, SETTLE
from newsletters.issues.documents import ISSUE_STATES

WAITS = (SEND_WINDOW, RETRY, SOMEBODY)


class ScheduleRequest(Schema):
    """When to send; without a time, at the next one of the newsletter's cadence."""

    send_at = Instant(load_default=None)


class DeliverySchema(Schema):
    """What became of one recipient. The address is null once its person has been erased."""

    subscription_id = Id(dump_only=True)
    email = EmailAddress(dump_only=True, allow_none=True)
    state = fields.String(dump_only=True, validate=validate.OneOf(DELIVERY_STATES))
    answer = fields.String(dump_only=True, allow_none=True, metadata={"example": "550 5.1.1 No such user"})
    message_id = fields.String(dump_only=True, metadata={"example": "<65f1.65f2@network.example.org>"})
    updated_at = Instant(dump_only=True)


class OfSomebody(Schema):
    """One subscriber, by address."""

    email = EmailAddress(metadata={"description": "Only of the subscriber with this address."})


class DeliveryFilter(Schema):
    """Which deliveries to export."""

    state = fields.String(validate=validate.OneOf(DELIVERY_STATES), metadata={"description": "Only deliveries in this state."})


class DeliveryQuery(PageQuery, DeliveryFilter, OfSomebody):
    """Filters of deliveries."""


class ExclusionSchema(Schema):
    """A subscription that was left out. The address is null once its person has been erased."""

    subscription_id = Id(dump_only=True)
    email = EmailAddress(dump_only=True, allow_none=True)
    reason = fields.String(dump_only=True, validate=validate.OneOf(tuple(REASONS)))


class ExclusionFilter(Schema):
    """Which exclusions to export."""

    reason = fields.String(validate=validate.OneOf(tuple(REASONS)), metadata={"description": "Only left out for this reason."})


class ExclusionQuery(PageQuery, ExclusionFilter, OfSomebody):
    """Filters of exclusions."""


class ProgressSchema(Schema):
    """How far the sending of an issue is."""

    state = fields.String(dump_only=True, validate=validate.OneOf(ISSUE_STATES), metadata={"example": "sending"})
    total = fields.Integer(
        dump_only=True, allow_none=True, metadata={"example": 612, "description": "Recipients; null until they are known."}
    )
    done = fields.Integer(dump_only=True, metadata={"example": 250, "description": "Deliveries that have come to an end."})
    counts = fields.Dict(dump_only=True, metadata={"example": {"ready": 337, "attempting": 25, "accepted": 248, "refused": 2}})
    per_second = fields.Float(dump_only=True, metadata={"example": 41.5, "description": "Over the last minute."})
    seconds_left = fields.Integer(
        dump_only=True, allow_none=True, metadata={"example": 9, "description": "At this rate, without what waits to be retried."}
    )
    waits_for = fields.String(
        dump_only=True,
        allow_none=True,
        validate=validate.OneOf(WAITS),
        metadata={
            "example": None,
            "description": "`send_window`: to open; `retry`: what servers have deferred; `resume`: somebody paused it.",
        },
    )
    waits_until = Instant(dump_only=True, allow_none=True, metadata={"example": None})
    started_at = Instant(dump_only=True, allow_none=True)
    sent_at = Instant(dump_only=True, allow_none=True, metadata={"example": None})


class ResendRequest(Schema):
    """Whom to send an issue again: those whose delivery is in one of these states.

    `refused` are also those whose servers put us off for days; `unknown` may get it twice, under the same Message-ID.
    """

    states = fields.List(
        fields.String(validate=validate.OneOf(MISSED)),
        load_default=lambda: [REFUSED],
        validate=validate.Length(min=1),
        metadata={"example": ["refused"]},
    )


class ResolveRequest(Schema):
    """What to do about deliveries that nobody can know about: send them again, or take them as delivered."""

    state = fields.String(required=True, validate=validate.OneOf(("unknown",)))
    action = fields.String(required=True, validate=validate.OneOf((RESEND, SETTLE)))
