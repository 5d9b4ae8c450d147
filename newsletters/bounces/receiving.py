"""Verbs of bounces: take a report in, do what it asks for, and list what came.

- Hard (there is no such address): the subscription is `bounced`, and its address suppressed.
- Soft (a full mailbox, a filter, a time-out): the same once `SOFT_AT_MOST` issues in a row have failed so within
  `SOFT_WITHIN`; an issue that was delivered and did not come back begins the count anew.
- A complaint: unsubscribed, and suppressed as `complained`.

Nothing is done without proof, nor to somebody who has confirmed since the letter was sent.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from bson import ObjectId
from flask import current_app

from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import LONG_AGO, AlreadyExists, Page, Row, transactional, utcnow
from network_api.errors import Invalid
from network_api.feature import Counted, Person
from newsletters.bounces import reports
from newsletters.bounces.documents import API, BOUNCED, UNSUBSCRIBED, Bounce
from newsletters.bounces.matching import Match, delivery_state, match
from newsletters.bounces.reports import COMPLAINT, HARD, SOFT, Report
from newsletters.dispatch.ledger import ACCEPTED
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from newsletters.subscriptions import undeliverable
from newsletters.subscriptions.documents import Subscription

SOFT_AT_MOST = 3
SOFT_WITHIN = timedelta(days=90)
RETAIN = "RETAIN_BOUNCES_DAYS"


def receive(raw: bytes, intake: str, envelope: Iterable[str] = ()) -> Bounce | None:
    """Take in a mail that came to the address for bounces; None where it is no report. The same report again changes nothing."""
    report = reports.read(raw)
    return None if report is None else _note(report, match(report, envelope), intake)


def report(caller: Caller, raw: bytes) -> Bounce:
    """Take in a report by the API. Raises Invalid `no_report`, and Forbidden for a letter of somebody else's newsletter."""
    found = reports.read(raw)
    if found is None:
        raise Invalid("This is no report of a letter that failed, and no complaint about one.", code="no_report")
    about = match(found)
    network_id = Newsletter.get(about.subscription.newsletter_id).network_id if about else None
    if network_id:
        caller.require(COORDINATOR, network_id)
    bounce = _note(found, about, API)
    audit.record(caller.member_id, "bounce.reported", bounce.pk, network_id=network_id)
    return bounce


def _note(found: Report, about: Match | None, intake: str) -> Bounce:
    try:
        return _store(found, about, intake)
    except AlreadyExists:  # the same report, by another way at this moment
        return _store(found, about, intake)


@transactional
def _store(found: Report, about: Match | None, intake: str) -> Bounce:
    cause = f"{found.identity}:{about.subscription.pk if about else ''}"
    known = Bounce.first({"cause": cause})
    if known is not None:
        return known
    bounce = Bounce(
        cause=cause,
        newsletter_id=about and about.subscription.newsletter_id,
        issue_id=about and about.issue_id,
        subscription_id=about and about.subscription.pk,
        kind=found.failure.kind,
        status=found.failure.status,
        answer=found.failure.answer,
        intake=intake,
        matched=bool(about and about.issue_id),
    ).insert()
    effect = _act(bounce)
    return bounce.change({"_id": bounce.pk}, {"$set": {"effect": effect}}) or bounce if effect else bounce


def _act(bounce: Bounce) -> str | None:
    """Do what a report asks for; what was done."""
    subscription = Subscription.first({"_id": bounce.subscription_id}) if bounce.matched else None
    issue = Issue.first({"_id": bounce.issue_id}) if subscription else None
    if subscription is None or issue is None or issue.started_at is None:
        return None
    confirmed_at = subscription.consent.confirmed_at
    if confirmed_at and confirmed_at > issue.started_at:
        return None
    if bounce.kind == COMPLAINT:
        return UNSUBSCRIBED if undeliverable.complain(subscription.pk) else None
    if bounce.kind == HARD or _keeps_failing(subscription):
        return BOUNCED if undeliverable.bounce(subscription.pk, f"{bounce.status or ''} {bounce.answer or ''}") else None
    return None


def _keeps_failing(subscription: Subscription) -> bool:
    """Whether the newest issues to a subscription have failed softly, so many in a row."""
    soft = {
        row["issue_id"] for row in Bounce.rows({"subscription_id": subscription.pk}) if row["kind"] == SOFT and row["matched"]
    }
    if len(soft) < SOFT_AT_MOST:
        return False
    now, in_a_row = utcnow(), 0
    within = {"newsletter_id": subscription.newsletter_id, "started_at": {"$gt": now - SOFT_WITHIN, "$lt": now + SOFT_WITHIN}}
    for issue in Issue.rows(within, sort=[("started_at", -1)], only=["_id"]):
        if issue["_id"] in soft:
            in_a_row += 1
        elif delivery_state(issue["_id"], subscription.pk) == ACCEPTED:
            break
    return in_a_row >= SOFT_AT_MOST


def find_bounces(where: Mapping[str, Any], query: Mapping[str, Any]) -> Page:
    """Bounces, the newest first."""
    chosen = {name: query[name] for name in ("kind", "matched") if name in query}
    return Bounce.page({**where, **chosen}, sort=("_id", -1), **query["paging"])


def overdue(grace: timedelta, most: int = 0) -> list[Row]:
    """Bounces that are kept for longer than their term and a grace."""
    before = utcnow() - timedelta(days=current_app.config[RETAIN]) - grace
    where = {"created_at": {"$gt": LONG_AGO, "$lt": before}}
    return Bounce.rows(where, sort=[("created_at", 1), ("_id", 1)], limit=most, only=["_id"])


def forget_due(most: int) -> None:
    """Forget bounces whose term is over; what one run does not come to, the next does."""
    for row in overdue(timedelta(0), most):
        Bounce.remove({"_id": row["_id"]})


def _of_person(person: Person) -> list[ObjectId]:
    return [row["_id"] for row in Subscription.rows({"email_key": person.email_key}, only=["_id"])]


def export_person(person: Person) -> Mapping[str, Any]:
    """What servers told of the person's letters."""
    return {"bounces": [row for identifier in _of_person(person) for row in Bounce.rows({"subscription_id": identifier})]}


def erase_person(person: Person) -> Counted:
    """Delete what servers told of the person's letters; before their subscriptions go."""
    found = [row for identifier in _of_person(person) for row in Bounce.rows({"subscription_id": identifier}, only=["_id"])]
    return {Bounce: sum(Bounce.remove({"_id": row["_id"]}) for row in found)}
