"""The dispatch of an issue: a worker claims one batch after another and sends it in groups.

Before a group goes out, one conditional update stores the results of the group before and writes this one ahead as
`attempting`; so a killed worker leaves at most one group in doubt. Between groups the worker looks whether the issue is
still being sent, reads the recipients (who has unsubscribed meanwhile is `suppressed`), and reads the sources again.
"""

import random
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from time import monotonic, time
from typing import Any

from bson import ObjectId
from flask import Flask, current_app

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
    SECONDS,
    SUPPRESSED,
    Progress,
    Snapshot,
    unpack,
)
from newsletters.dispatch.mailing import Mailing
from newsletters.dispatch.pool import pool
from newsletters.dispatch.servers import NotConnected, Server, servers
from newsletters.dispatch.smtp import Connection, Mail
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
    _send_due(Mailing(issue), end)
    if monotonic() > end:
        return True
    close(issue_id)
    return False


def _send_due(mailing: Mailing, end: float) -> None:
    """Send what is due over so many connections as the settings say, each with a batch of its own at a time."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # for the threads
    due = Progress.due(mailing.issue.pk)
    random.shuffle(due)  # workers that begin at once do not vie for the same ones
    waiting = deque(due)

    def work() -> None:
        with app.app_context():
            while waiting and monotonic() < end:
                with suppress(IndexError):  # another connection took the last one
                    batch = Progress.claim(waiting.popleft())
                    if batch is not None and not Batch(mailing, batch, end).work():
                        return

    connections = min(app.config["DISPATCH_CONNECTIONS"], len(due))
    with ThreadPoolExecutor(max(1, connections)) as threads:
        for working in [threads.submit(work) for _ in range(connections)]:
            working.result()


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
    ended: dict[str, Any] = {"$unset": {"dispatching": ""}, "$inc": {"version": 1}}
    if Issue.change(sent, {**ended, "$set": {"state": SENT}, "$min": {"sent_at": utcnow()}}):
        audit.record(None, "issue.sent", issue_id)
        return
    called_off = {"_id": issue_id, "state": ISSUE_CANCELLED}
    if not Issue.change({**called_off, "sent_at": {"$ne": None}}, {**ended, "$set": {"state": SENT}}):  # a later round was
        Issue.change(called_off, {"$unset": {"dispatching": ""}})


class Batch:
    """A worker's hold on one batch, over one connection."""

    def __init__(self, mailing: Mailing, progress: Progress, end: float) -> None:
        self.mailing, self.progress, self.end = mailing, progress, end
        self.states = bytearray(progress.states)
        self.times = bytearray(progress.times or bytes(SECONDS.size * len(self.states)))
        self.answers: dict[str, str] = dict(progress.answers)
        snapshot = Snapshot.get(progress.pk)
        self.recipients = unpack(snapshot.recipients)
        self.todo = [place for place, code in enumerate(self.states) if code in WAITING]
        self.line: tuple[Server, Connection] | None = None

    def work(self) -> bool:
        """Send group after group until nothing is left, time is up, the lease is lost, or somebody says stop.

        False where no server takes mail at this moment.
        """
        try:
            return self._work()
        finally:
            self._hang_up()

    def _work(self) -> bool:
        while self._goes_on():
            try:
                connection = self._connection()
            except NotConnected as error:
                current_app.logger.warning("issue %s waits for an SMTP server: %s", self.mailing.issue.pk, error)
                self._let_go(RECONNECT_DELAY)
                return False
            group = self._write_ahead()
            if group is None:
                return True
            self._send(connection, group)
        self._let_go(timedelta(0))
        return True

    def _goes_on(self) -> bool:
        state = Issue.state_of(self.mailing.issue.pk)
        if state == ISSUE_CANCELLED:
            self._cancel()
        held = self.mailing.newsletter.holds_until(utcnow()) is not None
        return state == SENDING and not held and bool(self.todo) and monotonic() < self.end

    def _connection(self) -> Connection:
        """The connection, or another one after it was lost; before anything is written ahead. Raises NotConnected."""
        if self.line is not None and not self.line[1].is_open:
            self._hang_up()
        if self.line is None:
            self.line = pool.take(servers(current_app.config))
        return self.line[1]

    def _hang_up(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            pool.give(*line)

    def _write_ahead(self) -> dict[int, Mail] | None:
        """The next group as mails by place, noted as attempted; None where the lease was lost."""
        size = current_app.config["DISPATCH_GROUP"]
        places, self.todo = self.todo[:size], self.todo[size:]
        mails = self.mailing.mails({place: self.recipients[place] for place in places})
        for place in places:
            self._move(place, ATTEMPTING if place in mails else SUPPRESSED)
        return mails if self._store() else None

    def _move(self, place: int, state: str) -> None:
        """Let a delivery come to a state, at this second."""
        self.states[place] = CODES[state]
        SECONDS.pack_into(self.times, SECONDS.size * place, int(time()))

    def _store(self, **values: Any) -> bool:
        return self.progress.store(bytes(self.states), self.answers, times=bytes(self.times), **values)

    def _send(self, connection: Connection, group: dict[int, Mail]) -> None:
        """Send the group; what has not gone out in time, or for want of the connection, is `ready` again."""
        left = dict.fromkeys(group)
        for place, outcome in connection.send(group, monotonic() + GROUP_SECONDS):
            self._note(place, outcome.state, outcome.answer)
            del left[place]
        for place in left:
            self.states[place] = CODES[READY]
        self.todo = [*left, *self.todo]

    def _note(self, place: int, state: str, answer: str) -> None:
        if state == DEFERRED and utcnow() - self.mailing.issue.round_began_at > GIVE_UP_AFTER:
            state = REFUSED
        self._move(place, state)
        self.answers.pop(str(place), None)
        if state in (DEFERRED, REFUSED) or not answer.startswith("250"):
            self.answers[str(place)] = answer

    def _cancel(self) -> None:
        """What has not gone out never will."""
        for place, code in enumerate(self.states):
            if code in WAITING:
                self._move(place, CANCELLED)
        self.todo = []

    def _let_go(self, delay: timedelta) -> None:
        """Store the results and give the batch back: done, or due again after a delay."""
        now, rounds = utcnow(), self.progress.rounds
        if not any(code in WAITING for code in self.states):
            self._store(state=DONE, leased=False, due_at=now)
            return
        if not self.todo:  # only deferred ones are left
            delay, rounds = min(FIRST_DELAY * 2 ** min(rounds, 10), LONGEST_DELAY), rounds + 1
        self._store(leased=False, due_at=now + delay, rounds=rounds)
