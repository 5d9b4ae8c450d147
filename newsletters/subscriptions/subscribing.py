"""Verbs of subscriptions: subscribe, confirm, choose, pause, unsubscribe, and forget."""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from network_api.auth import links
from network_api.auth.documents import email_key
from network_api.documents import Page, Row, transactional, utcnow
from network_api.errors import NotFound
from network_api.feature import Person
from network_api.languages import search_filter
from network_api.mail import outbox
from newsletters.documents import Newsletter, WrongState
from newsletters.subscriptions import mails
from newsletters.subscriptions.documents import (
    ACTIVE,
    BOUNCED,
    PAUSED,
    PENDING,
    SUBSCRIPTION_STATES,
    UNSUBSCRIBED,
    Subscription,
    SubscriptionConsent,
)
from newsletters.subscriptions.links import MANAGE
from newsletters.subscriptions.suppression import MailAllowance, Suppression


def of_token(token: str, purpose: str = MANAGE) -> Subscription:
    """The subscription that a personal link opens. Raises NotFound, whatever is wrong with it."""
    found = Subscription.first({"_id": links.identifier_of(token)})
    if found is None or not links.is_genuine(token, purpose, found.nonce):
        raise NotFound
    return found


@transactional
def subscribe(newsletter: Newsletter, given: Mapping[str, Any], source: str) -> None:
    """Note that somebody wants the letter, and mail the address to confirm it; who gets it already is reminded of that.

    What happens looks the same from outside, whatever the address is known for. An address is mailed a few times an hour
    at the most.
    """
    key = email_key(given["email"])
    subscription = Subscription.first({"newsletter_id": newsletter.pk, "email_key": key})
    if subscription is None:
        subscription = _make(newsletter, given, source)
    elif subscription.state not in (ACTIVE, PAUSED):
        subscription = _ask_again(subscription, newsletter, given, source)
    if MailAllowance.use(key):
        mail = mails.please_confirm if subscription.state == PENDING else mails.already_subscribed
        outbox.put(mail(subscription, newsletter))


def _choices(newsletter: Newsletter, given: Mapping[str, Any]) -> dict[str, Any]:
    language = given.get("language") or newsletter.languages[0]
    return {"language": language, "sections": given.get("sections") or [], "regions": given.get("regions") or []}


def _make(newsletter: Newsletter, given: Mapping[str, Any], source: str) -> Subscription:
    address = given["email"]
    return Subscription(
        newsletter_id=newsletter.pk,
        email=address,
        email_key=email_key(address),
        consent=SubscriptionConsent(source=source),
        **_choices(newsletter, given),
    ).insert()


def _ask_again(subscription: Subscription, newsletter: Newsletter, given: Mapping[str, Any], source: str) -> Subscription:
    """Back to pending, with the choices of today: only the person behind the address can confirm them."""
    consent = SubscriptionConsent(source=source).to_mongo()
    return subscription.become(PENDING, (PENDING, UNSUBSCRIBED, BOUNCED), consent=consent, **_choices(newsletter, given))


@transactional
def confirm(subscription: Subscription) -> Subscription:
    """The person behind the address wants the letter; harmless when repeated. Raises WrongState for one who has left."""
    if subscription.state in (ACTIVE, PAUSED):
        return subscription
    Suppression.lift(subscription.newsletter_id, subscription.email_key)
    return subscription.become(ACTIVE, (PENDING,), **{"consent.confirmed_at": utcnow()})


@transactional
def choose(subscription: Subscription, changes: Mapping[str, Any]) -> Subscription:
    """Change language, sections and regions; pause, or go on. Raises WrongState."""
    wanted = dict(changes)
    state = wanted.pop("state", subscription.state)
    if state != subscription.state and (subscription.state, state) not in ((ACTIVE, PAUSED), (PAUSED, ACTIVE)):
        raise WrongState(f"A subscription that is {subscription.state} cannot become {state}.")
    return Subscription.get(subscription.pk).edit({**wanted, "state": state})[0]


@transactional
def unsubscribe(subscription: Subscription) -> Subscription:
    """End a subscription and keep the address off the list; harmless when repeated."""
    Suppression.add(subscription.newsletter_id, subscription.email_key, "unsubscribed")
    if subscription.state == UNSUBSCRIBED:
        return subscription
    return subscription.become(UNSUBSCRIBED, SUBSCRIPTION_STATES, unsubscribed_at=utcnow())


def find_subscribers(newsletter: Newsletter, query: Mapping[str, Any]) -> Page:
    """A newsletter's subscriptions, the oldest first."""
    return Subscription.page(_where(newsletter.pk, query), **query["paging"])


def each_subscriber(newsletter: Newsletter, query: Mapping[str, Any]) -> Iterator[Row]:
    """All of a newsletter's subscriptions, for an export."""
    return Subscription.each(_where(newsletter.pk, query))


def _where(newsletter_id: ObjectId, query: Mapping[str, Any]) -> dict[str, Any]:
    state = {"state": query["state"]} if "state" in query else {}
    return {"newsletter_id": newsletter_id, **state, **search_filter(query.get("q", ""))}


def export_person(person: Person) -> Mapping[str, Any]:
    """The person's subscriptions, without what their personal links are made of."""
    hidden = ("nonce", "search")
    rows = Subscription.rows({"email_key": person.email_key})
    return {"subscriptions": [{name: value for name, value in row.items() if name not in hidden} for row in rows]}


def erase_person(person: Person) -> None:
    """Delete a person's subscriptions; a keyed hash stays behind, so that no old list brings the address back."""
    for row in Subscription.rows({"email_key": person.email_key}):
        Suppression.add(row["newsletter_id"], row["email_key"], "erased")
        Subscription.remove({"_id": row["_id"]})
