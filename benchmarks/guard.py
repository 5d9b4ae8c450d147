"""Whether anything has become slower than it was: `make bench ARGS=guard`, in CI.

A ratio is our rate as a part of the bare rate of the same moments, so that it says the same on any machine. Those of
`ratios.json` were written by `--record`; one that fell by more than a quarter fails. Machines of CI are noisy, so the two take
turns in many short rounds within one process, and the median counts, by the clock and by the processor's time of the process:
that hardly knows of other load, and sees what the database's time would hide. Whatever seems to have fallen is looked at again,
twice, before it fails.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks import report, turns

RATIOS = Path(__file__).with_name("ratios.json")
LEAST, LOOKS = 0.75, 3
Ratios = dict[str, float]


def look(kind: str) -> Ratios:
    """The ratios of a kind: for each pair the medians over its rounds, by both measures."""
    found: Ratios = {}
    for pair in turns.KINDS[kind]():
        by_clock, by_processor = [], []
        for _ in range(pair.rounds):
            (clock, processor), (bare_clock, bare_processor) = taken(pair.ours), taken(pair.bare)
            by_clock.append(bare_clock / clock)
            by_processor.append(bare_processor / processor)
        if pair.by_clock:
            found[f"{kind}, {pair.name}, by the clock"] = median(by_clock)
        found[f"{kind}, {pair.name}, by the processor"] = median(by_processor)
    return found


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """The seconds that something takes, of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def fallen(found: Ratios, recorded: Mapping[str, float]) -> list[str]:
    """What is slower by over a quarter than it was."""
    return [name for name, ratio in found.items() if ratio < LEAST * recorded.get(name, 0.0)]


def guarded(kind: str, recorded: Mapping[str, float]) -> Ratios:
    """The ratios of a kind; where one seems to have fallen, the best of up to three looks."""
    found = look(kind)
    for _ in range(LOOKS - 1):
        if not (slower := fallen(found, recorded)):
            break
        report.told(f"Looking again: {'; '.join(slower)}")
        again = look(kind)
        found = {name: max(ratio, again[name]) for name, ratio in found.items()}
    return found


def measured_often(kind: str) -> Ratios:
    """The medians of several looks, to be recorded."""
    looks = [look(kind) for _ in range(LOOKS)]
    return {name: round(median(found[name] for found in looks), 3) for name in looks[0]}


def rows(found: Ratios, recorded: Mapping[str, float]) -> Iterator[list[str]]:
    """The lines of the table."""
    for name, ratio in found.items():
        before = recorded.get(name)
        yield [name, f"{before:.2f}" if before else "", f"{ratio:.2f}", f"{ratio / before:.2f}" if before else ""]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, or record, as the command line says; the exit status."""
    parser = argparse.ArgumentParser("guard", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write what is measured to ratios.json, on a quiet machine")
    parser.add_argument("kinds", nargs="*", default=list(turns.KINDS), help=f"of {', '.join(turns.KINDS)}")
    given = parser.parse_args(arguments)
    recorded: Ratios = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
    found: Ratios = {}
    for kind in given.kinds:
        found |= measured_often(kind) if given.record else guarded(kind, recorded)
        if given.record:
            RATIOS.write_text(json.dumps(recorded | found, indent=2, sort_keys=True) + "\n")
    print(report.table(("of the bare rate", "recorded", "now", f"part (goal: {LEAST} at least)"), list(rows(found, recorded))))
    if given.record:
        return 0
    slower, unknown = fallen(found, recorded), found.keys() - recorded.keys()
    print(f"Slower by over a quarter: {'; '.join(slower)}" if slower else "Nothing is slower by over a quarter.")
    if unknown:
        print(f"Not in {RATIOS.name}; record it: {'; '.join(sorted(unknown))}")
    return 1 if slower or unknown else 0
