"""Ends the children of a supervisor that was killed, where the kernel does not (anywhere but Linux).

Run as `python -m network_api.up.guard SUPERVISOR_PID DATA`.
"""

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

LOOK_EVERY = 0.5  # seconds


def end_children(data: Path) -> None:
    """Kill every process group that the data folder's list of processes names, except our own."""
    for name, pid in json.loads((data / "processes.json").read_text()).items():
        if name != "up" and pid != os.getpid():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Watch until the supervisor is no longer our parent."""
    supervisor, data = int(sys.argv[1]), Path(sys.argv[2])
    while os.getppid() == supervisor:
        time.sleep(LOOK_EVERY)  # the portable way to notice the end of a parent is to look
    end_children(data)


if __name__ == "__main__":
    main()
