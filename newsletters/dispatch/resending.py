"""Verbs about those who have not got an issue: send again to who was missed, settle what nobody can know.

Both write into the issue's own document, so that two of them at once, or one beside a dispatch that is just about to close,
conflict. What had become of a delivery before stays in the evidence (`Superseded`).
"""

from collections.abc import Collection
from typing import Any

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Row, transactional, utcnow
from newsletters.dispatch.ledger import ACCEPTED, CANCELLED, CODES, OPEN, READY, REFUSED, STATE_OF, UNKNOWN, Progress
from newsletters.dispatch.sending import wake
from newsletters.dispatch.superseded import Superseded
from newsletters.documents import WrongState
from newsletters.issues.documents import CANCELLED as ISSUE_CANCELLED
from newsletters.issues.documents import PAUSED, SENDING, SENT, Issue, Round

RESEND, SETTLE = "resend", "settle"
MISSED = (REFUSED, CANCELLED, UNKNOWN)  # what can be sent again


@transactional
def resend(caller: Caller, issue: Issue, states: Collection[str]) -> Issue:
    """Send an issue that has ended again to those whose delivery is in one of these states, under the same Message-ID.

    Who must not be written to any more still gets nothing: that is looked up before each group, as ever. One that was called
    off goes on only where `cancelled` is among the states. Raises WrongState while it is being sent.
    """
    issue = issue.fresh()
    allowed = (SENT, ISSUE_CANCELLED) if CANCELLED in states else (SENT,)
    if issue.state not in allowed or issue.dispatching:
        raise WrongState(_why_not(issue))
    return _again(caller, issue, states, allowed)


def _why_not(issue: Issue) -> str:
    if issue.state == ISSUE_CANCELLED and not issue.dispatching:
        return "This issue has been called off; name `cancelled` among the states to send it after all."
    return f"An issue that is {issue.state} cannot be sent again, until it has ended."


@transactional
def resolve(caller: Caller, issue: Issue, action: str) -> Issue:
    """Settle deliveries in doubt: take them as accepted, or send them once more under the same Message-ID."""
    issue = issue.fresh()
    if issue.state not in (SENDING, PAUSED, SENT):
        raise WrongState(f"An issue that is {issue.state} has no deliveries in doubt.")
    if action == RESEND:
        return _again(caller, issue, (UNKNOWN,), (issue.state,))
    settled = sum(_settle(row, f"settled by {caller.member_id}") for row in Progress.of_issue(issue.pk))
    _record(caller, issue, "deliveries_resolved", {UNKNOWN: settled}, action)
    return issue


def _again(caller: Caller, issue: Issue, states: Collection[str], allowed: Collection[str]) -> Issue:
    """Put the deliveries in these states back, in a new round; nothing changes where there are none."""
    number = len(issue.rounds) + 1
    changed = dict.fromkeys(states, 0)
    for row in Progress.of_issue(issue.pk):
        for place in _put_back(row, states, number):
            changed[STATE_OF[row["states"][place]]] += 1
    if any(changed.values()):
        again = Round(by=caller.member_id, states=sorted(states), deliveries=sum(changed.values()))
        issue = issue.begin_again(again, allowed)
        _record(caller, issue, "deliveries_resent", changed, READY)
        wake(issue.pk)
    return issue


def _put_back(row: Row, states: Collection[str], number: int) -> list[int]:
    """Make the deliveries of a batch in these states ready, unless a worker holds it at this moment; returns their places."""
    codes = {CODES[state] for state in states}
    places = [place for place, code in enumerate(row["states"]) if code in codes]
    if not places:
        return []
    values = {
        "states": bytes(CODES[READY] if code in codes else code for code in row["states"]),
        "answers": {place: answer for place, answer in row["answers"].items() if int(place) not in set(places)},
        "state": OPEN,
        "due_at": utcnow(),
        "rounds": 0,
    }
    if not _change_idle(row, values):
        return []
    before = {name: row.get(name) for name in ("issue_id", "number", "states", "times", "answers")}
    Superseded(**before, round=number, places=places).insert()
    return places


def _settle(row: Row, note: str) -> int:
    """Take the deliveries in doubt of a batch as accepted, unless a worker holds it; returns how many there were."""
    places = [place for place, code in enumerate(row["states"]) if code == CODES[UNKNOWN]]
    states = bytes(row["states"]).replace(bytes([CODES[UNKNOWN]]), bytes([CODES[ACCEPTED]]))
    notes = {f"answers.{place}": note for place in places}  # no server has said so: the ledger names who did
    return len(places) if places and _change_idle(row, {"states": states, **notes}) else 0


def _change_idle(row: Row, values: dict[str, Any]) -> bool:
    """Write into a batch that no worker holds, nor held when it was read: it may have come further before it was given back."""
    idle = {"_id": row["_id"], "fence": row["fence"], "leased": False}
    return not row["leased"] and Progress.alter(idle, {"$set": values, "$inc": {"fence": 1}})


def _record(caller: Caller, issue: Issue, step: str, before: dict[str, int], after: str) -> None:
    changes = {"deliveries": {"before": before, "after": after}}
    audit.record(caller.member_id, f"issue.{step}", issue.pk, network_id=issue.network_id, changes=changes)
