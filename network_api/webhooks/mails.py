"""The mails of webhooks."""

from flask import current_app

from network_api.documents import Row
from network_api.mail.message import MailMessage, compose
from network_api.webhooks.documents import Webhook


def disabled(coordinator: Row, webhook: Webhook) -> MailMessage:
    """To a coordinator of the network, whose webhook is told nothing any more."""
    return compose(
        f"webhook:{webhook.pk}:disabled:{webhook.version}:{coordinator['_id']}",
        coordinator["email"],
        current_app.config["DEFAULT_LANGUAGE"],
        "webhooks/disabled.txt",
        name=webhook.name,
        url=webhook.url,
        reason=webhook.disabled_because,
    )
