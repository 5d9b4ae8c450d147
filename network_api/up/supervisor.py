"""Keeps children alive: starts them, replaces those that die, ends them in order.

One thread and no polling of its own state: it sleeps until a signal wakes it (a child died, somebody wants it to stop)
or a tenth of a second has passed.
"""

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import FrameType

from network_api.up.child import Child, last_lines
from network_api.up.data_folder import write_whole
from network_api.up.process import Process

LIST = "processes.json"
LOOK_EVERY = 0.1  # seconds
HOPELESS_AFTER = 4  # deaths in a row before the platform has come up
RUN_ONCE_WITHIN = 600.0  # seconds: demo data and new indexes on much data take their time


class Stopped(Exception):
    """Somebody asked the supervisor to stop."""


class GaveUp(Exception):
    """The platform cannot be brought up; the message says why and where to look."""


class Supervisor:
    """The processes of one data folder."""

    def __init__(self, directory: Path, say: Callable[[str], None]) -> None:
        self.directory = directory
        self.environment: Mapping[str, str] = {}
        self.say = say
        self.children: list[Child] = []
        self.is_asked_to_stop = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def listen_to_signals(self) -> None:
        """Take SIGTERM, SIGINT and SIGHUP as the wish to stop, and wake when a child dies."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.is_asked_to_stop = True

    def start(self, *children: Child) -> None:
        """Start children and keep them alive from now on."""
        for child in children:
            self.children.append(child)
            child.start(self.environment, self.directory)
        self._write_processes()

    def wait_until(self, is_so: Callable[[], bool], otherwise: str, seconds: float) -> None:
        """Keep the children alive until `is_so()`.

        Raises Stopped when asked to stop, and GaveUp when a child keeps dying or, with the text `otherwise`, when the
        time is over.
        """
        deadline = time.monotonic() + seconds
        while not is_so():
            self._look_after()
            for child in self.children:
                if child.deaths >= HOPELESS_AFTER:
                    raise GaveUp(f"The {child.name} process does not start. The end of {child.log}:\n{last_lines(child.log)}")
            if time.monotonic() > deadline:
                raise GaveUp(f"{otherwise} in {seconds:.0f} seconds. The logs are in {self.directory / 'log'}.")
            self._pause(0.02)

    def run_once(self, name: str, work: Callable[[], object]) -> int:
        """Run something to its end beside the children, its output where ours goes; returns its exit status."""
        process = Process(name, work, self.environment, self.directory, None)
        try:
            self.wait_until(lambda: process.poll() is not None, f"The process {name} did not end", RUN_ONCE_WITHIN)
        finally:
            process.wait(0)  # where we were asked to stop meanwhile: it is done again at the next start
        return process.status or 0

    def watch(self) -> None:
        """Keep the children alive. Raises Stopped when asked to stop."""
        while True:
            self._look_after()
            self._pause(LOOK_EVERY)

    def stop(self) -> None:
        """End all children, in the order of their `stops`; what outlasts its time is killed."""
        order = sorted(self.children, key=lambda child: child.stops)
        for _, group in groupby(order, key=lambda child: child.stops):
            self._end([(child, child.process) for child in group if child.process is not None])
        self.children.clear()
        (self.directory / LIST).unlink(missing_ok=True)

    def _end(self, running: Sequence[tuple[Child, Process]]) -> None:
        for _, process in running:
            process.terminate()
        now = time.monotonic()
        for child, process in running:
            if not process.wait(now + child.grace):
                self.say(f"The {child.name} process was busy and has been killed; the next start finishes its work.")

    def _pause(self, seconds: float) -> None:
        if select.select([self._wake_read], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
        if self.is_asked_to_stop:
            raise Stopped

    def _look_after(self) -> None:
        changed = [name for child in self.children for name in self._revive(child)]
        if changed:
            self._write_processes()

    def _revive(self, child: Child) -> Iterator[str]:
        status = child.process.poll() if child.process is not None else None
        if status is not None:
            self.say(f"The {child.name} process {child.bury(status)}; it is started again. Its log: {child.log}")
            yield child.name
        if child.process is None and time.monotonic() >= child.start_again_at:
            child.start(self.environment, self.directory)
            yield child.name

    def _write_processes(self) -> None:
        running = {child.name: child.process.pid for child in self.children if child.process is not None}
        write_whole(self.directory / LIST, json.dumps({"up": os.getpid(), **running}, indent=2) + "\n")
