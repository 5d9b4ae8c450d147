"""One part of the platform that is kept alive, by one process after another."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from network_api.up.process import Process

LONGEST_PAUSE = 5.0  # seconds before a child that keeps dying is started again
STEADY_AFTER = 10.0  # seconds that a process must live for earlier deaths to be forgotten
KEEP_LOG = 10_000_000  # bytes; a longer log is put aside at the next start


@dataclass
class Child:
    """What to run, where it logs, what its log says once it can be used, and when and how patiently it is stopped.

    Children stop in the order of `stops`, those of one number together; each has `grace` seconds to finish its work.
    """

    name: str
    work: Callable[[], object]
    log: Path
    ready_line: bytes = b""
    stops: int = 0
    grace: float = 5.0
    process: Process | None = None
    deaths: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0
    log_starts: int = 0

    def start(self, environment: Mapping[str, str], directory: Path) -> None:
        """Start a process; its output is added to the log."""
        if self.log.exists() and self.log.stat().st_size > KEEP_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log_starts = self.log.stat().st_size if self.log.exists() else 0
        self.started_at = time.monotonic()
        self.process = Process(self.name, self.work, environment, directory, self.log)

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether this very process has said that it can be used.

        Its own words are surer than a port that answers: somebody else might be listening there.
        """
        return self.is_running and self.ready_line in self.output()

    def output(self) -> bytes:
        """What the newest process has written so far."""
        if not self.log.exists():
            return b""
        with self.log.open("rb") as log:
            log.seek(self.log_starts)
            return log.read()

    def bury(self, status: int) -> str:
        """Forget the dead process and plan the next start; says how it ended."""
        self.process = None
        now = time.monotonic()
        self.deaths = 1 if now - self.started_at > STEADY_AFTER else self.deaths + 1
        self.start_again_at = now + min(LONGEST_PAUSE, 0.1 * 2 ** (self.deaths - 1))
        return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, indented."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-count:])
