"""What subscriptions tell webhooks."""

from network_api.feature import MessageType
from network_api.webhooks.telling import tell
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import Subscription


def _subscription(name: str, meaning: str) -> MessageType:
    return MessageType(f"subscription.{name}", meaning, "subscriptions/{id}", ("newsletter_id",))


CONFIRMED = _subscription("confirmed", "Somebody has confirmed that they want the letter.")
UNSUBSCRIBED = _subscription("unsubscribed", "Somebody does not want the letter any more: write to them no more.")
BOUNCED = _subscription("bounced", "Letters do not arrive: write to the address no more.")
TYPES = (CONFIRMED, UNSUBSCRIBED, BOUNCED)


def tell_of(kind: MessageType, subscription: Subscription) -> None:
    """Tell of a subscription."""
    network_id = Newsletter.get(subscription.newsletter_id).network_id
    tell(kind, network_id, subscription.version, id=subscription.pk, newsletter_id=subscription.newsletter_id)
