"""So many of everything that is listed, exported, assembled or checked: what `make bench ARGS=growth` measures on.

One network, one theme day, one newsletter and one issue have `size` of whatever they can have many of; what one person or one
theme day can only have a few of (own registrations and tokens, co-hosts, materials) stays so.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from bson import ObjectId

from events import attendance
from events.attendance_documents import MANUAL, Attendance
from events.documents import Event
from events.needs_documents import Needs
from events.registration_documents import CONFIRMED, MANAGE, Registration, owner_keys
from events.seating import REMOTE
from events.series_documents import Series
from network_api.auth import links
from network_api.auth.documents import AccessToken
from network_api.documents import BaseDocument, Row, utcnow
from network_api.members import actions
from network_api.members.documents import Member
from network_api.networks.documents import Membership, Network
from network_api.webhooks.delivery_documents import DELIVERED, WebhookDelivery
from network_api.webhooks.documents import Webhook
from newsletters.bounces.documents import API, Bounce
from newsletters.contributions.documents import Contribution
from newsletters.dispatch import audience
from newsletters.issues.comment_documents import Comment
from newsletters.issues.counted_links import CountedLink
from newsletters.issues.documents import Issue
from newsletters.subscriptions import links as subscription_links
from newsletters.subscriptions.documents import PAUSED, Subscription
from tests.clients import give_role
from tests.events.factories import make_event
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscription
from tests.world import INTRODUCTION

ROUNDS = 3  # of each job: an issue is assembled for another newsletter each time
_AT_ONCE = 2000
_OWN = 40  # registrations and tokens of one person, webhooks of one network
_KEPT = timedelta(days=7)
_PAUSED = 10  # one in so many subscribers gets no letter at the moment, and is an exclusion
Ids = dict[str, str]
Unlike = Mapping[str, str | type[ObjectId]]


def many(template: BaseDocument, size: int, unlike: Unlike | None = None, **own: Any) -> list[ObjectId]:
    """Store so many copies of a document; in the fields of `unlike` each has a text made of its number, or an id of its own."""
    row, identifiers = {**template.checked_row(), **own}, [ObjectId() for _ in range(size)]
    for first in range(0, size, _AT_ONCE):
        numbered = enumerate(identifiers[first : first + _AT_ONCE], first)
        template.collection().insert_many([_copy(row, number, _id, unlike or {}) for number, _id in numbered], ordered=False)
    return identifiers


def _copy(row: Row, number: int, identifier: ObjectId, unlike: Unlike) -> dict[str, Any]:
    own = {name: given.format(number) if isinstance(given, str) else given() for name, given in unlike.items()}
    return {**row, "_id": identifier, **own}


def fill(size: int) -> tuple[Ids, str]:
    """What stands in the addresses of the API's routes, and the secret of an administrator's session."""
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional", regions=["FI-08"]).insert()
    administrator = Member.of_address("yllapito@example.org")
    administrator.edit({"is_administrator": True})
    give_role(administrator, network, "coordinator")
    _, secret = AccessToken.issue("session", administrator.pk, expires_at=None)
    ids = {"network_id": network.pk, **_people(administrator, network, size)}
    ids |= _theme_days(administrator, network, size)
    ids |= _letters(network, size)
    ids |= _webhooks(network, size)
    return {name: str(value) for name, value in ids.items()}, secret


def _people(administrator: Member, network: Network, size: int) -> dict[str, Any]:
    given = {"name": "Aino Virtanen", "directory_audience": "public"}
    someone = actions.change_me(Member.of_address("aino@example.org").pk, given)
    someone, _ = actions.introduce(someone.pk, INTRODUCTION)
    many(someone, size, {"email_key": "a{}@example.org", "email": "a{}@example.org"})
    seat = Membership(network_id=network.pk, email="b@example.org", email_key="b", role="member", state="invited")
    many(seat, size, {"email_key": "b{}@example.org", "email": "b{}@example.org"})
    many(Network(slug="a", name={"fi": "Verkosto"}, kind="regional"), size, {"slug": "verkosto-{}"})
    for _ in range(_OWN):
        AccessToken.issue("api", administrator.pk, expires_at=None, name="Export")
    return {"member_id": someone.pk}


def _theme_days(administrator: Member, network: Network, size: int) -> dict[str, Any]:
    event = make_event(network, capacity={"remote": None})
    many(event, size, {"slug": "teemapaiva-muu-{}"})
    many(Series(network_id=network.pk, title={"fi": "Teemapäivät"}, template_id=event.pk), size)
    known, came = {"event_id": event.pk, "mode": REMOTE}, utcnow() - timedelta(days=1)
    entry = Attendance(**known, registration_id=event.pk, source=MANUAL, cause="a", at=came)
    person = Registration(**known, status=CONFIRMED, name="Aino", email="a@example.org", language="fi")
    registered = many(person, size, {"email_key": "a{}@example.org"}, **attendance.summary([entry]))
    owners = owner_keys(administrator.pk, administrator.email_key)
    Registration.collection().update_many({"_id": {"$in": registered[:_OWN]}}, {"$set": {"owners": owners}})
    for some in _some(registered):
        entries = [{**entry.checked_row(), "_id": ObjectId(), "registration_id": found, "cause": str(found)} for found in some]
        Attendance.collection().insert_many(entries, ordered=False)
        needs = Needs(event_id=event.pk, needs="Induktiosilmukka").checked_row()
        Needs.collection().insert_many([{**needs, "_id": found} for found in some], ordered=False)
    Event.collection().update_one({"_id": event.pk}, {"$set": {f"seats.{REMOTE}.taken": size}})
    first = Registration.get(registered[0])
    return {"event_id": event.pk, "registration_token": links.make_token(MANAGE, first.pk, first.nonce)}


def _letters(network: Network, size: int) -> dict[str, Any]:
    newsletter = make_newsletter(network)
    others = many(newsletter, size, {"slug": "kirje-{}"})
    given = {"title": {"fi": "Vertaisryhmä"}, "text": {"fi": "Ryhmä kokoontuu tiistaisin."}}
    many(Contribution(network_id=network.pk, section="news", **given), size)
    reader = subscription(newsletter, "tilaaja@example.org")
    unlike = {"email_key": "tilaaja{}@example.org", "email": "tilaaja{}@example.org", "nonce": "{:032}"}
    read_by = many(reader, size - size // _PAUSED, unlike)
    many(reader, size // _PAUSED, {name: f"p{text}" for name, text in unlike.items()}, state=PAUSED)
    issue = issue_being_sent(newsletter)
    someone = ObjectId()
    written = {"author_id": someone, "edited_by": someone, "title": {"fi": "Kirje"}}
    many(Issue(newsletter_id=newsletter.pk, network_id=network.pk, **written), size)
    many(Comment(issue_id=issue.pk, author_id=someone, text="Hieno."), size)
    many(CountedLink(issue_id=issue.pk, url="https://example.org"), size, {"url": "https://example.org/{}"})
    matched = {"newsletter_id": newsletter.pk, "issue_id": issue.pk, "subscription_id": read_by[0]}
    many(Bounce(cause="a", kind="hard", intake=API, matched=True, **matched), size, {"cause": "syy-{}"})
    many(Bounce(cause="a", kind="hard", intake=API, matched=False), size, {"cause": "muu-{}"})
    assert audience.freeze(issue) is not None
    letter = Subscription.get(read_by[0])
    return {
        "newsletter_id": newsletter.pk,
        **{f"assembled_{place}": found for place, found in enumerate(others[:ROUNDS])},
        "issue_id": issue.pk,
        "subscription_id": letter.pk,
        "subscription_token": links.make_token(subscription_links.MANAGE, letter.pk, letter.nonce),
    }


def _webhooks(network: Network, size: int) -> dict[str, Any]:
    for _ in range(_OWN):
        webhook = Webhook(network_id=network.pk, name="CRM", url="https://crm.example.org", types=["webhook.test"])
        webhook.new_secret(utcnow())
        webhook.insert()
    told = WebhookDelivery(webhook_id=webhook.pk, message_id=ObjectId(), type="webhook.test", expires_at=utcnow() + _KEPT)
    many(told, size, {"message_id": ObjectId}, state=DELIVERED, ended_at=utcnow())
    return {"webhook_id": webhook.pk}


def _some(identifiers: list[ObjectId]) -> Iterator[list[ObjectId]]:
    for first in range(0, len(identifiers), _AT_ONCE):
        yield identifiers[first : first + _AT_ONCE]
