"""Shapes of webhooks and their deliveries."""

from typing import Any

from marshmallow import fields, validate

from network_api.documents import Row
from network_api.schemas import Chosen, Derived, Flag, Id, Instant, Line, PageQuery, Resource, Schema, no_surrogates
from network_api.webhooks import catalogue
from network_api.webhooks.delivery_documents import STATES as DELIVERY_STATES
from network_api.webhooks.delivery_documents import WAITING
from network_api.webhooks.documents import REASONS, STATES


def _name(**given: Any) -> Line:
    return Line(metadata={"example": "Verkoston nettisivut"}, **given)


def _url(**given: Any) -> fields.Url:
    told = {"description": "Where messages are sent, by POST.", "example": "https://www.example.org/webhooks/network"}
    text: list[Any] = [validate.Length(max=2000), no_surrogates]
    return fields.Url(schemes={"https", "http"}, require_tld=False, validate=text, metadata=told, **given)


def _types(**given: Any) -> fields.List[Any]:
    one = Chosen(catalogue.names, metadata={"example": "event.published"})
    told = {"description": "What it is told; `*` is everything, also what will be added."}
    return fields.List(one, validate=validate.Length(1, 50), metadata=told, **given)


class WebhookPatch(Schema):
    """What can be changed of a webhook; its network stays."""

    name = _name()
    url = _url()
    types = _types()


class WebhookRequest(Schema):
    """A webhook to make; without types it is told everything."""

    network_id = Id(required=True)
    name = _name(required=True)
    url = _url(required=True)
    types = _types(load_default=lambda: [catalogue.ALL])


class _Told(Resource):
    """A resource that the platform itself moves on, between edits by people: the ETag says so behind the full stop."""

    @staticmethod
    def etag(row: Row) -> str:
        """The version, which If-Match compares, and when it changed last."""
        return f"{row['version']}.{round(row['updated_at'].timestamp() * 1000)}"


class WebhookSchema(_Told):
    """A webhook."""

    network_id = Id(dump_only=True)
    name = _name(dump_only=True)
    url = _url(dump_only=True)
    types = _types(dump_only=True)
    state = fields.String(dump_only=True, validate=validate.OneOf(STATES))
    failing_since = Instant(
        dump_only=True, allow_none=True, metadata={"description": "When it first failed; null once it takes something again."}
    )
    disabled_at = Instant(dump_only=True, allow_none=True)
    disabled_because = fields.String(
        dump_only=True,
        allow_none=True,
        validate=validate.OneOf((*REASONS, None)),
        metadata={"description": "`gone`: it answered 410; `failing`: it took nothing for five days.", "example": "failing"},
    )
    replaying = Derived(lambda row: bool(row.get("replay")), shape={"type": "boolean", "example": False})
    older_secret_until = Derived(
        lambda row: next((one["expires_at"] for one in row.get("secrets", ()) if one.get("expires_at")), None),
        shape={"type": ["string", "null"], "format": "date-time", "example": "2027-03-05T07:00:00Z"},
    )


class WebhookSecretSchema(WebhookSchema):
    """A webhook with its secret, which is shown this once."""

    secret = fields.String(
        dump_only=True, metadata={"example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=", "description": "Keep it."}
    )


class WebhookQuery(PageQuery):
    """Filters of webhooks."""

    network = Id(metadata={"description": "Only those of this network."})


class ReplayRequest(Schema):
    """What to tell again: what has failed or was missed, or what was delivered too."""

    since = Instant(metadata={"description": "Only what happened from then on. Absent: as far back as it is kept."})
    delivered_too = Flag(load_default=False, metadata={"description": "Whether also what was delivered.", "example": False})


class AttemptSchema(Schema):
    """One attempt."""

    at = Instant(dump_only=True)
    status = fields.Integer(dump_only=True, allow_none=True, metadata={"example": 200, "description": "Null: no answer."})
    milliseconds = fields.Integer(dump_only=True, metadata={"example": 87})
    said = fields.String(
        dump_only=True,
        allow_none=True,
        metadata={"example": "OK", "description": "How the answer begins; what went wrong where there was none."},
    )


class WebhookDeliverySchema(_Told):
    """A message for a webhook, and every attempt to bring it."""

    webhook_id = Id(dump_only=True)
    message_id = Derived(
        lambda row: f"msg_{row.get('message_id')}",
        shape={"type": "string", "example": "msg_65f1c0ffee65f1c0ffee65f1", "description": "The `webhook-id`."},
    )
    type = fields.String(dump_only=True, metadata={"example": "event.published"})
    state = fields.String(dump_only=True, validate=validate.OneOf(DELIVERY_STATES))
    next_attempt_at = Derived(
        lambda row: row.get("due_at") if row.get("state") == WAITING else None,
        shape={"type": ["string", "null"], "format": "date-time", "example": "2027-03-04T07:05:00Z"},
    )
    attempts = fields.List(fields.Nested(AttemptSchema), dump_only=True)
    ended_at = Instant(dump_only=True, allow_none=True)


class DeliveryQuery(PageQuery):
    """Filters of deliveries."""

    state = fields.String(validate=validate.OneOf(DELIVERY_STATES), metadata={"description": "Only deliveries in this state."})
