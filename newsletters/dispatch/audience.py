"""Freezing the audience of an issue: every subscription is a recipient, or left out for a reason.

It walks the subscriptions by id, a snapshot at a time, and goes on where an earlier attempt stopped. Where two workers do it
at once, the unique number of a snapshot lets one of them win each step, and the other leaves it to that one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from network_api.documents import AlreadyExists, Row, transactional, utcnow
from newsletters.dispatch.addressees import Addressees
from newsletters.dispatch.ledger import (
    CODES,
    DONE,
    LEASE,
    OPEN,
    READY,
    REASON_OF,
    REASONS,
    Progress,
    Snapshot,
    pack,
    reason_to_leave_out,
)
from newsletters.dispatch.readers import Changes
from newsletters.documents import Newsletter
from newsletters.issues.documents import CANCELLED, SENDING, Audience, Issue
from newsletters.subscriptions import lapsing
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.suppression import Suppression

SNAPSHOT_SIZE = 500


class AudienceMismatch(Exception):
    """The snapshots do not account for every subscription: nothing is sent."""


def freeze(issue: Issue) -> Issue | None:
    """Freeze the audience; None where the issue is not being sent any more, or another worker freezes it.

    Raises AudienceMismatch.
    """
    lapsing.resume_due(issue.newsletter_id)
    issue = _begin(issue)
    last = Snapshot.last(issue.pk)
    after, first = (last["through"], last["number"] + 1) if last else (None, 0)
    for number, chunk in enumerate(_chunks(issue, after), first):
        if not _keep(issue, number, chunk):
            return None
    return _finish(issue)


def is_under_way(issue_id: ObjectId) -> bool:
    """Whether a worker seems to be freezing the audience at this moment."""
    last = Snapshot.last(issue_id)
    return last is not None and last["created_at"] > utcnow() - LEASE


def _begin(issue: Issue) -> Issue:
    """Fix how far the audience reaches: to the newest subscription of this moment."""
    if issue.audience is not None:
        return issue
    newest = Subscription.rows({"newsletter_id": issue.newsletter_id}, sort=[("_id", -1)], limit=1)
    until = newest[0]["_id"] if newest else issue.pk
    pulse = Newsletter.pulse_of(issue.newsletter_id)
    there = _candidates(issue.newsletter_id, until)
    audience = Audience(until=until, at_start=there, pulse=pulse, first_of_quarter=is_first_of_quarter(issue))
    return Issue.change({"_id": issue.pk, "audience": None}, {"$set": {"audience": audience.to_mongo()}}) or Issue.get(issue.pk)


def is_first_of_quarter(issue: Issue) -> bool:
    """Whether no issue of the newsletter that was not cancelled began to be sent earlier in this quarter of the calendar.

    In the newsletter's time zone. It goes to those, too, who want a letter a quarter.
    """
    started = issue.started_at.astimezone(ZoneInfo(Newsletter.get(issue.newsletter_id).timezone))
    first_month = started.month - (started.month - 1) % 3
    begin = started.replace(month=first_month, day=1, hour=0, minute=0, second=0, microsecond=0)
    earlier = {"newsletter_id": issue.newsletter_id, "started_at": {"$gte": begin, "$lt": issue.started_at}}
    return all(row["state"] == CANCELLED for row in Issue.rows(earlier, sort=[("started_at", 1)], only=["state"]))


def _candidates(newsletter_id: ObjectId, until: ObjectId) -> int:
    return Subscription.collection().count_documents({"newsletter_id": newsletter_id, "_id": {"$lte": until}})


def _chunks(issue: Issue, after: ObjectId | None) -> Iterator[list[Row]]:
    """The subscriptions after a place in order, a snapshot's worth at a time, from one walk."""
    bound: dict[str, Any] = {"$lte": issue.audience.until}
    if after is not None:
        bound["$gt"] = after
    found: Iterator[Row] = iter(
        Subscription.collection()
        .find({"newsletter_id": issue.newsletter_id, "_id": bound}, {"search": 0, "consent": 0})
        .sort("_id", 1)
        .batch_size(SNAPSHOT_SIZE)
    )
    while chunk := list(islice(found, SNAPSHOT_SIZE)):
        yield chunk


def _keep(issue: Issue, number: int, chunk: list[Row]) -> bool:
    """Store one snapshot with its progress; False where another worker was faster, who then goes on."""
    suppressed = Suppression.among(issue.newsletter_id, (row["email_key"] for row in chunk))
    quarter = {"first_of_quarter": issue.audience.first_of_quarter}
    reasons = {row["_id"]: reason_to_leave_out(row, suppressed=row["email_key"] in suppressed, **quarter) for row in chunk}
    recipients = [identifier for identifier, reason in reasons.items() if reason is None]
    excluded = {identifier: reason for identifier, reason in reasons.items() if reason is not None}
    snapshot = Snapshot(
        issue_id=issue.pk,
        number=number,
        through=chunk[-1]["_id"],
        recipients=pack(recipients),
        excluded=pack(list(excluded)),
        reasons=bytes(REASONS[reason] for reason in excluded.values()),
    )
    try:
        _insert(issue, snapshot, [row for row in chunk if reasons[row["_id"]] is None])
    except AlreadyExists:
        return False
    return True


@transactional
def _insert(issue: Issue, snapshot: Snapshot, recipients: Sequence[Row]) -> None:
    """Store a snapshot with its progress, and a copy of its recipients without those of whom there is news by now.

    It holds the newsletter, so that whoever is erased at this moment is in no copy: of the two transactions one begins again.
    """
    newsletter_id, since = issue.newsletter_id, issue.audience.pulse
    Newsletter.hold(newsletter_id)
    snapshot.insert()
    Progress(
        id=snapshot.pk,
        issue_id=snapshot.issue_id,
        number=snapshot.number,
        state=OPEN if recipients else DONE,
        states=bytes([CODES[READY]]) * len(recipients),
    ).insert()
    if recipients and since is not None:
        rows = {row["_id"]: row for row in recipients}
        news = Changes(newsletter_id, since).among(rows, rows, since, Newsletter.pulse_of(newsletter_id))
        Addressees.of(snapshot.pk, since, [row for row in recipients if row["_id"] not in news]).insert()


def _finish(issue: Issue) -> Issue | None:
    """Close the audience where recipients and exclusions add up to the candidates.

    Subscriptions that are erased during the walk may or may not have been seen, so the number lies between how many there
    were before and after.
    """
    recipients, excluded = recount(issue.pk)
    total = recipients + sum(excluded.values())
    still_there = _candidates(issue.newsletter_id, issue.audience.until)
    if not still_there <= total <= issue.audience.at_start:
        raise AudienceMismatch(f"issue {issue.pk}: {total} accounted for, {issue.audience.at_start} to {still_there} there")
    frozen = {"candidates": total, "recipients": recipients, "excluded": dict(excluded), "frozen_at": utcnow()}
    return Issue.change(
        {"_id": issue.pk, "state": SENDING}, {"$set": {f"audience.{name}": value for name, value in frozen.items()}}
    )


def recount(issue_id: ObjectId) -> tuple[int, Counter[str]]:
    """How many recipients the snapshots of an issue hold, and how many subscriptions were left out, by reason."""
    recipients, excluded = 0, Counter[str]()
    for snapshot in Snapshot.of_issue(issue_id):
        recipients += len(snapshot["recipients"]) // 12
        excluded.update(REASON_OF[code] for code in bytes(snapshot["reasons"]))
    return recipients, excluded
