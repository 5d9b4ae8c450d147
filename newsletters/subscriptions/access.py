"""Who may do what with a subscription: its person by a personal link, and the coordinators of the newsletter's network."""

from network_api.auth.access import public
from network_api.auth.caller import COORDINATOR, Caller
from network_api.errors import NotFound
from newsletters.documents import Newsletter
from newsletters.subscriptions import subscribing
from newsletters.subscriptions.documents import Subscription


@public
def own_subscription(caller: Caller, token: str) -> Subscription:
    """The subscription that a personal link opens: an authority of its own."""
    return subscribing.of_token(token)


def coordinated_subscription(caller: Caller, subscription_id: str) -> Subscription:
    """A subscription to a newsletter whose network the caller coordinates; for others it is not there."""
    caller.require_sign_in()
    subscription = Subscription.get(subscription_id)
    if not caller.has_role(COORDINATOR, Newsletter.get(subscription.newsletter_id).network_id):
        raise NotFound
    return subscription
