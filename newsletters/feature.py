"""Newsletters, as the application sees them."""

from collections.abc import Iterator

from network_api.documents import Problem, Row
from network_api.feature import Feature
from newsletters import archive, audience, delivery_routes, demo, issue_routes, ledger, routes, subscribing
from newsletters.documents import Newsletter, Subscription
from newsletters.issues import SENT, Issue
from newsletters.ledger import Progress, Snapshot
from newsletters.pages import pages
from newsletters.suppression import MailAllowance, Suppression
from newsletters.tasks import SCHEDULE

UNFINISHED = (ledger.READY, ledger.LEASED, ledger.ATTEMPTING)


def check() -> Iterator[Problem]:
    """Recount the deliveries of every issue whose audience is frozen."""
    for row in Issue.each({}):
        frozen = row.get("audience") or {}
        if frozen.get("frozen_at"):
            yield from _recounted(row, frozen)


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


feature = Feature(
    name="newsletters",
    documents=(Newsletter, Subscription, Issue, Snapshot, Progress, Suppression, MailAllowance),
    blueprints=(routes.blueprint, issue_routes.blueprint, delivery_routes.blueprint),
    pages=(pages, archive.pages),
    schedule=SCHEDULE,
    check=check,
    export_person=subscribing.export_person,
    erase_person=subscribing.erase_person,
    demo=demo.make,
)
