"""How long the platform takes to start, what it takes while nothing happens, how long its tests take: `make bench ARGS=rest`.

A start is that of one process which serves (from its command to the application being made), and that of `network-api up` on an
empty folder until it is ready. Memory at rest is what all processes of `up` have together a moment later, memory that they
share counted once (Pss). The suite runs once, as `make test` does.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import report, running
from tests.platform.running import clean_environment, descendants, up

ROUNDS = 5
HEAD = ("what", "median", "unit")
NOTE = "Medians, in brackets the least and the most; of the suite one run.\n\n"
MAKE_IT = "from wsgi import app; assert app"


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def start_of_a_process() -> float:
    """The seconds until a process has made the application, from its command on; the database is not asked for that."""
    given = running.settings("mongodb://127.0.0.1:1/network", 25)
    environment = clean_environment(**{f"NETWORK_{name}": str(value) for name, value in given.items()})
    return seconds_of(lambda: subprocess.run([sys.executable, "-c", MAKE_IT], env=environment, check=True))


def start_of_all() -> tuple[float, float]:
    """The seconds until `network-api up` is ready, and what its processes have then, in MB."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, up(Path(folder) / "data") as platform:
        seconds = seconds_of(platform.wait_until_ready)
        return seconds, sum(_proportional(found) for found in (platform.process.pid, *descendants(platform.process.pid)))


def _proportional(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def suite() -> float:
    """The seconds that the tests take, which all pass."""
    return seconds_of(lambda: subprocess.run(["make", "test"], check=True, stdout=subprocess.DEVNULL))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    parser = argparse.ArgumentParser("rest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--suite", action=argparse.BooleanOptionalAction, default=True, help="run the tests, too")
    parser.add_argument("--write", action="store_true", help="write the table to docs/benchmarks.md")
    given = parser.parse_args(arguments)
    starts = [start_of_all() for _ in range(given.rounds)]
    rows = [
        ("start of a process that serves", report.spread([start_of_a_process() for _ in range(given.rounds)]), "s"),
        ("start of `network-api up` until it is ready", report.spread([seconds for seconds, _ in starts]), "s"),
        ("memory of all its processes at rest", report.spread([memory for _, memory in starts], 0), "MB"),
    ]
    rows += [("the suite", f"{suite():.0f}", "s")] if given.suite else []
    table = report.table(HEAD, rows)
    print(table)
    if given.write:
        report.write("rest", "Starting and resting", NOTE + table)
    return 0
