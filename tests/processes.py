"""Several processes of the application at once, for the tests of what must hold when they meet.

They are forked from a server that has imported the application already, which saves each of them a second and a half.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from threading import Barrier, Event
from typing import Any, TypeVar

Answer = TypeVar("Answer")
others_began = Event()  # other processes, which may have written into the database of this one's tests


class NotedProcess(ForkServerProcess):
    """A process of which the fixtures hear, so that what it leaves in the database goes before the next test."""

    def start(self) -> None:
        """As ever."""
        others_began.set()
        super().start()


PROCESSES = get_context("forkserver")
PROCESSES.Process = NotedProcess
PROCESSES.set_forkserver_preload(["network_api.app"])
PATIENCE = 60.0  # seconds that one waits for the others
_barriers: list[Barrier] = []


def at_once(work: Callable[..., Answer], *arguments: tuple[Any, ...]) -> list[Answer]:
    """What `work(*each)` answers, each in a process of its own.

    The work calls `together()` when it has started, and wherever else all of them are to have come before one goes on.
    """
    barrier = PROCESSES.Barrier(len(arguments))
    with ProcessPoolExecutor(len(arguments), PROCESSES, initializer=_meet_at, initargs=(barrier,)) as pool:
        return [working.result() for working in [pool.submit(work, *each) for each in arguments]]


def _meet_at(barrier: Barrier) -> None:
    _barriers.append(barrier)


def together() -> None:
    """Wait until every process has come here."""
    _barriers[0].wait(PATIENCE)
