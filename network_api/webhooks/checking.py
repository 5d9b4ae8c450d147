"""What must add up about webhooks: `network-api check`."""

from collections.abc import Iterator

from network_api.documents import Problem
from network_api.webhooks import signing
from network_api.webhooks.delivery_documents import SENDING, STATES, WebhookDelivery
from network_api.webhooks.documents import AT_ONCE, DISABLED, Webhook


def check() -> Iterator[Problem]:
    """Secrets can be read, what is disabled says since when, and whoever has a slot is under way."""
    for row in Webhook.each({}):
        webhook = Webhook.wrap(row)
        lost = [one for one in webhook.secrets if not _is_readable(webhook, one.sealed)]
        if lost or not webhook.secrets:
            yield Problem("webhook_secret", webhook.name, "a secret that a known SECRET_KEY opens", "none")
        if (webhook.state == DISABLED) != (webhook.disabled_at is not None):
            yield Problem("webhook_disabled", webhook.name, webhook.state, webhook.disabled_at)
    for row in WebhookDelivery.each({"state": {"$in": list(STATES)}}):
        if (row["state"] == SENDING) != (row.get("slot") in range(AT_ONCE)):
            yield Problem("webhook_slot", str(row["_id"]), row["state"], row.get("slot"))


def _is_readable(webhook: Webhook, sealed: bytes) -> bool:
    try:
        signing.unseal(webhook.pk, sealed)
    except signing.SecretLost:
        return False
    return True
