"""Verbs of subscriptions: subscribe, confirm, choose, pause, unsubscribe, and forget."""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from network_api import audit
from network_api.auth import links
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import AlreadyExists, Page, Row, transactional, utcnow
from network_api.errors import Invalid, NotFound
from network_api.feature import Counted, Person
from network_api.languages import search_filter
from network_api.mail import outbox
from newsletters.documents import Newsletter, WrongState
from newsletters.subscriptions import mails, webhooks
from newsletters.subscriptions.documents import (
    ACTIVE,
    BOUNCED,
    CONSENT_WORDING,
    EARLIER_CONSENTS,
    MONTHLY,
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


def subscribe(newsletter: Newsletter, given: Mapping[str, Any], source: str) -> None:
    """Note that somebody wants the letter, and mail the address to confirm it; who gets it already is reminded of that.

    What happens looks the same from outside, whatever the address is known for. A mailbox is mailed a few times a day at
    the most; beyond that nothing is noted either.
    """
    if not MailAllowance.use(email_key(given["email"])):
        return
    try:
        _subscribe(newsletter, given, source)
    except AlreadyExists:  # the same address, by another request at this moment
        _subscribe(newsletter, given, source)


@transactional
def _subscribe(newsletter: Newsletter, given: Mapping[str, Any], source: str) -> None:
    found = Subscription.first({"newsletter_id": newsletter.pk, "email_key": email_key(given["email"])})
    if found is None:
        found = _make(newsletter, given, source)
    elif found.state not in (ACTIVE, PAUSED):
        found = _ask_again(found, newsletter, given, source)
    mail = mails.please_confirm if found.state == PENDING else mails.already_subscribed
    outbox.put(mail(found, newsletter))


def _choices(newsletter: Newsletter, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "language": given.get("language") or newsletter.languages[0],
        "sections": given.get("sections") or [],
        "regions": given.get("regions") or [],
        "frequency": given.get("frequency") or MONTHLY,
    }


def _consent(source: str) -> SubscriptionConsent:
    return SubscriptionConsent(source=source, wording=CONSENT_WORDING)


def _make(newsletter: Newsletter, given: Mapping[str, Any], source: str) -> Subscription:
    address = given["email"]
    return Subscription(
        newsletter_id=newsletter.pk,
        email=address,
        email_key=email_key(address),
        consent=_consent(source),
        chosen_at=utcnow(),
        **_choices(newsletter, given),
    ).insert()


def _ask_again(subscription: Subscription, newsletter: Newsletter, given: Mapping[str, Any], source: str) -> Subscription:
    """Back to pending, with the choices of today: only the person behind the address can confirm them.

    The consent that earlier letters were sent by is kept, for anybody can type an address into a form.
    """
    asked: dict[str, Any] = {"consent": _consent(source).to_mongo(), "chosen_at": utcnow(), **_choices(newsletter, given)}
    if subscription.consent.confirmed_at:
        earlier = [*subscription.earlier_consents, subscription.consent][-EARLIER_CONSENTS:]
        asked["earlier_consents"] = [consent.to_mongo() for consent in earlier]
    return subscription.become(PENDING, (PENDING, UNSUBSCRIBED, BOUNCED), **asked)


@transactional
def confirm(subscription: Subscription) -> Subscription:
    """The person behind the address wants the letter; harmless when repeated. Raises WrongState for one who has left."""
    if subscription.state in (ACTIVE, PAUSED):
        return subscription
    Suppression.lift(subscription.newsletter_id, subscription.email_key)
    confirmed = subscription.become(ACTIVE, (PENDING,), **{"consent.confirmed_at": utcnow()})
    webhooks.tell_of(webhooks.CONFIRMED, confirmed)
    return confirmed


@transactional
def choose(subscription: Subscription, changes: Mapping[str, Any]) -> Subscription:
    """Change language, sections, regions and frequency; pause, until a day or for good, or go on. Raises Invalid, WrongState."""
    found = subscription.fresh()
    wanted = {"chosen_at": utcnow(), **changes, **_pause(found, changes)}
    return found.edit(wanted)[0]


def _pause(found: Subscription, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of state and pause: a day to pause until is a pause; without a pause there is no such day."""
    until = changes.get("paused_until")
    state = changes.get("state") or (PAUSED if until else found.state)
    if state != found.state and {state, found.state} != {ACTIVE, PAUSED}:
        raise WrongState(f"A subscription that is {found.state} cannot become {state}.")
    if until and state != PAUSED:
        raise Invalid(errors={"paused_until": ["Only for a pause."]})
    if until and until <= Newsletter.get(found.newsletter_id).today():
        raise Invalid(errors={"paused_until": ["This day has passed."]})
    moved = {} if state == found.state else {"state": state, "state_since": utcnow(), "paused_until": until}
    return moved


@transactional
def unsubscribe(subscription: Subscription) -> Subscription:
    """End a subscription, from any state, and keep the address off the list; harmless when repeated."""
    Suppression.add(subscription.newsletter_id, subscription.email_key, "unsubscribed")
    if subscription.state == UNSUBSCRIBED:
        return subscription
    ended = subscription.become(UNSUBSCRIBED, SUBSCRIPTION_STATES, unsubscribed_at=utcnow())
    webhooks.tell_of(webhooks.UNSUBSCRIBED, ended)
    return ended


@transactional
def unsubscribe_for(caller: Caller, subscription: Subscription, version: int | None) -> Subscription:
    """End a subscription because its person has told a coordinator so. Raises StaleVersion."""
    ended = unsubscribe(subscription.fresh(version))
    network_id = Newsletter.get(ended.newsletter_id).network_id
    changes = {"state": {"before": subscription.state, "after": ended.state}}
    audit.record(caller.member_id, "subscription.ended", ended.pk, network_id=network_id, changes=changes)
    return ended


def detail(subscription: Subscription) -> Row:
    """A subscription with why its address is suppressed, if it is."""
    suppressed = Suppression.of(subscription.newsletter_id, subscription.email_key)
    known = suppressed and {"reason": suppressed["reason"], "since": suppressed["created_at"]}
    return {**subscription.to_mongo(), "suppression": known}


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
    hidden = ("nonce", "search", "pulse")
    rows = Subscription.rows({"email_key": person.email_key})
    return {"subscriptions": [{name: value for name, value in row.items() if name not in hidden} for row in rows]}


def erase_person(person: Person) -> Counted:
    """Delete a person's subscriptions; a keyed hash stays behind, so that no old list brings the address back."""
    found = Subscription.rows({"email_key": person.email_key})
    for row in found:
        Suppression.add(row["newsletter_id"], row["email_key"], "erased")
        webhooks.tell_of(webhooks.UNSUBSCRIBED, Subscription.wrap(row))
        Subscription.remove({"_id": row["_id"]})
    return {Subscription: len(found)}
