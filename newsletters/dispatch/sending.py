"""Verbs of sending: schedule, send, pause, resume, cancel."""

from datetime import datetime

from bson import ObjectId

from network_api import audit, jobs
from network_api.auth.caller import Caller
from network_api.documents import transactional, utcnow
from network_api.errors import Invalid
from newsletters.documents import Newsletter, WrongState
from newsletters.issues.documents import APPROVED, CANCELLED, DRAFT, PAUSED, SCHEDULED, SENDING, SENT, SUBMITTED, Issue


def wake(issue_id: ObjectId) -> None:
    """Tell a worker that there is something to send; were this lost, the sweep would find it."""
    jobs.wake("newsletters.dispatch", str(issue_id))


@transactional
def schedule(caller: Caller, issue: Issue, send_at: datetime | None) -> Issue:
    """Send an approved issue later: at a time, or when the newsletter's cadence has its next one.

    Raises Invalid for a time that has passed, or where there is neither; WrongState.
    """
    now = utcnow()
    at = send_at or Newsletter.get(issue.newsletter_id).next_issue_at(now)
    if at is None:
        raise Invalid(errors={"send_at": ["Give a time: this newsletter has no cadence."]})
    if at <= now:
        raise Invalid(errors={"send_at": ["This time has passed."]})
    moved = issue.move(SCHEDULED, (APPROVED, SCHEDULED), send_at=at)
    _record(caller, moved, "scheduled")
    return moved


@transactional
def send(caller: Caller, issue: Issue) -> Issue:
    """Start sending an approved issue; asked again, it answers with the issue that is being sent. Raises WrongState."""
    started = issue.begin()
    if started is None:
        now = Issue.get(issue.pk)
        if now.state in (SENDING, SENT):
            return now
        raise WrongState(f"An issue that is {now.state} cannot be sent: it has to be approved as it stands.")
    _record(caller, started, "sending")
    wake(started.pk)
    return started


@transactional
def start_scheduled(issue_id: ObjectId) -> None:
    """Start an issue whose time has come."""
    issue = Issue.get(issue_id)
    started = issue.begin() if issue.state == SCHEDULED and issue.send_at <= utcnow() else None
    if started is not None:
        audit.record(None, "issue.sending", issue_id, network_id=issue.network_id)
        wake(issue_id)


@transactional
def pause(caller: Caller, issue: Issue) -> Issue:
    """Hold an issue: at most the group that is going out now still goes. Raises WrongState."""
    moved = issue.move(PAUSED, (SENDING,))
    _record(caller, moved, "paused")
    return moved


@transactional
def resume(caller: Caller, issue: Issue) -> Issue:
    """Go on with a paused issue. Raises WrongState."""
    moved = issue.move(SENDING, (PAUSED,))
    _record(caller, moved, "resumed")
    wake(issue.pk)
    return moved


@transactional
def cancel(caller: Caller, issue: Issue) -> Issue:
    """Call an issue off, also while it is going out: what has not been sent never will be. Raises WrongState."""
    moved = issue.move(CANCELLED, (DRAFT, SUBMITTED, APPROVED, SCHEDULED, SENDING, PAUSED))
    _record(caller, moved, "cancelled")
    wake(issue.pk)
    return moved


def _record(caller: Caller, issue: Issue, step: str) -> None:
    audit.record(caller.member_id, f"issue.{step}", issue.pk, network_id=issue.network_id)
