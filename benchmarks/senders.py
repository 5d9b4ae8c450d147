"""Who sends in a benchmark of letters: bare loops without a database, and workers of the dispatch, in processes of their own."""

import smtplib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple

from bson import ObjectId

from network_api.app import create_app
from newsletters.dispatch import batches
from newsletters.dispatch.ledger import Progress
from newsletters.dispatch.mailing import Mailing
from newsletters.dispatch.pool import pool
from newsletters.dispatch.servers import Server
from newsletters.dispatch.smtp import Mail
from newsletters.issues.documents import SENDING, Issue
from newsletters.subscriptions.documents import Subscription

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["network_api.processes"])
_PATIENCE = 120.0  # seconds that one waits for the others
_GROUP = 25
_barriers: list[Barrier] = []


class Worked(NamedTuple):
    """When a process began and ended (of the wall clock), and the most memory it has had, in MB."""

    began: float
    ended: float
    peak: float


class Taken(NamedTuple):
    """What it took all of them together: seconds, and the memory of the largest."""

    seconds: float
    peak: float


def at_once(work: Callable[..., Worked], arguments: Sequence[tuple[Any, ...]]) -> Taken:
    """Run `work(*each)` in processes that begin together."""
    barrier = PROCESSES.Barrier(len(arguments))
    with ProcessPoolExecutor(len(arguments), PROCESSES, initializer=_meet_at, initargs=(barrier,)) as processes:
        worked = [working.result() for working in [processes.submit(work, *each) for each in arguments]]
    return Taken(max(each.ended for each in worked) - min(each.began for each in worked), max(each.peak for each in worked))


def _meet_at(barrier: Barrier) -> None:
    _barriers.append(barrier)


def measured(work: Callable[[], object]) -> Worked:
    """Do it when all others are ready too."""
    _barriers[0].wait(_PATIENCE)
    began = time.time()
    work()
    return Worked(began, time.time(), peak())


def peak() -> float:
    """The most memory that this process has had, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def bare(port: int, mail: Mail, number: int, connections: int) -> Worked:
    """So many mails by smtplib's own `sendmail`, each to somebody else."""

    def send(numbers: Iterable[int]) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for each in numbers:
                client.sendmail(mail.sender, [f"tilaaja{each}@example.org"], mail.content)

    return measured(lambda: _over(connections, number, send))


def pipelined(port: int, mail: Mail, number: int, connections: int) -> Worked:
    """The same by the conversation of the dispatch alone."""

    def send(numbers: Sequence[int]) -> None:
        connection = Server("smtp", "127.0.0.1", port).connect()
        mails = {each: mail._replace(recipient=f"tilaaja{each}@example.org") for each in numbers}
        states = {outcome.state for _, outcome in connection.send(mails, float("inf"))}
        assert states == {"accepted"}, states
        connection.quit()

    return measured(lambda: _over(connections, number, send))


def _over(connections: int, number: int, send: Callable[[Sequence[int]], None]) -> None:
    shares = [range(first, number, connections) for first in range(connections)]
    if connections == 1:
        send(shares[0])
        return
    with ThreadPoolExecutor(connections) as threads:
        for sending in [threads.submit(send, share) for share in shares]:
            sending.result()


def dispatch(settings: Mapping[str, Any], issue_id: ObjectId) -> Worked:
    """A worker of the dispatch: what its jobs do, until nothing is left to be claimed."""
    with create_app(settings).app_context():
        _warm_up(Issue.get(issue_id))

        def work() -> None:
            while batches.work(issue_id):
                pass
            while Issue.state_of(issue_id) == SENDING and Progress.due(issue_id):
                batches.work(issue_id)

        worked = measured(work)
        pool.close()
        return worked


def _warm_up(issue: Issue) -> None:
    """Be a worker that has sent a letter before: connected to the database, templates compiled. What it makes is not kept."""
    reader = Subscription.rows({"newsletter_id": issue.newsletter_id, "_id": issue.audience.until})[0]
    Mailing(issue).mails({0: reader})
