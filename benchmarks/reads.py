"""How fast theme days are read beside a bare handler that gives the same bytes, and beside Eve: `make bench ARGS=reads`.

One theme day, and a list of 20, by a stranger and by a member. Ours is the whole API: who asks, what they may see, the query
held to its schema, limits, metrics, ETag, cursor. The bare handler (`bare_reads.py`) reads the same database. Both are asked in
turn, in rounds of some requests each, through WSGI in one process; then over HTTP, each by a gunicorn with one worker, and
beside Eve's list of the same collection. A ratio is a part of the bare handler's rate in the same round.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import median, quantiles
from typing import Any, NamedTuple

import orjson
from bson import ObjectId
from flask import Flask
from pymongo import MongoClient

from benchmarks import bare_reads, report, running, served
from events.documents import Event
from network_api.app import make_demo
from network_api.auth.caller import MEMBER
from network_api.auth.documents import AccessToken
from network_api.documents import Row, utcnow
from network_api.networks.documents import ACTIVE, Membership

THEME_DAYS, ON_A_PAGE = 60, 20
ROUNDS, REQUESTS = 20, 20
LIMITS = {"RATELIMIT_REQUESTS": "100000000 per minute"}  # counted, and never reached
ITEM, LIST, EVE = "item", "list", "Eve's list"
GOALS = {ITEM: 0.8, LIST: 0.75, EVE: 5.0}
HTTP = "HTTP"
HEAD = ("what is read", "how", "ours, ms", "theirs, ms", "ours as a part of their rate", "goal")
NOTE = f"""One theme day, and a list of {ON_A_PAGE} of {THEME_DAYS}: ours beside a bare handler of Flask, pymongo and orjson
that gives the same bytes, and beside Eve's list of the same collection. Medians over rounds in which they take turns, in brackets
the quartiles. Eve is as its quickstart has it, told only which theme days are public, in which order, and what the parameter
for a page is called: it counts all matches for each page, and works out an ETag for each row.

"""
Get = Callable[[], bytes]


class Ask(NamedTuple):
    """What is read: an item or a list, by whom, where, with which headers."""

    what: str
    who: str
    path: str
    headers: Mapping[str, str]


class Compared(NamedTuple):
    """A line of the table, our rate as a part of theirs, and whether that reached its goal."""

    cells: Sequence[str]
    ratio: float
    reached: bool


def fill() -> str:
    """The demo's theme days, with copies of the public ones up to `THEME_DAYS`; the id of one with all it can have."""
    make_demo()
    rows = [row for row in Event.rows({"visible_to": "public"}) if not row.get("materials")]
    lacking = THEME_DAYS - len(rows)
    copies = [_moved(rows[number % len(rows)], number) for number in range(lacking)]
    Event.collection().insert_many(copies)
    Event.collection().update_many({}, {"$set": {"materials": []}})
    return str(max(rows, key=lambda row: len(row["agenda"]))["_id"])


def _moved(row: Row, number: int) -> dict[str, Any]:
    days = timedelta(days=30 + number)
    moved = {name: row[name] + days for name in ("starts_at", "ends_at", "closes_at", "closed_until")}
    return {**row, **moved, "_id": ObjectId(), "slug": f"{row['slug']}-{number}"}


def member() -> str:
    """The secret of the session of a member who sits in a network and edits none."""
    seats = Membership.rows({"state": ACTIVE})
    editors = {seat["member_id"] for seat in seats if seat["role"] != MEMBER}
    sitting = next(seat["member_id"] for seat in seats if seat["member_id"] not in editors)
    return AccessToken.issue("session", sitting, expires_at=utcnow() + timedelta(days=1))[1]


def asks(event_id: str) -> Iterator[Ask]:
    """Everything that is read."""
    for who, headers in (("a stranger", {}), ("a member", {"Authorization": f"Bearer {member()}"})):
        yield Ask(ITEM, who, f"{bare_reads.LIST}/{event_id}", headers)
        yield Ask(LIST, who, f"{bare_reads.LIST}?limit={ON_A_PAGE}", headers)


def through_wsgi(app: Flask, ask: Ask) -> Get:
    """A request to an application of this process."""
    client = app.test_client()

    def get() -> bytes:
        answer = client.get(ask.path, headers=ask.headers)
        assert answer.status_code == 200, (ask.path, answer.status_code)
        return answer.data

    return get


def rounds_of(gets: Sequence[Get], rounds: int, each: int) -> list[list[float]]:
    """The seconds that one request took in each round, for each; they take turns, and who begins changes."""
    taken: list[list[float]] = [[] for _ in gets]
    for round_ in range(rounds):
        for place in range(len(gets)):
            chosen = (place + round_) % len(gets)
            began = time.perf_counter()
            for _ in range(each):
                gets[chosen]()
            taken[chosen].append((time.perf_counter() - began) / each)
    return taken


