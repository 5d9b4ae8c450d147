"""The dispatch of an issue: a worker claims one batch after another and sends it in groups.

Before a group goes out, one conditional update stores the results of the group before and writes this one ahead as
`attempting`; so a killed worker leaves at most one group in doubt. Between groups the worker looks whether the issue is
still being sent, reads the recipients (who has unsubscribed meanwhile is `suppressed`), and reads the sources again.
"""

from datetime import timedelta
from time import monotonic

from bson import ObjectId
from flask import current_app

from network_api import audit
from network_api.documents import Row, transactional, utcnow
from newsletters.dispatch import audience
from newsletters.dispatch.ledger import (
    ATTEMPTING,
    CANCELLED,
    CODES,
    DEFERRED,
    DONE,
    READY,
    REFUSED,
    SUPPRESSED,
    Progress,
    Snapshot,
    unpack,
)
from newsletters.dispatch.mailing import Mailing
from newsletters.dispatch.transport import NotConnected, Transport
from newsletters.documents import Newsletter
from newsletters.issues.documents import CANCELLED as ISSUE_CANCELLED
from newsletters.issues.documents import PAUSED, SENDING, SENT, Issue

SLICE = 4.0  # seconds of work in one job: others get their turn, and a worker that is told to stop can
GROUP_SECONDS = 5.0  # a group that takes longer is cut, so that the lease is renewed in time
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=2)
RECONNECT_DELAY = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(days=3)  # what the server defers for so long is refused
WAITING = (CODES[READY], CODES[DEFERRED])


def work(issue_id: ObjectId, seconds: float = SLICE) -> bool:
    """Send what can be sent now, for a while; True where more is left to be done at once."""
    issue = Issue.first({"_id": issue_id, "dispatching": True})
    if issue is None or is_held(issue.state, issue.newsletter_id):
        return False
    if issue.state == SENDING and (issue.audience is None or issue.audience.frozen_at is None):
        issue = audience.freeze(issue)
    if issue is None:
        return False
    end = monotonic() + seconds
    with Transport() as transport:
        mailing = Mailing(issue)
        for identifier in Progress.due(issue_id):
            batch = Progress.claim(identifier)
            if batch is not None:
                Batch(mailing, batch, transport, end).work()
            if monotonic() > end:
                return True
    close(issue_id)
    return False


def has_something_to_do(issue: Row) -> bool:
    """Whether a worker would find work on an issue (its row) now."""
    if is_held(issue["state"], issue["newsletter_id"]):
        return False
    frozen = (issue.get("audience") or {}).get("frozen_at") is not None
    return bool(not frozen or Progress.due(issue["_id"]) or not Progress.any_open(issue["_id"]))


def is_held(state: str, newsletter_id: ObjectId) -> bool:
    """Whether an issue in this state waits: by somebody's word, or for its newsletter's send window to open."""
    return state == PAUSED or (state == SENDING and Newsletter.get(newsletter_id).holds_until(utcnow()) is not None)


@transactional
def close(issue_id: ObjectId) -> None:
    """End the dispatch where no delivery is open any more; an issue that was being sent is then `sent`."""
    if Progress.any_open(issue_id):
        return
    sent = {"_id": issue_id, "state": SENDING, "audience.frozen_at": {"$ne": None}}
    if Issue.change(sent, {"$set": {"state": SENT, "sent_at": utcnow()}, "$unset": {"dispatching": ""}, "$inc": {"version": 1}}):
        audit.record(None, "issue.sent", issue_id)
        return
    Issue.change({"_id": issue_id, "state": ISSUE_CANCELLED}, {"$unset": {"dispatching": ""}})


class Batch:
    """A worker's hold on one batch."""

    def __init__(self, mailing: Mailing, progress: Progress, transport: Transport, end: float) -> None:
        self.mailing, self.progress, self.transport, self.end = mailing, progress, transport, end
        self.states = bytearray(progress.states)
        self.answers: dict[str, str] = dict(progress.answers)
        snapshot = Snapshot.get(progress.pk)
        self.recipients = unpack(snapshot.recipients)
        self.todo = [place for place, code in enumerate(self.states) if code in WAITING]

    def work(self) -> None:
        """Send group after group until nothing is left, time is up, the lease is lost, or somebody says stop."""
        while True:
            state = Issue.state_of(self.mailing.issue.pk)
            if state == ISSUE_CANCELLED:
                self._cancel()
            held = self.mailing.newsletter.holds_until(utcnow()) is not None
            if state != SENDING or held or not self.todo or monotonic() > self.end:
                self._let_go(timedelta(0))
                return
            group = self._write_ahead()
            if group is None:
                return
            try:
                self._send(group)
            except NotConnected as error:
                current_app.logger.warning("issue %s waits for the SMTP server: %s", self.mailing.issue.pk, error)
                self._let_go(RECONNECT_DELAY)
                return

    def _write_ahead(self) -> dict[int, bytes] | None:
        """The next group as mails by place, noted as attempted; None where the lease was lost."""
        size = current_app.config["DISPATCH_GROUP"]
        places, self.todo = self.todo[:size], self.todo[size:]
        mails = self.mailing.mails({place: self.recipients[place] for place in places})
        for place in places:
            self.states[place] = CODES[ATTEMPTING if place in mails else SUPPRESSED]
        return mails if self.progress.store(bytes(self.states), self.answers) else None

    def _send(self, group: dict[int, bytes]) -> None:
        """Send the group; what is not reached in time or for want of a connection is `ready` again. Raises NotConnected."""
        started = monotonic()
        left = dict(group)
        try:
            while left and monotonic() - started < GROUP_SECONDS:
                place = next(iter(left))
                outcome = self.transport.send(self.mailing.sender, self.mailing.address_of(self.recipients[place]), left[place])
                del left[place]
                self._note(place, outcome.state, outcome.answer)
        finally:
            for place in left:
                self.states[place] = CODES[READY]
            self.todo = [*left, *self.todo]

    def _note(self, place: int, state: str, answer: str) -> None:
        if state == DEFERRED and utcnow() - self.mailing.issue.started_at > GIVE_UP_AFTER:
            state = REFUSED
        self.states[place] = CODES[state]
        self.answers.pop(str(place), None)
        if state in (DEFERRED, REFUSED) or not answer.startswith("250"):
            self.answers[str(place)] = answer

    def _cancel(self) -> None:
        """What has not gone out never will."""
        for place, code in enumerate(self.states):
            if code in WAITING:
                self.states[place] = CODES[CANCELLED]
        self.todo = []

    def _let_go(self, delay: timedelta) -> None:
        """Store the results and give the batch back: done, or due again after a delay."""
        now, rounds = utcnow(), self.progress.rounds
        if not any(code in WAITING for code in self.states):
            self.progress.store(bytes(self.states), self.answers, state=DONE, leased=False, due_at=now)
            return
        if not self.todo:  # only deferred ones are left
            delay, rounds = min(FIRST_DELAY * 2 ** min(rounds, 10), LONGEST_DELAY), rounds + 1
        self.progress.store(bytes(self.states), self.answers, leased=False, due_at=now + delay, rounds=rounds)
