"""Verbs of webhooks: make, change, pause, resume, rotate the secret, test, tell again, delete."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from network_api import audit, jobs
from network_api.auth.caller import COORDINATOR, Caller, directory
from network_api.documents import LONG_AGO, Page, Row, transactional, utcnow
from network_api.errors import Invalid, NotFound
from network_api.webhooks import signing
from network_api.webhooks.catalogue import TEST
from network_api.webhooks.delivery_documents import StillOpen, WebhookDelivery
from network_api.webhooks.documents import ACTIVE, DISABLED, PAUSED, NotActive, Replay, Webhook, WebhookSecret
from network_api.webhooks.message_documents import WebhookMessage
from network_api.webhooks.telling import put

_LAST = "f" * 16  # of an id, behind its second


def find_webhooks(caller: Caller, query: Mapping[str, Any]) -> Page:
    """The webhooks of networks that the caller coordinates, or of one of them, in the order in which they were made."""
    wanted = [query["network"]] if "network" in query else None
    reached = wanted if caller.is_administrator else [one for one in caller.networks(COORDINATOR) if wanted in (None, [one])]
    where = {} if reached is None else {"network_id": {"$in": reached}}
    return Webhook.page(where, **query["paging"])


def with_secret(webhook: Webhook, secret: str) -> Row:
    """A webhook with its secret, which nobody can ask for again."""
    return {**webhook.to_mongo().to_dict(), "secret": secret}


@transactional
def make_webhook(caller: Caller, given: Mapping[str, Any]) -> Row:
    """Make a webhook; the answer has its secret. Raises Invalid for an unknown network."""
    webhook = Webhook(**given)
    if directory().network(webhook.network_id) is None:
        raise Invalid(errors={"network_id": ["There is no network with this id."]})
    secret = webhook.new_secret(utcnow())
    webhook.insert()
    _record(caller, webhook, "made")
    return with_secret(webhook, secret)


@transactional
def change_webhook(caller: Caller, webhook: Webhook, changes: Mapping[str, Any], version: int | None) -> Webhook:
    """Edit a webhook. Raises StaleVersion."""
    changed, differing = webhook.fresh(version).edit(changes)
    audit.record(caller.member_id, "webhook.changed", webhook.pk, network_id=webhook.network_id, changes=differing)
    return changed


@transactional
def remove_webhook(caller: Caller, webhook: Webhook, version: int | None) -> None:
    """Delete a webhook; what it had still to be told is told to nobody. Raises StaleVersion."""
    fresh = webhook.fresh(version)
    Webhook.remove({"_id": fresh.pk, "version": fresh.version})
    _record(caller, fresh, "removed")


def forget_network(network_id: ObjectId) -> None:
    """Delete the webhooks of a network that is deleted, in its transaction."""
    for row in Webhook.of_networks([network_id]):
        Webhook.remove({"_id": row["_id"]})


@transactional
def pause(caller: Caller, webhook: Webhook) -> Webhook:
    """Hold back what it is told from now on. Raises WrongState."""
    return _went_on(caller, webhook.move(PAUSED, ACTIVE), "paused")


@transactional
def resume(caller: Caller, webhook: Webhook) -> Webhook:
    """Tell it again, first what was held back. Raises WrongState."""
    return _went_on(caller, webhook.move(ACTIVE, PAUSED, DISABLED), "resumed")


def _went_on(caller: Caller, webhook: Webhook, step: str) -> Webhook:
    _record(caller, webhook, step)
    jobs.wake("webhooks.sweep")
    return webhook


@transactional
def rotate_secret(caller: Caller, webhook: Webhook) -> Row:
    """Give it a new secret; the one before signs too for 24 hours."""
    fresh = webhook.fresh()
    secret = fresh.new_secret(utcnow())
    rotated, _ = webhook.fresh().edit({"secrets": fresh.secrets})
    _record(caller, rotated, "secret_rotated")
    return with_secret(rotated, secret)


@transactional
def test(caller: Caller, webhook: Webhook) -> WebhookDelivery:
    """Send it a message of a type of its own, that no other webhook gets. Raises NotActive."""
    fresh = webhook.fresh()
    if fresh.state != ACTIVE:
        raise NotActive
    message = put(TEST, fresh.network_id, fresh.version, {"id": fresh.pk}, fresh.pk)
    WebhookMessage.alter({"_id": message.pk, "spread": False}, {"$set": {"spread": True}})
    _record(caller, fresh, "tested")
    return WebhookDelivery.of(fresh.pk, message).insert()


@transactional
def replay(caller: Caller, webhook: Webhook, since: datetime | None, *, delivered_too: bool) -> Webhook:
    """Tell again what has failed or was missed, or everything. Raises NotActive, ReplayRunning."""
    now = utcnow()
    after = ObjectId.from_datetime(min(max(since or LONG_AGO, LONG_AGO), now))
    until = ObjectId(f"{int(now.timestamp()):08x}{_LAST}")
    noted = webhook.begin_replay(Replay(after=after, until=until, delivered_too=delivered_too))
    return _went_on(caller, noted, "replayed")


def delivery_of(webhook: Webhook, delivery_id: str) -> WebhookDelivery:
    """A delivery to this webhook. Raises NotFound."""
    delivery = WebhookDelivery.get(delivery_id)
    if delivery.webhook_id != webhook.pk:
        raise NotFound
    return delivery


def find_deliveries(webhook: Webhook, query: Mapping[str, Any]) -> Page:
    """The deliveries to a webhook, the newest first."""
    state = {"state": query["state"]} if "state" in query else {}
    return WebhookDelivery.page({"webhook_id": webhook.pk, **state}, sort=("_id", -1), **query["paging"])


@transactional
def resend(caller: Caller, delivery: WebhookDelivery) -> WebhookDelivery:
    """Tell a message again that was told, or could not be. Raises NotActive, StillOpen."""
    webhook = Webhook.get(delivery.webhook_id)
    if webhook.state != ACTIVE:
        raise NotActive
    if not WebhookDelivery.begin_anew(delivery.pk):
        raise StillOpen
    _went_on(caller, webhook, "resent")
    return delivery.fresh()


def tidy_secrets() -> None:
    """Forget secrets that sign no more, and seal the others under the newest secret key."""
    now = utcnow()
    for row in Webhook.each({}):
        webhook = Webhook.wrap(row)
        kept = [_sealed_anew(webhook.pk, one) for one in webhook.secrets if one.expires_at is None or one.expires_at > now]
        stored = [one.to_mongo() for one in kept]
        if stored != row["secrets"]:
            Webhook.alter({"_id": webhook.pk, "secrets": row["secrets"]}, {"$set": {"secrets": stored}})


def _sealed_anew(webhook_id: ObjectId, secret: WebhookSecret) -> WebhookSecret:
    if signing.is_sealed_anew(webhook_id, secret.sealed):
        return secret
    try:
        sealed = signing.seal(webhook_id, signing.unseal(webhook_id, secret.sealed))
    except signing.SecretLost:  # `network-api check` tells
        return secret
    return WebhookSecret(sealed=sealed, expires_at=secret.expires_at)


def _record(caller: Caller, webhook: Webhook, step: str) -> None:
    audit.record(caller.member_id, f"webhook.{step}", webhook.pk, network_id=webhook.network_id)
