"""How fast a letter goes out: `make bench ARGS=dispatch`.

Everything in one run, against Postfix's smtp-sink on this machine, counted at the sink: bare loops without a database, and the
full dispatch with its ledger on the embedded database with its safe setting. What counts is the ratio to the bare `smtplib`
loop of the same round, with as many processes and connections. Needs postfix installed, and root for smtp-sink.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import letters, running, senders
from benchmarks.senders import Taken
from benchmarks.sink import Sink, running_sink, slow_line
from newsletters.dispatch import audience
from newsletters.dispatch.ledger import count
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.newsletters.factories import issue_being_sent
from tests.newsletters.keys import write_key

SIZES = (1_000, 10_000)
FREEZES = (10_000, 100_000)
AWAY = 0.020  # seconds to a relay and back
FAR_CONNECTIONS, FAR_BARE, FAR_MAILS = 4, 200, 2_000
MOST_MEMORY, MOST_GROWTH = 150.0, 0.10  # MB, and as a part


class Line(NamedTuple):
    """One row of the table: who sends, beside which other row it is judged, and the least ratio it is to reach."""

    name: str
    processes: int
    beside: str = ""
    goal: float = 0.0
    group: int = 0
    connections: int = 1
    signed: bool = False  # by DKIM


LINES = (
    Line("bare smtplib loop", 1),
    Line("bare smtplib loop", 2),
    Line("bare pipelined loop", 1, "bare smtplib loop"),
    Line("bare pipelined loop", 2, "bare smtplib loop"),
    Line("dispatch", 1, "bare smtplib loop", 1.5, group=25),
    Line("dispatch", 2, "bare smtplib loop", 1.0, group=25),
    Line("dispatch", 1, "bare smtplib loop", group=100),
    Line("dispatch", 2, "bare smtplib loop", 1.5, group=100),
    Line("dispatch, two connections", 1, "bare smtplib loop", group=25, connections=2),
    Line("dispatch, two connections", 2, "bare smtplib loop", group=25, connections=2),
    Line("dispatch, signed by DKIM", 1, "bare smtplib loop", 0.5, group=25, signed=True),
    Line("dispatch, signed by DKIM", 2, "bare smtplib loop", 0.5, group=25, signed=True),
)
FAR = (
    Line("bare smtplib loop, 20 ms away", 1, connections=FAR_CONNECTIONS),
    Line("dispatch, 20 ms away", 1, "bare smtplib loop, 20 ms away", 3.0, group=25, connections=FAR_CONNECTIONS),
)


class Bench:
    """One run."""

    def __init__(self, uri: str, sink: Sink, keys: Path) -> None:
        self.uri, self.sink = uri, sink
        self.signing = write_key(keys / "dkim.pem")
        self.rates: dict[tuple[Line, int], list[float]] = {}
        self.peaks: dict[int, float] = {}
        self.text = ""

    def measure(self, lines: Sequence[Line], newsletter: Newsletter, size: int, port: int) -> None:
        """Each line once."""
        self.text = self.text or letters.text_of_size(newsletter)
        for line in lines:
            number = size if line.group or port == self.sink.port else FAR_BARE
            before = self.sink.received()
            taken = self._dispatched(line, newsletter, port) if line.group else self._bare(line, newsletter, number, port)
            received = self.sink.received_since(before, number)
            assert received == number, f"{line}: the sink has received {received} of {number}"
            self.rates.setdefault((line, size), []).append(number / taken.seconds)
            if line.group:
                self.peaks[size] = max(self.peaks.get(size, 0.0), taken.peak)
            told(f"{line.name}, {line.processes} x {line.connections}, g={line.group or '-'}: {number / taken.seconds:.0f}/s")

    def _bare(self, line: Line, newsletter: Newsletter, number: int, port: int) -> Taken:
        work = senders.pipelined if "pipelined" in line.name else senders.bare
        issue = issue_being_sent(newsletter, text={"fi": self.text})
        mail = letters.a_mail(issue)
        Issue.remove({"_id": issue.pk})
        shares = [number // line.processes + (place < number % line.processes) for place in range(line.processes)]
        return senders.at_once(work, [(port, mail, share, line.connections) for share in shares])

    def _dispatched(self, line: Line, newsletter: Newsletter, port: int) -> Taken:
        issue = issue_being_sent(newsletter, text={"fi": self.text})
        audience.freeze(issue)
        how = {"DISPATCH_GROUP": line.group, "DISPATCH_CONNECTIONS": line.connections}
        given = running.settings(self.uri, port, **how, **(self.signing if line.signed else {}))
        taken = senders.at_once(senders.dispatch, [(given, issue.pk)] * line.processes)
        assert set(count(issue.pk)) == {"accepted"}, count(issue.pk)
        return taken

    def freeze(self, size: int) -> float:
        """The seconds that freezing an audience takes."""
        issue = issue_being_sent(letters.newsletter_of(size))
        started = time.perf_counter()
        frozen = audience.freeze(issue)
        took = time.perf_counter() - started
        assert frozen is not None
        assert frozen.audience.recipients == size
        return took


def told(text: str) -> None:
    """Say how it goes, beside the table."""
    print(text, file=sys.stderr, flush=True)


def table(bench: Bench, lines: Sequence[Line], size: int) -> Iterator[tuple[str, bool]]:
    """The rows of the table, and whether each reached its goal: medians over the rounds."""
    for line in lines:
        rates = bench.rates[line, size]
        beside = next((other for other in lines if other.name == line.beside and other.processes == line.processes), None)
        ratio = median(ours / theirs for ours, theirs in zip(rates, bench.rates[beside, size], strict=True)) if beside else 1.0
        group = str(line.group) if line.group else ""
        goal = f"{line.goal:.1f}" if line.goal else ""
        cells = (line.name, group, str(line.processes), str(line.connections), f"{median(rates):,.0f}", f"{ratio:.2f}", goal)
        yield f"| {' | '.join(cells)} |", ratio >= line.goal


def show(bench: Bench, lines: Sequence[Line], size: int) -> bool:
    """Print a table; whether all goals were reached."""
    print(f"\n{size:,} recipients\n")
    print("| | g | processes | connections each | mails/s | ratio | goal |\n| --- | --- | --- | --- | --- | --- | --- |")
    rows = list(table(bench, lines, size))
    print("\n".join(row for row, _ in rows))
    return all(reached for _, reached in rows)


def show_memory(bench: Bench) -> bool:
    """Print how much memory a worker had at most; whether it stays within bounds."""
    print("\n| recipients | peak memory of a worker, MB |\n| --- | --- |")
    for size, peak in sorted(bench.peaks.items()):
        print(f"| {size:,} | {peak:.0f} |")
    least, most = min(bench.peaks), max(bench.peaks)
    return bench.peaks[most] < MOST_MEMORY and bench.peaks[most] <= bench.peaks[least] * (1 + MOST_GROWTH)


def show_freezes(bench: Bench, sizes: Sequence[int]) -> None:
    """Print how long freezing an audience takes."""
    print("\n| subscriptions | frozen in, s | of 100,000, s |\n| --- | --- | --- |")
    for size in sizes:
        took = bench.freeze(size)
        print(f"| {size:,} | {took:.1f} | {took / size * 100_000:.1f} |", flush=True)


def run(given: argparse.Namespace) -> bool:
    """Measure as told; whether all goals were reached."""
    reached = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running.database() as uri,
        running_sink() as sink,
        running.platform(running.settings(uri, sink.port)),
    ):
        bench = Bench(uri, sink, Path(folder))
        for size in given.sizes:
            newsletter = letters.newsletter_of(size)
            for _ in range(given.rounds):
                bench.measure(LINES, newsletter, size, sink.port)
            reached.append(show(bench, LINES, size))
        if given.far:
            newsletter = letters.newsletter_of(FAR_MAILS)
            with slow_line(sink.port, AWAY) as port:
                bench.measure(FAR, newsletter, FAR_MAILS, port)
            reached.append(show(bench, FAR, FAR_MAILS))
        if bench.peaks:
            reached.append(show_memory(bench))
        if given.freeze:
            letters.keep_indexes_of_a_freeze()
            show_freezes(bench, given.freeze)
    return all(reached)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    parser = argparse.ArgumentParser("dispatch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="numbers of recipients")
    parser.add_argument("--rounds", type=int, default=3, help="how often each line is measured; the medians are shown")
    parser.add_argument("--freeze", type=int, nargs="*", default=FREEZES, help="numbers of subscriptions to freeze")
    parser.add_argument("--far", action=argparse.BooleanOptionalAction, default=True, help="a relay 20 ms away")
    return 0 if run(parser.parse_args(arguments)) else 1
