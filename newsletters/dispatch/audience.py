"""Freezing the audience of an issue: every subscription is a recipient, or left out for a reason.

It walks the subscriptions by id, and goes on after the last snapshot where an earlier attempt stopped. Where two workers do it
at once, the unique number of a snapshot lets one of them win each step, and the other leaves it to that one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
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
STRETCH = 4000  # subscriptions to read at a time, about
NOBODY = ObjectId("0" * 24)  # is before everybody
OF_LATE = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=10))


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
    until = _newest(issue.newsletter_id) or issue.pk
    pulse = Newsletter.pulse_of(issue.newsletter_id)
    there = _candidates(issue.newsletter_id, until)
    audience = Audience(until=until, at_start=there, pulse=pulse, first_of_quarter=is_first_of_quarter(issue))
    return Issue.change({"_id": issue.pk, "audience": None}, {"$set": {"audience": audience.to_mongo()}}) or Issue.get(issue.pk)


def _newest(newsletter_id: ObjectId) -> ObjectId | None:
    """The newest subscription; looked for among those of late first, since an engine may read all before it takes one."""
    for since in (*(ObjectId.from_datetime(utcnow() - age) for age in OF_LATE), NOBODY):
        among = {"newsletter_id": newsletter_id, "_id": {"$gt": since, "$lte": ObjectId("f" * 24)}}
        if found := Subscription.rows(among, sort=[("_id", -1)], limit=1, only=("_id",)):
            return ObjectId(found[0]["_id"])
    return None


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
    return sum(len(stretch) for stretch in stretches(newsletter_id, until, only={"_id": 1}))


def stretches(
    newsletter_id: ObjectId, until: ObjectId, *, after: ObjectId | None = None, only: Mapping[str, int]
) -> Iterator[Sequence[Row]]:
    """The subscriptions after a place, up to another, in order: by stretches of time in which some thousands have come.

    The embedded engine reads all that match before it gives the first, so it is never asked for a million at once.
    """
    begin, end, seconds = after or NOBODY, after or newsletter_id, 1.0
    while begin < until:
        reached = end.generation_time + timedelta(seconds=seconds)
        end = until if reached >= until.generation_time else ObjectId.from_datetime(reached)
        where = {"newsletter_id": newsletter_id, "_id": {"$gt": begin, "$lte": end}}
        found = list(Subscription.collection().find(where, only).sort("_id", 1).batch_size(2 * STRETCH))
        yield found
        begin, seconds = end, max(1.0, seconds * min(4.0, STRETCH / len(found) if found else 4.0))


def _chunks(issue: Issue, after: ObjectId | None) -> Iterator[list[Row]]:
    """The subscriptions after a place in order, a snapshot's worth at a time."""
    waiting: list[Row] = []
    for stretch in stretches(issue.newsletter_id, issue.audience.until, after=after, only={"search": 0, "consent": 0}):
        waiting += stretch
        while len(waiting) > SNAPSHOT_SIZE:
            yield waiting[:SNAPSHOT_SIZE]
            del waiting[:SNAPSHOT_SIZE]
    if waiting:
        yield waiting


def _keep(issue: Issue, number: int, chunk: Sequence[Row]) -> bool:
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
