"""How long a public page takes beside the API's read of the same thing: `make bench ARGS=pages`.

On demo data, in one process, one request of each kind after the other, so that both meet the same moments. The goal is three
times the API at the most: a page reads what the API reads, and is laid out besides.
"""

import argparse
import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient

from benchmarks import report, running
from events.documents import Event
from network_api.app import make_demo
from network_api.networks.documents import Network
from newsletters.documents import Newsletter

GOAL, ROUNDS = 3.0, 200
HEAD = ("page", "ms", "the API, ms", f"ratio (goal: {GOAL} at most)")
NOTE = "Each page beside the API's reads of the same, on demo data, one after the other. Medians.\n\n"


class Pair(NamedTuple):
    """A page, and what the API tells of the same, in as many reads as it takes."""

    page: str
    reads: tuple[str, ...]
    shows: str = ""  # for a page of one of many: which

    @property
    def name(self) -> str:
        """What it is called whatever the data."""
        return f"{self.page.rpartition('/')[0]}/<{self.shows}>" if self.shows else self.page


def pairs() -> list[Pair]:
    """The public pages that show what the API can be asked for."""
    event = Event.row({"status": "published", "visible_to": "public"}) or {}
    network = Network.row({"kind": "regional"}) or {}
    newsletter = Newsletter.row({}) or {}
    of_network = tuple(f"/api/v1/{name}?network={network['_id']}" for name in ("events", "newsletters", "introductions"))
    return [
        Pair("/", ("/api/v1/events?phase=open", "/api/v1/regions", "/api/v1/newsletters")),
        Pair("/events", ("/api/v1/events?phase=open",)),
        Pair("/events/past", ("/api/v1/events?phase=ended",)),
        Pair(f"/events/{event['slug']}", (f"/api/v1/events/{event['_id']}",), "theme day"),
        Pair("/networks", ("/api/v1/regions",)),
        Pair(f"/networks/{network['slug']}", (f"/api/v1/networks/{network['_id']}", *of_network), "network"),
        Pair("/introductions", ("/api/v1/introductions",)),
        Pair("/newsletters", ("/api/v1/newsletters",)),
        Pair(f"/newsletters/{newsletter['slug']}", (f"/api/v1/newsletters/{newsletter['_id']}",), "newsletter"),
    ]


def took(client: FlaskClient, *addresses: str) -> float:
    """The seconds that these requests take. Raises AssertionError for an answer that is none."""
    began = time.perf_counter()
    answers = [client.get(address) for address in addresses]
    seconds = time.perf_counter() - began
    assert all(answer.status_code == 200 for answer in answers), addresses
    return seconds


def measured(app: Flask, pair: Pair, rounds: int) -> tuple[float, float]:
    """The medians of both, in seconds."""
    client = app.test_client()
    took(client, pair.page, *pair.reads)  # the first request of each prepares what later ones find
    times = [(took(client, pair.page), took(client, *pair.reads)) for _ in range(rounds)]
    return median(page for page, _ in times), median(read for _, read in times)


def run(rounds: int) -> tuple[str, bool]:
    """The table of every pair, and whether all stay within the goal."""
    with running.database() as uri, running.platform(running.settings(uri, 25, RATELIMIT_ENABLED=False)) as app:
        make_demo()
        found = {pair.name: measured(app, pair, rounds) for pair in pairs()}
    rows = [(name, f"{page * 1000:.1f}", f"{read * 1000:.1f}", f"{page / read:.2f}") for name, (page, read) in found.items()]
    return report.table(HEAD, rows), all(page / read <= GOAL for page, read in found.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    parser = argparse.ArgumentParser("pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="requests of each kind")
    parser.add_argument("--write", action="store_true", help="write the table to docs/benchmarks.md")
    given = parser.parse_args(arguments)
    table, within = run(given.rounds)
    print(table)
    if given.write:
        report.write("pages", "Public pages", NOTE + table)
    return 0 if within else 1
