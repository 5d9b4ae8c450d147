"""What waits for who makes newsletters: issues on their way, deliveries in doubt, reports that prove nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from bson import ObjectId

from network_api.documents import Row, utcnow
from newsletters.bounces.documents import Bounce
from newsletters.dispatch.ledger import COUNTED, UNKNOWN, Progress, total
from newsletters.documents import Newsletter
from newsletters.issues.documents import APPROVED, DRAFT, PAUSED, SCHEDULED, SENDING, SUBMITTED, Issue

OPEN_STATES = (SUBMITTED, APPROVED, SCHEDULED, SENDING, PAUSED, DRAFT)  # in the order in which they press
LOOKED_BACK = timedelta(days=60)  # at letters that went out


class Letters(NamedTuple):
    """The newsletters of some networks: their open issues, letters in doubt with how many, and those with unproven reports."""

    newsletters: list[Row]
    issues: list[Row]
    in_doubt: list[tuple[Row, int]]
    unproven: list[Row]


def letters(network_ids: Sequence[ObjectId]) -> Letters:
    """All of that, in five queries however much there is."""
    newsletters = Newsletter.rows({"network_id": {"$in": list(network_ids)}}, sort=[("slug", 1), ("_id", 1)])
    ids = [row["_id"] for row in newsletters]
    found = Issue.rows({"newsletter_id": {"$in": ids}, "state": {"$in": list(OPEN_STATES)}}) if ids else []
    issues = sorted(found, key=lambda row: (OPEN_STATES.index(row["state"]), row["_id"]))
    told = Bounce.collection().distinct("newsletter_id", {"newsletter_id": {"$in": ids}, "matched": False}) if ids else []
    return Letters(newsletters, issues, _in_doubt(ids), [row for row in newsletters if row["_id"] in told])


def _in_doubt(newsletter_ids: list[ObjectId]) -> list[tuple[Row, int]]:
    """Letters of late of whose deliveries some are in doubt, with how many."""
    now = utcnow()
    late = {"newsletter_id": {"$in": newsletter_ids}, "started_at": {"$gt": now - LOOKED_BACK, "$lt": now + LOOKED_BACK}}
    recent = Issue.rows(late, only=["title", "state", "newsletter_id"]) if newsletter_ids else []
    batches: dict[ObjectId, list[Row]] = {row["_id"]: [] for row in recent}
    for batch in Progress.standing({"issue_id": {"$in": list(batches)}}, ("issue_id", *COUNTED)) if batches else ():
        batches[batch["issue_id"]].append(batch)
    counted = ((row, total(batches[row["_id"]]).get(UNKNOWN, 0)) for row in recent)
    return [(row, number) for row, number in counted if number]
