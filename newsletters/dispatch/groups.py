"""A worker's hold on one batch, which goes out in groups, as fast as the limits of server and domains let it.

Before a group goes out, one conditional update stores the results of the group before and writes this one ahead as
`attempting`; so a killed worker leaves at most one group in doubt. Between groups the worker looks whether the issue is
still being sent, reads the recipients (who has unsubscribed meanwhile is `suppressed`), and reads the sources again.
"""

from datetime import timedelta
from time import monotonic, sleep, time
from typing import Any

from flask import current_app

from network_api.documents import Row, utcnow
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
from newsletters.dispatch.mailing import Mailing, Readers
from newsletters.dispatch.pool import pool
from newsletters.dispatch.rates import Rates
from newsletters.dispatch.servers import NotConnected, Server, servers
from newsletters.dispatch.smtp import Connection
from newsletters.issues.documents import CANCELLED as ISSUE_CANCELLED
from newsletters.issues.documents import SENDING, Issue
from newsletters.subscriptions.undeliverable import note_refusal

GROUP_SECONDS = 5.0  # a group that takes longer is cut, so that it ends before its lease
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=2)
RECONNECT_DELAY = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(days=3)  # what the server defers for so long is refused
WAITING = (CODES[READY], CODES[DEFERRED])


class Batch:
    """A worker's hold on one batch, over one connection."""

    def __init__(self, mailing: Mailing, progress: Progress, rates: Rates, end: float, rivals: int) -> None:
        self.mailing, self.progress, self.rates, self.end, self.rivals = mailing, progress, rates, end, rivals
        self.states = bytearray(progress.states)
        self.times = bytearray(progress.times or bytes(SECONDS.size * len(self.states)))
        self.answers: dict[str, str] = dict(progress.answers)
        snapshot = Snapshot.get(progress.pk)
        self.readers = Readers(mailing.newsletter.pk, unpack(snapshot.recipients))
        self.todo = self._places(READY) or self._places(DEFERRED)  # deferred ones wait longer than the rest
        self.held: list[int] = []  # back by their domain's limit
        self.domain_wait = 0.0
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
                server, connection = self._connection()
            except NotConnected as error:
                current_app.logger.warning("issue %s waits for an SMTP server: %s", self.mailing.issue.pk, error)
                self._let_go(RECONNECT_DELAY)
                return False
            group, wait = self._next_group(str(server))
            if wait and not self._rest(wait):
                return False
            if group and not self._write_ahead_and_send(group, connection):
                return True
        self._let_go(timedelta(0))
        return True

    def _goes_on(self) -> bool:
        state = Issue.state_of(self.mailing.issue.pk)
        if state == ISSUE_CANCELLED:
            self._cancel()
        held = self.mailing.newsletter.holds_until(utcnow()) is not None
        return state == SENDING and not held and bool(self.todo) and monotonic() < self.end

    def _connection(self) -> tuple[Server, Connection]:
        """The connection, or another one after it was lost; before anything is written ahead. Raises NotConnected."""
        if self.line is not None and not self.line[1].is_open:
            self._hang_up()
        if self.line is None:
            self.line = pool.take(servers(current_app.config))
        return self.line

    def _hang_up(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            pool.give(*line)

    def _next_group(self, server: str) -> tuple[dict[int, Row], float]:
        """The next group, as recipients by place, for which there are tokens; else how long the server wants to rest."""
        size = current_app.config["DISPATCH_GROUP"]
        places, self.todo = self.todo[:size], self.todo[size:]
        rows = self.readers.reachable(places)
        for place in places:
            if place not in rows:
                self._move(place, SUPPRESSED)
        admitted = self.rates.admit({place: row["email"] for place, row in rows.items()}, server)
        if admitted.held:
            self.held, self.domain_wait = [*self.held, *admitted.held], admitted.wait
        self.todo = [*(place for place in rows if place not in {*admitted.places, *admitted.held}), *self.todo]
        wait = admitted.wait if rows and not admitted.places and not admitted.held else 0.0
        return {place: rows[place] for place in admitted.places}, wait

    def _rest(self, seconds: float) -> bool:
        """Wait for the server's limit; False, with the batch given back, where that takes longer than this job has."""
        if monotonic() + seconds > self.end:
            self._let_go(timedelta(seconds=seconds))
            return False
        sleep(seconds)
        return True

    def _write_ahead_and_send(self, group: dict[int, Row], connection: Connection) -> bool:
        """Note a group as attempted, then send it; False where the lease was lost.

        What has not gone out in time, or for want of the connection, is `ready` again.
        """
        mails = self.mailing.mails(group)
        for place in mails:
            self._move(place, ATTEMPTING)
        if not self._store():
            return False
        left = dict.fromkeys(mails)
        for place, outcome in connection.send(mails, monotonic() + GROUP_SECONDS):
            self._note(place, outcome.state, outcome.answer)
            if outcome.state == REFUSED:
                note_refusal(group[place]["_id"], outcome.answer)
            del left[place]
        for place in left:
            self.states[place] = CODES[READY]
        self.todo = [*left, *self.todo]
        return True

    def _move(self, place: int, state: str) -> None:
        """Let a delivery come to a state, at this second."""
        self.states[place] = CODES[state]
        SECONDS.pack_into(self.times, SECONDS.size * place, int(time()))

    def _store(self, **values: Any) -> bool:
        return self.progress.store(bytes(self.states), self.answers, times=bytes(self.times), **values)

    def _note(self, place: int, state: str, answer: str) -> None:
        if state == DEFERRED and utcnow() - self.mailing.issue.round_began_at > GIVE_UP_AFTER:
            state = REFUSED
        self._move(place, state)
        self.answers.pop(str(place), None)
        if state in (DEFERRED, REFUSED) or not answer.startswith("250"):
            self.answers[str(place)] = answer

    def _places(self, state: str) -> list[int]:
        return [place for place, code in enumerate(self.states) if code == CODES[state]]

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
        if self.held and not self.todo:  # each of the batches that wait for tokens comes again for its share
            delay = min(timedelta(seconds=self.domain_wait * (self.rivals + 1)), LONGEST_DELAY)
        elif not self.todo:  # only deferred ones are left
            delay, rounds = min(FIRST_DELAY * 2 ** min(rounds, 10), LONGEST_DELAY), rounds + 1
        self._store(leased=False, due_at=now + delay, rounds=rounds)
