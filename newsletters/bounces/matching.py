"""Which letter a report is about, and whether that is proven.

Anybody can write a report about anybody. It is proven by the letter's own return path, which is signed; or by the Message-ID
of a letter that was really sent, together with its signed link to unsubscribe, or with its recipient. A report that only
names an address proves nothing.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bson import ObjectId

from network_api.auth import links
from newsletters.bounces.reports import Report
from newsletters.dispatch.ledger import ACCEPTED, ATTEMPTING, STATE_OF, UNKNOWN, Progress, Snapshot, unpack
from newsletters.dispatch.letters import message_id
from newsletters.subscriptions import verp
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.links import UNSUBSCRIBE

SENT_STATES = (ACCEPTED, ATTEMPTING, UNKNOWN)


class Match(NamedTuple):
    """A subscription, and the issue that was sent to it where that is proven."""

    subscription: Subscription
    issue_id: ObjectId | None


def match(report: Report, envelope: Iterable[str] = ()) -> Match | None:
    """Whose letter a report is about; `envelope` are the addresses that it came to by SMTP."""
    return next(_by_return_path((*envelope, *report.came_to)), None) or next(_by_letter(report), None) or _by_address(report)


def _by_return_path(addresses: Iterable[str]) -> Iterator[Match]:
    for issue_id, subscription_id in filter(None, map(verp.read, addresses)):
        subscription = Subscription.first({"_id": subscription_id})
        if subscription:
            yield Match(subscription, issue_id)


def _by_letter(report: Report) -> Iterator[Match]:
    for found in report.message_ids:
        issue_id, subscription_id = (ObjectId(part) for part in found[1:].partition("@")[0].split("."))
        subscription = Subscription.first({"_id": subscription_id}) if found == message_id(issue_id, subscription_id) else None
        if subscription and _quotes(report, subscription) and delivery_state(issue_id, subscription_id) in SENT_STATES:
            yield Match(subscription, issue_id)


def _quotes(report: Report, subscription: Subscription) -> bool:
    """Whether the report has what only the recipient's own letter tells."""
    genuine = any(
        links.is_genuine(token, UNSUBSCRIBE, subscription.nonce)
        for token in report.links
        if token.startswith(f"{subscription.pk}.")
    )
    return genuine or subscription.email_key in report.recipients


def _by_address(report: Report) -> Match | None:
    rows = Subscription.rows({"email_key": {"$in": sorted(report.recipients)}}, limit=1) if report.recipients else []
    return Match(Subscription.wrap(rows[0]), None) if rows else None


def delivery_state(issue_id: ObjectId, subscription_id: ObjectId) -> str | None:
    """What the ledger says about one letter; None where it was none of the issue's."""
    snapshot = Snapshot.reaching(issue_id, subscription_id)
    recipients = unpack(bytes(snapshot["recipients"])) if snapshot else []
    if snapshot is None or subscription_id not in recipients:
        return None
    [batch] = Progress.of_issue(issue_id, snapshot["number"], snapshot["number"])
    return STATE_OF[bytes(batch["states"])[recipients.index(subscription_id)]]
