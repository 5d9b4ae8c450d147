"""A dispatch in a storm: an SMTP server with faults at every stage, and workers that are killed at random points.

Where the dice fall follows from a seed; what the processes make of it does not, so a seed gives the same storm and another
course. Waits for retries and absent servers are shortened; a dead worker's lease is waited for, unless nobody is left.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from random import Random
from threading import Lock
from time import monotonic, sleep
from typing import Any

from bson import ObjectId

from network_api.app import create_app
from network_api.auth.caller import STRANGER
from newsletters.dispatch import batches, groups, pool, resending
from newsletters.dispatch.ledger import STATE_OF, Progress, Snapshot, unpack
from newsletters.dispatch.letters import message_id
from newsletters.feature import check
from newsletters.issues.documents import SENT, Issue
from newsletters.subscriptions.documents import Subscription
from tests.newsletters.factories import make_due
from tests.newsletters.smtp import DROP, Fault, FaultyServer
from tests.processes import PROCESSES

LATER, NEVER, LEAVES = "451 4.3.0 Later", "550 5.7.1 Never", "421 4.3.2 I am leaving"
NO_SUCH_USER = "550 5.1.1 No such user"
FAULTS: Mapping[str, tuple[str, ...]] = {
    "connect": (DROP, LEAVES, "554 5.3.2 Nobody home"),
    "mail": (DROP, LEAVES, LATER, NEVER),
    "rcpt": (DROP, LEAVES, "450 4.2.0 Greylisted", NO_SUCH_USER),
    "data": (DROP, LEAVES, LATER),
    "content": (DROP, LEAVES, LATER),
    "dot": (DROP, DROP, LEAVES, LATER, "554 5.6.0 Not this"),
}
LONGEST = 300.0  # seconds for a whole storm
_SHORT = timedelta(seconds=0.3)


class StormyServer(FaultyServer):
    """Rolls the dice at every stage. `taken` has what it is answerable for; of `unanswered`, the client never heard."""

    def __init__(self, seed: int, strength: float, *, pipelining: bool) -> None:
        super().__init__()
        self.pipelining = self.data_anyway = pipelining
        self.taken: list[tuple[str, str]] = []
        self.unanswered: list[str] = []
        self.not_known: set[str] = set()  # whom it has told to be nobody, so that they are bounced
        self.is_calm = False
        self._dice, self._strength, self._turn = Random(seed), strength, Lock()
        self.at_connect, self.at_mail, self.at_rcpt = self._rolled("connect", 5), self._rolled("mail"), self._rolled("rcpt")
        self.at_data, self.at_content, self.at_dot = self._rolled("data"), self._rolled("content"), self._judged

    @property
    def split(self) -> bool:
        """Whether this reply comes byte by byte."""
        return self._falls(2)

    @split.setter
    def split(self, _: bool) -> None:
        """It is for the dice to say."""

    @property
    def slowness(self) -> float:
        """Seconds before this reply to a content."""
        return 0.1 if self._falls() else 0.0

    @slowness.setter
    def slowness(self, _: float) -> None:
        """It is for the dice to say."""

    def _falls(self, weight: float = 1) -> bool:
        with self._turn:
            return not self.is_calm and self._dice.random() < self._strength * weight

    def _rolled(self, stage: str, weight: float = 1) -> Fault:
        def roll(about: str) -> str | None:
            reply = self._dice.choice(FAULTS[stage]) if self._falls(weight) else None
            self.not_known |= {about} if reply == NO_SUCH_USER else set()
            return reply

        return roll

    def _judged(self, address: str) -> str | None:
        reply = self._dice.choice(FAULTS["dot"]) if self._falls() else None
        if reply in (None, DROP):
            identifier = next(found for to, found in reversed(self.received) if to == address)
            with self._turn:
                self.taken.append((address, identifier))
                self.unanswered += [address] if reply == DROP else []
        return reply


def work_on(settings: dict[str, Any], issue_id: ObjectId) -> None:
    """The life of a worker: do what the jobs would, until killed."""
    groups.RECONNECT_DELAY = groups.FIRST_DELAY = _SHORT
    groups.LONGEST_DELAY = 2 * _SHORT
    pool.SHORTEST_ABSENCE = pool.LONGEST_ABSENCE = _SHORT.total_seconds()
    with create_app(settings).app_context():
        while True:
            if not batches.work(issue_id):
                sleep(0.05)  # as long as the sweep would take to wake it, only shorter


@dataclass
class Storm:
    """One dispatch, from the first worker to the last reply."""

    settings: dict[str, Any]
    issue: Issue
    server: StormyServer
    seed: int
    kills: int
    workers: int = 4
    wait_for_leases: bool = True
    ever_unknown: set[str] = field(default_factory=set)
    _running: list[BaseProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._ends = monotonic() + LONGEST

    def rage(self) -> None:
        """Send, kill, and send on until everything has come to an end; what is in doubt is held."""
        with self._at_work():
            self._kill_at_random()
            if not self.wait_for_leases:
                self._relieve()
            self._finish()

    def resend(self) -> None:
        """Send again to those in doubt, in the same storm, and once more in calm weather if need be."""
        with self._at_work():
            while unknown := self.unknown():
                self.server.is_calm = bool(self.ever_unknown)
                self.ever_unknown |= unknown
                resending.resolve(STRANGER, Issue.get(self.issue.pk), resending.RESEND)
                self._finish()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self._running = [self._start() for _ in range(self.workers)]
        try:
            yield
        finally:
            self._kill_all()

    def _kill_all(self) -> None:
        for worker in self._running:
            worker.kill()
            worker.join()

    def _relieve(self) -> None:
        """Kill all, let their leases pass, and let others go on."""
        self._kill_all()
        self.kills += len(self._running)
        make_due(self.issue)
        self._running = [self._start() for _ in range(self.workers)]

    def unknown(self) -> set[str]:
        """The addresses in doubt."""
        return {address for address, (state, _) in self.ledger().items() if state == "unknown"}

    def ledger(self) -> dict[str, tuple[str, str]]:
        """The state and the Message-ID of each delivery, by address."""
        found = {}
        for row in Progress.of_issue(self.issue.pk):
            recipients = unpack(bytes(Snapshot.get(row["_id"]).recipients))
            rows = Subscription.by_ids(recipients)
            for key, code in zip(recipients, bytes(row["states"]), strict=True):
                found[rows[key]["email"]] = (STATE_OF[code], message_id(self.issue.pk, key))
        return found

    def _start(self) -> BaseProcess:
        worker = PROCESSES.Process(target=work_on, args=(self.settings, self.issue.pk))
        worker.start()
        return worker

    def _kill_at_random(self) -> None:
        """Kill one worker after another: when so many mails are in, or, where nothing moves, after a moment."""
        number = Subscription.collection().count_documents({"newsletter_id": self.issue.newsletter_id})
        for mark in sorted(self._random.sample(range(int(number * 0.9)), self.kills)):
            moment = monotonic() + self._random.uniform(2, 6)
            while len(self.server.taken) < mark and monotonic() < moment:
                sleep(0.001)
            victim = self._random.choice(self._running)
            victim.kill()
            victim.join()
            self._running.remove(victim)
            self._running.append(self._start())

    def _finish(self) -> None:
        while Issue.state_of(self.issue.pk) != SENT:
            assert monotonic() < self._ends, (self.seed, Counter(state for state, _ in self.ledger().values()))
            sleep(0.05)

    def judge(self, group: int, connections: int) -> str:
        """Hold the ledger against what the server took, row by row; returns a line about it. Raises AssertionError."""
        ledger, times = self.ledger(), Counter(address for address, _ in self.server.taken)
        in_doubt = self.ever_unknown or self.unknown()
        assert set(ledger) == {row["email"] for row in Subscription.rows({"newsletter_id": self.issue.newsletter_id})}
        assert set(times) <= set(ledger)
        for address, (state, identifier) in ledger.items():
            once = {"accepted": (1,), "refused": (0,), "unknown": (0, 1), "suppressed": (0,)}[state]
            # bounced by a worker that was killed before the ledger had it, and so not sent again
            assert state != "suppressed" or address in self.ever_unknown & self.server.not_known
            again = {"accepted": (1, 2, 3), "refused": (0, 1, 2)}.get(state, once) if address in self.ever_unknown else once
            assert times[address] in again, (address, state, times[address])
            assert {found for to, found in self.server.taken if to == address} <= {identifier}
        twice = sum(number - 1 for number in times.values() if number > 1)
        most = group * connections * self.kills + len(self.server.unanswered)
        assert len(in_doubt) <= most
        assert twice <= (most if self.ever_unknown else 0)
        assert {address for address, number in times.items() if number > 1} <= self.ever_unknown
        assert self.server.impatient == []
        assert list(check()) == []
        states = Counter(state for state, _ in ledger.values())
        return f"seed {self.seed}: {dict(states)}; in doubt {len(in_doubt)} (at most {most}), twice {twice}, kills {self.kills}"
