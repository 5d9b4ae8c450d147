"""Webhooks of tests."""

from typing import Any, NamedTuple

from bson import ObjectId

from network_api.networks.documents import Network
from network_api.webhooks.catalogue import TEST
from network_api.webhooks.delivery_documents import WebhookDelivery
from network_api.webhooks.documents import Webhook
from network_api.webhooks.message_documents import WebhookMessage
from network_api.webhooks.telling import put
from tests.conftest import Api


class Hook(NamedTuple):
    """A webhook, its path in the API, who keeps it, and its secret."""

    pk: ObjectId
    path: str
    keeper: Api
    secret: str

    @property
    def now(self) -> Webhook:
        return Webhook.get(self.pk)

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """The newest first, as the API shows them."""
        found: list[dict[str, Any]] = self.keeper.get(f"{self.path}/deliveries?limit=100").json["items"]
        return found


def make_hook(keeper: Api, network: Network, url: str, **given: Any) -> Hook:
    made = keeper.post("/webhooks", {"network_id": str(network.pk), "name": "Nettisivut", "url": url, **given})
    assert made.status_code == 201, made.json
    return Hook(ObjectId(made.json["id"]), f"/webhooks/{made.json['id']}", keeper, made.json["secret"])


def happen(network: Network, count: int = 1) -> list[WebhookMessage]:
    """Something happens in a network: messages for whoever wants to hear."""
    return [put(TEST, network.pk, number, {"id": network.pk}) for number in range(1, count + 1)]


def states(hook: Hook) -> list[str]:
    return [row["state"] for row in WebhookDelivery.rows({"webhook_id": hook.pk}, sort=[("_id", 1)])]
