"""The mails of subscriptions; a letter itself is made in `letters.py`."""

from bson import ObjectId

from network_api.languages import in_language
from network_api.mail.message import MailMessage, compose
from newsletters.documents import Newsletter, Subscription
from newsletters.letters import manage_url
from newsletters.rendering import Rendered


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


def test_letter(issue_id: ObjectId, address: str, rendered: Rendered) -> MailMessage:
    """An issue as its readers would get it, to one who wants to see it first."""
    return MailMessage(
        cause=f"issue:{issue_id}:test:{ObjectId()}",
        to=address,
        subject=f"[test] {rendered.subject}",
        text=rendered.text,
        html=rendered.html,
    )
