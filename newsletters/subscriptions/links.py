"""The personal links of a subscription: whoever has one is taken for its person."""

from bson import ObjectId
from flask import current_app

from network_api.auth import links

MANAGE, UNSUBSCRIBE = "manage-subscription", "unsubscribe"  # what a personal link is for


def manage_url(subscription_id: ObjectId, nonce: str) -> str:
    """The personal link to a subscription's page."""
    return f"{current_app.config['PUBLIC_URL']}/manage/subscriptions/{links.make_token(MANAGE, subscription_id, nonce)}"


def unsubscribe_url(subscription_id: ObjectId, nonce: str) -> str:
    """The personal link that unsubscribes with one POST."""
    return f"{current_app.config['PUBLIC_URL']}/unsubscribe/{links.make_token(UNSUBSCRIBE, subscription_id, nonce)}"
