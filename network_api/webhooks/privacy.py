"""What is kept about people by webhooks: see `network_api.privacy`."""

from flask_babel import lazy_gettext

from network_api.privacy import INTEREST, Field, Holding, Term
from network_api.webhooks.delivery_documents import Attempt, WebhookDelivery
from network_api.webhooks.documents import Replay, Webhook, WebhookSecret
from network_api.webhooks.message_documents import WebhookMessage

TOLD = Term("after it was told", "RETAIN_WEBHOOKS_DAYS")

REGISTER = (
    Holding(
        Webhook,
        other="network_id, name, url, types, state, secrets, failing_since, disabled_at, disabled_because, replay",
    ),
    Holding(WebhookSecret, other="sealed, expires_at"),
    Holding(Replay, other="after, until, delivered_too"),
    Holding(
        WebhookMessage,
        (
            Field(
                "data, type",
                "To tell another system of the network that something has happened: the number of a registration, a"
                " subscription or a membership, and no more. Who may, asks the API for the rest.",
                INTEREST,
                TOLD,
            ),
        ),
        other="network_id, webhook_id, spread, expires_at",
        after_erasure=lazy_gettext("That something happened to a registration, a subscription or a membership: its number only."),
    ),
    Holding(
        WebhookDelivery,
        other="webhook_id, message_id, type, state, due_at, slot, fence, tries, attempts, ended_at, expires_at",
    ),
    Holding(Attempt, other="at, status, milliseconds, said"),
)
