"""A worker's hold on one batch, which goes out in groups, as fast as the limits of server and domains let it.

Before a group goes out, one conditional update stores the results of the group before and writes this one ahead as
`attempting`; so a killed worker leaves at most one group in doubt. While that is being written the next group is prepared,
and one small look tells whether anybody was suppressed, or the issue held or called off: then the group goes back unsent,
and is prepared anew. While the last group of a batch is on its way the next batch is claimed.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from time import monotonic, sleep, time
from typing import Any, NamedTuple

from flask import current_app

from network_api.documents import Row, utcnow
from newsletters.dispatch.addressees import Addressees
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
    WAITING,
    Progress,
    Snapshot,
    unpack,
)
from newsletters.dispatch.mailing import Mailing
from newsletters.dispatch.pool import pool
from newsletters.dispatch.rates import Rates
from newsletters.dispatch.readers import Readers
from newsletters.dispatch.servers import NotConnected, Server, servers
from newsletters.dispatch.smtp import Connection, Mail
from newsletters.issues.documents import CANCELLED as ISSUE_CANCELLED
from newsletters.issues.documents import SENDING, Issue
from newsletters.subscriptions.undeliverable import note_refusal

GROUP_SECONDS = 5.0  # a group that takes longer is cut, so that it ends before its lease
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=2)
RECONNECT_DELAY = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(days=3)  # what the server defers for so long is refused
Meanwhile = Callable[..., Future[Any]]  # has a function called with what is given, in a thread beside this one
Take = Callable[[], "Batch | None"]


class Group(NamedTuple):
    """Recipients by place, with a mail to each; or, with none, how long the server wants to rest, in seconds."""

    rows: dict[int, Row]
    mails: dict[int, Mail]
    wait: float


class Batch:
    """A worker's hold on one batch, over one connection."""

    def __init__(self, mailing: Mailing, progress: Progress, rates: Rates, end: float, rivals: int) -> None:
        self.mailing, self.progress, self.rates, self.end, self.rivals = mailing, progress, rates, end, rivals
        self.states = bytearray(progress.states)
        self.times = bytearray(progress.times or bytes(SECONDS.size * len(self.states)))
        self.answers: dict[str, str] = dict(progress.answers)
        snapshot = Snapshot.get(progress.pk)
        since = mailing.issue.audience.pulse
        self.readers = Readers(mailing.newsletter.pk, snapshot.pk, unpack(snapshot.recipients), since)
        self.todo = self._places(READY) or self._places(DEFERRED)  # deferred ones wait longer than the rest
        self.state: str | None = None  # of the issue, when there was last any news
        self.following: Future[Batch | None] | None = None
        self.next: Group | None = None  # prepared while the one before it was written ahead
        self.held: list[int] = []  # back by their domain's limit
        self.domain_wait = 0.0
        self.line: tuple[Server, Connection] | None = None
        self.look()

    def work(self, meanwhile: Meanwhile, take: Take) -> bool:
        """Send group after group until nothing is left, time is up, the lease is lost, or somebody says stop.

        What can be done at the same time is done `meanwhile`; while the last group is on its way, that is to `take` the batch
        after this one. False where no server takes mail at this moment.
        """
        try:
            return self._work(meanwhile, take)
        finally:
            self._hang_up()

    def _work(self, meanwhile: Meanwhile, take: Take) -> bool:
        while self._goes_on():
            try:
                server, connection = self._connection()
            except NotConnected as error:
                current_app.logger.warning("issue %s waits for an SMTP server: %s", self.mailing.issue.pk, error)
                self.let_go(RECONNECT_DELAY)
                return False
            group, self.next = self.next or self._prepare(str(server)), None
            if group.wait and not self._rest(group.wait):
                return False
            for place in group.mails:
                self._move(place, ATTEMPTING)
            stored = meanwhile(self.progress.store, **self._standing()) if group.mails else None
            self.next = self._prepare(str(server)) if self.todo else None
            news = self.look()
            if stored and not stored.result():
                return True
            if news:
                self._take_back(self._not_sent(group.mails))
                continue
            if not self.next and self.following is None:
                self.following = meanwhile(take)
            left = self._send(connection, group)
            if left or not connection.is_open:
                self._take_back(left)
        self.let_go()
        return True

    def look(self) -> bool:
        """Whether there is any news, of readers or of the issue, since the last look; what it is, is known then."""
        if not self.readers.have_news():
            return False
        self.state = Issue.state_of(self.mailing.issue.pk)
        return True

    def _goes_on(self) -> bool:
        """Whether there is more to send, at this moment: what was prepared before somebody said stop goes back."""
        if self.state == ISSUE_CANCELLED:
            self._cancel()
        held = self.mailing.newsletter.holds_until(utcnow()) is not None
        goes_on = self.state == SENDING and not held and bool(self.todo or self.next) and monotonic() < self.end
        if not goes_on:
            self._take_back()
        return goes_on

    def _take_back(self, places: Sequence[int] = ()) -> None:
        """Put back what has not gone out, and what was prepared to go after it."""
        self.todo, self.next = [*places, *(self.next.rows if self.next else ()), *self.todo], None

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

    def _prepare(self, server: str) -> Group:
        """The next group for which there are tokens, with its mails; else how long the server wants to rest."""
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
        group = {place: rows[place] for place in admitted.places}
        return Group(group, self.mailing.mails(group), wait)

    def _rest(self, seconds: float) -> bool:
        """Wait for the server's limit; False, with the batch given back, where that takes longer than this job has."""
        if monotonic() + seconds > self.end:
            self.let_go(timedelta(seconds=seconds))
            return False
        sleep(seconds)
        return True

    def _send(self, connection: Connection, group: Group) -> list[int]:
        """Send a group; returns those that have not gone out in time, or for want of the connection, and are `ready` again."""
        left = dict.fromkeys(group.mails)
        for place, outcome in connection.send(group.mails, monotonic() + GROUP_SECONDS):
            self._note(place, outcome.state, outcome.answer)
            if outcome.state == REFUSED:
                note_refusal(group.rows[place]["_id"], outcome.answer)
            del left[place]
        return self._not_sent(left)

    def _not_sent(self, places: Iterable[int]) -> list[int]:
        """Those that were written ahead and have not been sent are ready again."""
        for place in (found := list(places)):
            self.states[place] = CODES[READY]
        return found

    def _move(self, place: int, state: str) -> None:
        """Let a delivery come to a state, at this second."""
        self.states[place] = CODES[state]
        SECONDS.pack_into(self.times, SECONDS.size * place, int(time()))

    def _standing(self) -> dict[str, Any]:
        """Where each recipient stands at this moment, as it is stored."""
        return {"states": bytes(self.states), "times": bytes(self.times), "answers": dict(self.answers)}

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
        self._take_back()
        for place, code in enumerate(self.states):
            if code in WAITING:
                self._move(place, CANCELLED)
        self.todo = []

    def let_go(self, delay: timedelta = timedelta(0)) -> None:
        """Store the results and give the batch back: done, or due again after a delay."""
        now, rounds = utcnow(), self.progress.rounds
        if not any(code in WAITING for code in self.states):
            self.progress.give_back(self._standing(), state=DONE, due_at=now)
            Addressees.remove({"_id": self.progress.pk})
            return
        if self.held and not self.todo:  # each of the batches that wait for tokens comes again for its share
            delay = min(timedelta(seconds=self.domain_wait * (self.rivals + 1)), LONGEST_DELAY)
        elif not self.todo:  # only deferred ones are left
            delay, rounds = min(FIRST_DELAY * 2 ** min(rounds, 10), LONGEST_DELAY), rounds + 1
        self.progress.give_back(self._standing(), due_at=now + delay, rounds=rounds)
