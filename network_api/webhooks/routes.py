"""The API of webhooks."""

from typing import Any

from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import coordinator_anywhere, role_in_body
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row
from network_api.errors import NotFound
from network_api.schemas import Nothing
from network_api.webhooks import keeping
from network_api.webhooks.delivery_documents import WebhookDelivery
from network_api.webhooks.documents import Webhook
from network_api.webhooks.schemas import (
    DeliveryQuery,
    ReplayRequest,
    WebhookDeliverySchema,
    WebhookPatch,
    WebhookQuery,
    WebhookRequest,
    WebhookSchema,
    WebhookSecretSchema,
)

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/v1", description="What other systems are told, as it happens")


def coordinated_webhook(caller: Caller, webhook_id: str) -> Webhook:
    """A webhook of a network that the caller coordinates; nobody else learns that it exists."""
    caller.require_sign_in()
    webhook = Webhook.get(webhook_id)
    if not caller.has_role(COORDINATOR, webhook.network_id):
        raise NotFound
    return webhook


def delivery_of_coordinated_webhook(caller: Caller, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """A delivery to such a webhook."""
    return keeping.delivery_of(coordinated_webhook(caller, webhook_id), delivery_id)


@blueprint.route("/webhooks")
class Webhooks(MethodView):
    """Webhooks."""

    @blueprint.access(coordinator_anywhere, scope="webhooks:read")
    @blueprint.page(WebhookSchema, WebhookQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List the webhooks of the networks that you coordinate"""
        return keeping.find_webhooks(caller, query)

    @blueprint.access(role_in_body(COORDINATOR), scope="webhooks:write")
    @blueprint.arguments(WebhookRequest)
    @blueprint.response(201, WebhookSecretSchema, etag=True)
    def post(self, caller: Caller, given: dict[str, Any]) -> Row:
        """Make a webhook; the answer has its secret, this once

        It is told what happens in its network, and in the networks below it.
        """
        return keeping.make_webhook(caller, given)


@blueprint.route("/webhooks/<id:webhook_id>")
class WebhookItem(MethodView):
    """One webhook."""

    @blueprint.access(coordinated_webhook, scope="webhooks:read")
    @blueprint.response(200, WebhookSchema, etag=True)
    def get(self, caller: Caller, webhook: Webhook) -> Webhook:
        """Read a webhook"""
        return webhook

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.if_match
    @blueprint.arguments(WebhookPatch)
    @blueprint.response(200, WebhookSchema, etag=True)
    def patch(self, caller: Caller, webhook: Webhook, changes: dict[str, Any], version: int | None) -> Webhook:
        """Edit a webhook"""
        return keeping.change_webhook(caller, webhook, changes, version)

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, webhook: Webhook, version: int | None) -> None:
        """Delete a webhook"""
        keeping.remove_webhook(caller, webhook, version)


@blueprint.route("/webhooks/<id:webhook_id>/pause")
class WebhookPause(MethodView):
    """Holding back."""

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, WebhookSchema, etag=True)
    def post(self, caller: Caller, webhook: Webhook, given: dict[str, Any]) -> Webhook:
        """Hold back what a webhook is told; it waits until you resume"""
        return keeping.pause(caller, webhook)


@blueprint.route("/webhooks/<id:webhook_id>/resume")
class WebhookResume(MethodView):
    """Going on."""

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, WebhookSchema, etag=True)
    def post(self, caller: Caller, webhook: Webhook, given: dict[str, Any]) -> Webhook:
        """Go on with a webhook that is paused or was disabled

        What a paused one missed comes at once. What a disabled one missed comes by `/replay`.
        """
        return keeping.resume(caller, webhook)


@blueprint.route("/webhooks/<id:webhook_id>/rotate-secret")
class WebhookRotateSecret(MethodView):
    """A new secret."""

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, WebhookSecretSchema, etag=True)
    def post(self, caller: Caller, webhook: Webhook, given: dict[str, Any]) -> Row:
        """Give a webhook a new secret; the one before signs too for 24 hours"""
        return keeping.rotate_secret(caller, webhook)


@blueprint.route("/webhooks/<id:webhook_id>/test")
class WebhookTest(MethodView):
    """Trying it."""

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(202, WebhookDeliverySchema, etag=True)
    def post(self, caller: Caller, webhook: Webhook, given: dict[str, Any]) -> WebhookDelivery:
        """Send a message of type `webhook.test` to a webhook

        What came of it, its delivery tells a moment later.
        """
        return keeping.test(caller, webhook)


@blueprint.route("/webhooks/<id:webhook_id>/replay")
class WebhookReplay(MethodView):
    """Telling again."""

    @blueprint.access(coordinated_webhook, scope="webhooks:write")
    @blueprint.arguments(ReplayRequest)
    @blueprint.response(202, WebhookSchema, etag=True)
    def post(self, caller: Caller, webhook: Webhook, given: dict[str, Any]) -> Webhook:
        """Tell a webhook again what has failed or was missed, or everything

        Each message has the `webhook-id` that it had before.
        """
        return keeping.replay(caller, webhook, given.get("since"), delivered_too=given["delivered_too"])


@blueprint.route("/webhooks/<id:webhook_id>/deliveries")
class WebhookDeliveries(MethodView):
    """What a webhook was told."""

    @blueprint.access(coordinated_webhook, scope="webhooks:read")
    @blueprint.page(WebhookDeliverySchema, DeliveryQuery)
    def get(self, caller: Caller, webhook: Webhook, query: dict[str, Any]) -> Page:
        """List the deliveries to a webhook, the newest first"""
        return keeping.find_deliveries(webhook, query)


@blueprint.route("/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>")
class WebhookDeliveryItem(MethodView):
    """One delivery."""

    @blueprint.access(delivery_of_coordinated_webhook, scope="webhooks:read")
    @blueprint.response(200, WebhookDeliverySchema, etag=True)
    def get(self, caller: Caller, delivery: WebhookDelivery) -> WebhookDelivery:
        """Read a delivery, with its attempts"""
        return delivery


@blueprint.route("/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/resend")
class WebhookDeliveryResend(MethodView):
    """Telling one again."""

    @blueprint.access(delivery_of_coordinated_webhook, scope="webhooks:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, WebhookDeliverySchema, etag=True)
    def post(self, caller: Caller, delivery: WebhookDelivery, given: dict[str, Any]) -> WebhookDelivery:
        """Tell a webhook one message again"""
        return keeping.resend(caller, delivery)
