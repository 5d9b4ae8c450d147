"""How features tell webhooks what happens: one call in the transaction that causes it, as for a mail of the outbox."""

from bson import ObjectId

from network_api import jobs
from network_api.documents import BaseDocument, utcnow
from network_api.feature import MessageType
from network_api.webhooks.documents import Webhook
from network_api.webhooks.message_documents import WebhookMessage, data_of, kept_until


def tell(kind: MessageType, about: BaseDocument, network_id: ObjectId, **ids: ObjectId) -> None:
    """Tell the webhooks of a network, and of the one above it, that something has happened to a document.

    It is stored in the running transaction; a worker takes it from there. Where no webhook asked for the type, it costs one
    look and is forgotten.
    """
    if Webhook.is_wanted(kind.name):
        put(kind, about.pk, network_id, about.version, ids)


def put(
    kind: MessageType,
    identifier: ObjectId,
    network_id: ObjectId,
    version: int,
    ids: dict[str, ObjectId],
    webhook_id: ObjectId | None = None,
) -> WebhookMessage:
    """Store a message, for all webhooks or one, and wake a worker once that is committed."""
    message = WebhookMessage(
        type=kind.name,
        network_id=network_id,
        webhook_id=webhook_id,
        data=data_of(identifier, network_id, version, kind.path, ids),
        expires_at=kept_until(utcnow()),
    ).insert()
    jobs.hasten("webhooks.sweep")
    return message
