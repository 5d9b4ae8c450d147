"""The threads of a worker in which webhooks are told: the worker itself goes on at once, however slow the other side is."""

from collections.abc import Callable
from threading import BoundedSemaphore, Condition, Thread

MOST = 16  # deliveries that one worker has under way


class Lanes:
    """So many pieces of work at once. Threads are daemons: what is under way when the process ends is told again by another."""

    def __init__(self, most: int) -> None:
        self._free = BoundedSemaphore(most)
        self._changed = Condition()
        self._busy = 0
        self._closed = False

    def take(self) -> bool:
        """Take a lane, to be filled or given back; False where none is free."""
        return not self._closed and self._free.acquire(blocking=False)

    def give_back(self) -> None:
        """There was nothing to do."""
        self._free.release()

    def fill(self, work: Callable[[], None]) -> None:
        """Do some work in the lane that was taken."""
        with self._changed:
            self._busy += 1
        Thread(target=self._run, args=(work,), name="webhook", daemon=True).start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._free.release()
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until all lanes are empty; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy == 0, seconds)

    @property
    def is_open(self) -> bool:
        """Whether more work may begin."""
        return not self._closed

    def close(self, seconds: float) -> None:
        """Begin nothing more, and give what is under way some seconds to end."""
        self._closed = True
        self.wait(seconds)
        self._closed = False


lanes = Lanes(MOST)
