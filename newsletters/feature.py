"""Newsletters, as the application sees them."""

from collections.abc import Iterator, Mapping
from typing import Any

from network_api.documents import Problem, Row
from network_api.feature import Counted, Feature, Person
from newsletters import demo, routes
from newsletters.bounces import receiving
from newsletters.bounces import routes as bounce_routes
from newsletters.bounces.commands import bounces
from newsletters.bounces.documents import Bounce
from newsletters.bounces.tasks import SCHEDULE as BOUNCE_SCHEDULE
from newsletters.contributions import contributing
from newsletters.contributions import routes as contribution_routes
from newsletters.contributions.documents import Contribution
from newsletters.desk import pages as desk_pages
from newsletters.desk import sending_pages
from newsletters.dispatch import addressees, audience, ledger, progressing
from newsletters.dispatch import routes as dispatch_routes
from newsletters.dispatch.addressees import Addressees
from newsletters.dispatch.commands import newsletter
from newsletters.dispatch.journals import Journal
from newsletters.dispatch.ledger import Progress, Snapshot
from newsletters.dispatch.pool import pool
from newsletters.dispatch.rates import SendRate
from newsletters.dispatch.superseded import Superseded
from newsletters.dispatch.tasks import SCHEDULE as DISPATCH_SCHEDULE
from newsletters.documents import Newsletter
from newsletters.issues import archive, comments, feeds, forgetting, link_pages
from newsletters.issues import routes as issue_routes
from newsletters.issues.comment_documents import Comment
from newsletters.issues.counted_links import CountedLink
from newsletters.issues.documents import SENT, Issue
from newsletters.issues.told import Told
from newsletters.issues.webhooks import TYPES as ISSUE_TYPES
from newsletters.migrations import MIGRATIONS
from newsletters.privacy import REGISTER
from newsletters.subscriptions import checking, sign_up_pages, subscribing
from newsletters.subscriptions import pages as subscription_pages
from newsletters.subscriptions import routes as subscription_routes
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.suppression import MailAllowance, Suppression
from newsletters.subscriptions.tasks import SCHEDULE as SUBSCRIPTION_SCHEDULE
from newsletters.subscriptions.webhooks import TYPES as SUBSCRIPTION_TYPES

PARTS = (
    receiving,
    addressees,
    subscribing,
    contributing,
    comments,
    forgetting,
)  # in the order of erasing: who came back is found by who subscribed
UNFINISHED = (ledger.READY, ledger.LEASED, ledger.ATTEMPTING)


def check() -> Iterator[Problem]:
    """Recount the deliveries of every issue whose audience is frozen, and who is on which list."""
    for row in Issue.each({}):
        frozen = row.get("audience") or {}
        if frozen.get("frozen_at"):
            yield from _recounted(row, frozen)
    yield from checking.check()
    for row in receiving.overdue(checking.GRACE):
        yield Problem("bounce_overdue", f"bounce {row['_id']}", "forgotten", "kept")


def _recounted(issue: Row, frozen: Row) -> Iterator[Problem]:
    where = f"issue {issue['_id']}"
    recipients, excluded = audience.recount(issue["_id"])
    if frozen["candidates"] != recipients + sum(excluded.values()):
        yield Problem("issue_candidates", where, frozen["candidates"], recipients + sum(excluded.values()))
    counts = ledger.count(issue["_id"])
    if sum(counts.values()) != recipients:
        yield Problem("issue_deliveries", where, recipients, sum(counts.values()))
    unfinished = {state: counts[state] for state in UNFINISHED if state in counts}
    if issue["state"] == SENT and unfinished:
        yield Problem("issue_sent", where, {}, unfinished)


def export_person(person: Person) -> Mapping[str, Any]:
    """What the parts of newsletters hold about somebody."""
    return {name: rows for part in PARTS for name, rows in part.export_person(person).items()}


def erase_person(person: Person) -> Counted:
    """Delete that, or let it be known no more whose it was."""
    return {document: number for part in PARTS for document, number in part.erase_person(person).items()}


feature = Feature(
    name="newsletters",
    documents=(
        *(Newsletter, Subscription, Suppression, MailAllowance),
        *(Contribution, Issue, Told, Comment, CountedLink),
        *(Snapshot, Addressees, Progress, Journal, Superseded, SendRate),
        Bounce,
    ),
    register=REGISTER,
    blueprints=(
        routes.blueprint,
        subscription_routes.blueprint,
        contribution_routes.blueprint,
        issue_routes.blueprint,
        dispatch_routes.blueprint,
        bounce_routes.blueprint,
    ),
    pages=(
        *(subscription_pages.pages, subscription_pages.one_click, sign_up_pages.pages),
        *(archive.pages, feeds.pages, link_pages.pages),
        *(desk_pages.pages, sending_pages.pages),
    ),
    public_pages=archive.public_pages,
    schedule={**SUBSCRIPTION_SCHEDULE, **DISPATCH_SCHEDULE, **BOUNCE_SCHEDULE},
    commands=(newsletter, bounces),
    migrations=MIGRATIONS,
    check=check,
    export_person=export_person,
    erase_person=erase_person,
    demo=demo.make,
    let_go=pool.close,
    gauges=progressing.gauges,
    webhooks=(*ISSUE_TYPES, *SUBSCRIPTION_TYPES),
)
