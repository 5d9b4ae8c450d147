"""How features tell webhooks what happens: one call in the transaction that causes it, as for a mail of the outbox."""

from collections.abc import Mapping

from bson import ObjectId

from network_api import jobs
from network_api.documents import utcnow
from network_api.feature import MessageType
from network_api.webhooks.documents import Webhook
from network_api.webhooks.message_documents import WebhookMessage, data_of, kept_until


def tell(kind: MessageType, network_id: ObjectId, version: int, **ids: ObjectId) -> None:
    """Tell the webhooks of a network, and of the one above it, that something has happened: to what, `id` and the others say.

    It is stored in the running transaction; a worker takes it from there. Where no webhook asked for the type, it costs one
    look and is forgotten.
    """
    if Webhook.is_wanted(kind.name):
        put(kind, network_id, version, ids)


def put(
    kind: MessageType, network_id: ObjectId, version: int, ids: Mapping[str, ObjectId], webhook_id: ObjectId | None = None
) -> WebhookMessage:
    """Store a message, for all webhooks or one, and wake a worker once that is committed."""
    message = WebhookMessage(
        type=kind.name,
        network_id=network_id,
        webhook_id=webhook_id,
        data=data_of(network_id, version, kind.path, ids),
        expires_at=kept_until(utcnow()),
    ).insert()
    jobs.hasten("webhooks.sweep")
    return message
