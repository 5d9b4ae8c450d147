"""The mails of subscriptions."""

from bson import ObjectId

from network_api.languages import in_language
from network_api.mail.message import MailMessage, compose
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.links import manage_url


def please_confirm(subscription: Subscription, newsletter: Newsletter) -> MailMessage:
    """To an address that somebody has typed into a form: nothing is sent to it until its person says yes."""
    return _about(subscription, newsletter, "newsletters/please_confirm.txt")


def already_subscribed(subscription: Subscription, newsletter: Newsletter) -> MailMessage:
    """To an address that gets the letter already, and was typed into the form again."""
    return _about(subscription, newsletter, "newsletters/already_subscribed.txt")


def _about(subscription: Subscription, newsletter: Newsletter, template: str) -> MailMessage:
    return compose(
        f"subscription:{subscription.pk}:{ObjectId()}",
        subscription.email,
        subscription.language,
        template,
        newsletter=in_language(newsletter.name, subscription.language),
        url=manage_url(subscription.pk, subscription.nonce),
    )
