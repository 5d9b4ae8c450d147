"""Shapes of sending and of deliveries."""

from marshmallow import fields, validate

from network_api.schemas import EmailAddress, Id, Instant, PageQuery, Schema
from newsletters.dispatch.ledger import DELIVERY_STATES
from newsletters.dispatch.sending import RESEND, SETTLE


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


class DeliveryFilter(Schema):
    """Which deliveries to export."""

    state = fields.String(validate=validate.OneOf(DELIVERY_STATES), metadata={"description": "Only deliveries in this state."})


class DeliveryQuery(PageQuery, DeliveryFilter):
    """Filters of deliveries."""


class ResolveRequest(Schema):
    """What to do about deliveries that nobody can know about: send them again, or take them as delivered."""

    state = fields.String(required=True, validate=validate.OneOf(("unknown",)))
    action = fields.String(required=True, validate=validate.OneOf((RESEND, SETTLE)))
