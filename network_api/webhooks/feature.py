"""Webhooks, as the application sees them."""

from collections.abc import Iterator

from network_api.feature import Feature
from network_api.measures import Gauge
from network_api.webhooks import routes
from network_api.webhooks.catalogue import TEST
from network_api.webhooks.checking import check
from network_api.webhooks.delivery_documents import WebhookDelivery
from network_api.webhooks.documents import ACTIVE, STATES, Webhook
from network_api.webhooks.message_documents import WebhookMessage
from network_api.webhooks.privacy import REGISTER
from network_api.webhooks.tasks import SCHEDULE, let_go


def gauges() -> Iterator[Gauge]:
    """How many webhooks there are by state, and what waits for them."""
    counted: dict[tuple[str, ...], float] = {
        (state,): float(Webhook.collection().count_documents({"state": state})) for state in STATES
    }
    yield Gauge("webhooks", "Webhooks, by state: active, paused by people, disabled by the platform.", ("state",), counted)
    yield from WebhookDelivery.gauges(row["_id"] for row in Webhook.rows({"state": ACTIVE}))


feature = Feature(
    name="webhooks",
    documents=(Webhook, WebhookMessage, WebhookDelivery),
    register=REGISTER,
    blueprints=(routes.blueprint,),
    schedule=SCHEDULE,
    check=check,
    let_go=let_go,
    gauges=gauges,
    webhooks=(TEST,),
)
