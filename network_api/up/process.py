"""A process that is forked from this one: what the supervisor's children run in.

Forking is what makes `up` quick and small: the supervisor reads the platform from disk once, and the web server, the
workers and the clock share that memory. It is safe because the supervisor has one thread and no connection to anything.

Each process leads a group of its own, so that a Ctrl-C in the terminal reaches the supervisor alone (which then ends the
others in the right order), and so that nothing that a dead process had started outlives it. When the supervisor itself
is killed, the kernel kills them (Linux), or a guard does (elsewhere; see `guard`).
"""

import contextlib
import ctypes
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

LOOK_EVERY = 0.02  # seconds, while waiting for an end
PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>
PR_SET_NAME: Final = 15
OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when `parent` ends; does nothing where the kernel cannot."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we could ask
        os._exit(1)


def program(*command: str) -> Callable[[], NoReturn]:
    """The work of a process that becomes another program."""

    def execute() -> NoReturn:
        os.execvpe(command[0], command, os.environ)  # noqa: S606 - no shell is wanted, and the commands are ours

    return execute


class Process:
    """A running process; `status` is its exit status once it has ended, negative for the signal that ended it."""

    def __init__(
        self, name: str, work: Callable[[], object], environment: Mapping[str, str], directory: Path, log: Path | None
    ) -> None:
        self.status: int | None = None
        sys.stdout.flush()  # what is still in the buffer would be written by both
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _become(parent, name, work, environment, directory, log)
        with contextlib.suppress(OSError):  # it does the same; whoever is first, the group is there when we go on
            os.setpgid(self.pid, self.pid)

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        if self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)
                self._kill_group()
        return self.status

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def wait(self, deadline: float) -> bool:
        """Wait for its end until `deadline` (of the monotonic clock), then kill it; True when it ended by itself."""
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)  # waitpid knows no time-out
        if self.status is not None:
            return True
        self._kill_group()
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return False

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left; macOS says the latter
            os.killpg(self.pid, signal.SIGKILL)


def _become(
    parent: int, name: str, work: Callable[[], object], environment: Mapping[str, str], directory: Path, log: Path | None
) -> NoReturn:
    """In the child: cut loose from the supervisor, do the work, and end without going back up its stack."""
    status = 1
    try:
        os.setpgid(0, 0)
        die_with_parent(parent)
        if _libc is not None:
            _libc.prctl(PR_SET_NAME, name.encode()[:15])
        _cut_loose(environment, directory, log)
        work()
        status = 0
    except SystemExit as ended:
        status = _exit_status(ended)
    except BaseException:  # noqa: BLE001 - nothing may travel up into the supervisor's code, of which this is a copy
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _exit_status(ended: SystemExit) -> int:
    if isinstance(ended.code, str):
        print(ended.code, file=sys.stderr)  # noqa: T201 - as Python itself does
    return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _cut_loose(environment: Mapping[str, str], directory: Path, log: Path | None) -> None:
    signal.set_wakeup_fd(-1)
    for number in OURS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if log is not None:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
    os.closerange(3, _highest_descriptor() + 1)  # the supervisor's lock above all
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # they are what Python opened
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    gc.freeze()  # what is imported is shared with the supervisor as long as nobody writes to it


def _highest_descriptor() -> int:
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    return max(int(name) for name in os.listdir(folder))
