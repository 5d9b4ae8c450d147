"""From messages to deliveries: one for each webhook that hears of it, and again when they are to be told again."""

from time import monotonic

from bson import ObjectId

from network_api.auth.caller import directory
from network_api.documents import Row, transactional
from network_api.webhooks.delivery_documents import ENDED, FAILED, WebhookDelivery
from network_api.webhooks.documents import ACTIVE, DISABLED, Replay, Webhook
from network_api.webhooks.message_documents import WebhookMessage

_BATCH = 100


def spread_what_waits(ends: float) -> None:
    """Write the deliveries of new messages, the oldest first, until a moment of the monotonic clock."""
    while monotonic() < ends and (waiting := WebhookMessage.rows({"spread": False}, sort=[("_id", 1)], limit=_BATCH)):
        for row in waiting:
            spread(row["_id"])


@transactional
def spread(message_id: ObjectId) -> None:
    """Write the deliveries of one message; nothing where it has been done, or is being done, by another."""
    message = WebhookMessage.change({"_id": message_id, "spread": False}, {"$set": {"spread": True}})
    if message is not None:
        hearing = [row for row in Webhook.of_networks(_reached(message.network_id)) if _hears(row, message)]
        WebhookDelivery.insert_all([WebhookDelivery.of(row["_id"], message) for row in hearing])


def _reached(network_id: ObjectId) -> list[ObjectId]:
    """The network, and the one above it."""
    network = directory().network(network_id)
    above = network and network.get("parent_id")
    return [network_id, above] if above else [network_id]


def _hears(webhook: Row, message: WebhookMessage) -> bool:
    if message.webhook_id is not None:
        return bool(webhook["_id"] == message.webhook_id)
    return webhook["state"] != DISABLED and Webhook.wants(webhook, message.type)


def replay_what_waits(ends: float) -> None:
    """Go on with what is to be told again, until a moment of the monotonic clock."""
    for row in Webhook.rows({"state": ACTIVE}, sort=[("_id", 1)]):
        more = "replay" in row
        while more and monotonic() < ends:
            more = replay_some(row["_id"])


@transactional
def replay_some(webhook_id: ObjectId) -> bool:
    """Write a batch of deliveries anew, with the place it has come to; whether there is more."""
    webhook = Webhook.first({"_id": webhook_id})
    if webhook is None or webhook.replay is None:
        return False
    replay: Replay = webhook.replay
    between = {"spread": True, "_id": {"$gt": replay.after, "$lt": replay.until}}
    messages = [WebhookMessage.wrap(row) for row in WebhookMessage.rows(between, sort=[("_id", 1)], limit=_BATCH)]
    heard = {network_id for network_id in {one.network_id for one in messages} if webhook.network_id in _reached(network_id)}
    for message in messages:
        if message.network_id in heard and _hears(webhook.to_mongo(), message):
            _begin_anew(webhook, message, replay)
    more = len(messages) == _BATCH
    update = {"$set": {"replay.after": messages[-1].pk}} if more else {"$unset": {"replay": ""}}
    Webhook.alter({"_id": webhook_id, "replay.after": replay.after}, update)
    return more


def _begin_anew(webhook: Webhook, message: WebhookMessage, replay: Replay) -> None:
    delivery = WebhookDelivery.row({"webhook_id": webhook.pk, "message_id": message.pk})
    if delivery is None:
        WebhookDelivery.of(webhook.pk, message).insert()
    elif delivery["state"] in (ENDED if replay.delivered_too else (FAILED,)):
        WebhookDelivery.begin_anew(delivery["_id"])