def compared(what: str, how: str, ours: Sequence[float], theirs: Sequence[float], goal: float) -> Compared:
    """Two that took turns, round by round."""
    low, middle, high = quantiles([their / our for our, their in zip(ours, theirs, strict=True)], n=4)
    milliseconds = [f"{median(found) * 1000:.2f}" for found in (ours, theirs)]
    return Compared((what, how, *milliseconds, f"{middle:.2f} ({low:.2f}-{high:.2f})", f"{goal}"), middle, middle >= goal)


def beside_bare(ask: Ask, how: str, gets: Sequence[Get], rounds: int) -> Compared:
    """Ours beside the bare handler. Raises AssertionError where they do not give the same bytes."""
    ours, bare = (get() for get in gets)
    assert ours == bare, (ask.path, ours[:500], bare[:500])
    return compared(f"{ask.what}, {ask.who}", how, *rounds_of(gets, rounds, REQUESTS), GOALS[ask.what])


def beside_eve(get: Get, eve: Get, rounds: int) -> Compared:
    """Our list beside Eve's. Raises AssertionError where it is not a list of the same theme days."""
    wanted = [item["id"] for item in orjson.loads(get())["items"]]
    assert wanted == [item["_id"] for item in orjson.loads(eve())["_items"]]
    return compared("list, a stranger; Eve", HTTP, *rounds_of((get, eve), rounds, REQUESTS), GOALS[EVE])


def query_alone(uri: str, rounds: int) -> float:
    """The milliseconds that the query of the list takes by pymongo alone; all three pay them."""
    with MongoClient[Row](uri) as client:
        events = client.get_default_database().events

        def ask() -> bytes:
            found = events.find({"visible_to": "public"}).sort([("starts_at", 1), ("_id", 1)]).limit(ON_A_PAGE + 1)
            return b"" if list(found) else b"none"

        return median(rounds_of([ask], rounds, REQUESTS)[0]) * 1000


def in_one_process(uri: str, app: Flask, all_asks: Sequence[Ask], rounds: int) -> Iterator[Compared]:
    """Without a network between."""
    bare = bare_reads.create_app(uri)
    for ask in all_asks:
        yield beside_bare(ask, "WSGI", [through_wsgi(one, ask) for one in (app, bare)], rounds)


def over_the_network(uri: str, all_asks: Sequence[Ask], rounds: int) -> Iterator[Compared]:
    """Each by its own web server."""
    own = {f"NETWORK_{name}": str(value) for name, value in running.settings(uri, 25, **LIMITS).items()}
    gunicorn = served.our_gunicorn()
    bare_app = f"benchmarks.bare_reads:create_app({uri!r})"
    with (
        served.served(gunicorn, "--config", "python:network_api.web_server", "wsgi:app", settings=own) as ours,
        served.served(gunicorn, bare_app, settings={}) as bare,
        served.served(served.eve_gunicorn(), "theme_days", folder=served.ROOT / "benchmarks" / "eve", settings=own) as eve,
    ):
        for ask in all_asks:
            yield beside_bare(ask, HTTP, [served.over_http(one, ask.path, ask.headers) for one in (ours, bare)], rounds)
        listed = next(ask.path for ask in all_asks if ask.what == LIST)
        yield beside_eve(served.over_http(ours, listed, {}), served.over_http(eve, listed, {}), rounds)


def run(rounds: int) -> tuple[list[Compared], float]:
    """Measure everything; the lines of the table, and what the query of the list takes alone."""
    with running.database() as uri:
        given = running.settings(uri, 25, **LIMITS)
        with running.platform(given) as app:
            all_asks = list(asks(fill()))
        found = [*in_one_process(uri, app, all_asks, rounds), *over_the_network(uri, all_asks, rounds)]
        return found, query_alone(uri, rounds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    parser = argparse.ArgumentParser("reads", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of {REQUESTS} requests of each kind")
    parser.add_argument("--write", action="store_true", help="write the table to docs/benchmarks.md")
    given = parser.parse_args(arguments)
    found, alone = run(given.rounds)
    table = report.table(HEAD, [line.cells for line in found])
    table += f"\nOf each list, the query alone (by pymongo, without any handler) takes {alone:.2f} ms.\n"
    print(table)
    if given.write:
        report.write("reads", "Reads of theme days", NOTE + table)
    return 0 if all(line.reached for line in found) else 1
