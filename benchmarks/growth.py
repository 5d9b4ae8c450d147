"""What grows with the rows, and how: `make bench ARGS=growth`.

Every list, export, assembly and check, with 1,000, 10,000 and 100,000 rows of whatever it reads (`crowds.py`). Lists are asked
for their first page and for one further on. Exports, the assembly of an issue and `network-api check` each run in a process of
their own: ten times the rows may take ten times as long, and no more memory.

The embedded database reads all matches of a query, so only a MongoDB server, reached by the URL in NETWORK_MONGODB_URI,
says how a list grows. There a list is also explained: as many keys are to be examined as rows are returned.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from flask import Flask

from benchmarks import crowds, explained, report, running, senders
from benchmarks.senders import Worked
from network_api.app import FEATURES, create_app
from network_api.networks.documents import Network
from network_api.schemas import PageQuery
from tests.world import World, api_rules, arguments_of

SIZES = (1_000, 10_000, 100_000)
LIMIT = 25  # rows of a page
MOST_TIME, MOST_MEMORY = 1.25, 1.10  # as a part of what ten times the rows should take, and of what the fewest rows took
EXPORTS = (".csv", ".xlsx", "/evidence", "/export")
FEW = ("materials", "co-hosts")  # lists that a theme day or a person never has many of


NOTE = """Each with so many rows of whatever it reads. Jobs run in a process of their own: seconds, the most memory of the
process, and what ten times the rows took as a part of ten times as long. Lists are read a page of 25 at a time. Medians, in
brackets the least and the most. On the embedded database a list grows with its rows, since it reads all matches.

"""


class Job(NamedTuple):
    """Something to do in a process of its own: a request, or the check."""

    name: str
    method: str = ""
    paths: Sequence[str] = ()  # one for each round


class Grown(NamedTuple):
    """What was measured of one thing with so many rows: seconds, each time, and the most memory in MB or keys per row."""

    seconds: Sequence[float]
    most: float


Found = dict[str, dict[int, Grown]]


def lists(app: Flask, world: World) -> Iterator[str]:
    """The address of every list of the API, filled in."""
    for method, rule in api_rules(app):
        if method == "GET" and any(isinstance(entry["schema"], PageQuery) for entry in arguments_of(app, "GET", rule, "query")):
            yield world.path(rule.rule)


def jobs(app: Flask, world: World) -> Iterator[Job]:
    """Every export, the assembly of an issue, and the check."""
    for method, rule in api_rules(app):
        if method == "GET" and rule.rule.endswith(EXPORTS):
            yield Job(rule.rule.removeprefix("/api/v1"), "GET", [world.path(rule.rule)] * crowds.ROUNDS)
    assembled = [f"/newsletters/{world.ids[f'assembled_{round_}']}/issues" for round_ in range(crowds.ROUNDS)]
    yield Job("assembly of an issue", "POST", assembled)
    yield Job("network-api check", paths=[""] * crowds.ROUNDS)


def requested(settings: Mapping[str, Any], secret: str, method: str, path: str) -> Worked:
    """A request, from the database to the last byte of its answer, which is not kept."""
    client, headers = create_app(settings).test_client(), {"Authorization": f"Bearer {secret}"}
    client.get("/api/v1/regions", headers=headers)  # what the first request alone needs

    def work() -> None:
        body = {"assemble": True} if method == "POST" else None
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers, buffered=False)
        assert answer.status_code < 300, (path, answer.status_code, answer.data)
        for _ in answer.iter_encoded():
            pass

    return senders.measured(work)


def checked(settings: Mapping[str, Any]) -> Worked:
    """`network-api check`, which finds nothing."""
    with create_app(settings).app_context():

        def work() -> None:
            for feature in FEATURES:
                for problem in feature.check():
                    raise AssertionError(problem)

        return senders.measured(work)


def done(settings: Mapping[str, Any], secret: str, job: Job) -> Grown:
    """A job, in a process of its own each time."""
    taken = [
        senders.at_once(*((requested, [(settings, secret, job.method, path)]) if job.method else (checked, [(settings,)])))
        for path in job.paths
    ]
    return Grown([each.seconds for each in taken], max(each.peak for each in taken))


def paged(app: Flask, secret: str, path: str, number: int, explain: bool) -> Grown:
    """The first page of a list and the next, so many times; the keys examined for each row, where it can be told."""
    client, headers, seconds = app.test_client(), {"Authorization": f"Bearer {secret}"}, []
    pages = [f"/api/v1{path}?limit={LIMIT}"]

    def get(address: str) -> Any:
        began = time.perf_counter()
        answer = client.get(address, headers=headers)
        seconds.append(time.perf_counter() - began)
        assert answer.status_code == 200, (address, answer.status_code, answer.data)
        return answer.json

    first = get(pages[0])
    assert first["next"] or path.endswith(FEW), f"{path} has a single page"
    pages += [f"{pages[0]}&cursor={first['next']}"] if first["next"] else []
    seconds.clear()
    for _ in range(number):
        for page in pages:
            get(page)
    timed = seconds[:]
    return Grown(
        timed, explained.most_keys(Network.collection().database, lambda: [get(page) for page in pages]) if explain else 0
    )


def measure(size: int, explain: bool, asked: Sequence[str]) -> tuple[Found, Found]:
    """The lists and the jobs with so many rows."""
    found: tuple[Found, Found] = ({}, {})
    with running.database() as uri:
        given = running.settings(uri, 25, RATELIMIT_ENABLED=False)
        with running.platform(given) as app:
            began = time.perf_counter()
            ids, secret = crowds.fill(size)
            report.told(f"{size:,} rows of each kind took {time.perf_counter() - began:.0f} s")
            world = World({}, ids, Network.get(ids["network_id"]))
            for path in lists(app, world) if "lists" in asked else ():
                name = path
                for known, value in ids.items():
                    name = name.replace(value, f"<{known}>")
                found[0].setdefault(name, {})[size] = paged(app, secret, path, crowds.ROUNDS, explain)
            for job in jobs(app, world) if "jobs" in asked else ():
                found[1].setdefault(job.name, {})[size] = grown = done(given, secret, job)
                report.told(f"{job.name}: {median(grown.seconds):.2f} s, {grown.most:.0f} MB")
    return found


def line(name: str, sizes: Sequence[int], by_size: Mapping[int, Grown]) -> tuple[list[str], bool]:
    """A row of the table of jobs, and whether it grows as it may."""
    middle = {size: median(by_size[size].seconds) for size in sizes}
    steps = [middle[more] / middle[fewer] / (more / fewer) for fewer, more in pairwise(sizes)]
    memory = by_size[sizes[-1]].most / by_size[sizes[0]].most
    cells = [report.spread(by_size[size].seconds) for size in sizes] + [f"{by_size[size].most:.0f}" for size in sizes]
    reached = all(step <= MOST_TIME for step in steps) and memory <= MOST_MEMORY
    return [name, *cells, f"{steps[-1] if steps else 1:.2f}", f"{memory:.2f}"], reached


def tables(found: Sequence[tuple[Found, Found]], sizes: Sequence[int], explain: bool) -> tuple[str, bool]:
    """Both tables, and whether everything grows as it may."""
    lists_, jobs_ = (
        {name: dict(i for one in found for i in one[k].get(name, {}).items()) for name in found[0][k]} for k in (0, 1)
    )
    text, reached = "", True
    if jobs_:
        rows = [line(name, sizes, by_size) for name, by_size in jobs_.items()]
        reached = all(within for _, within in rows)
        named = [*(f"{size:,}, s" for size in sizes), *(f"{size:,}, MB" for size in sizes)]
        head = ["job", *named, f"time (goal: {MOST_TIME} at most)", f"memory ({MOST_MEMORY} at most)"]
        text += report.table(head, [cells for cells, _ in rows]) + "\n"
    if lists_:
        head = ["list", *(f"{size:,}, ms" for size in sizes), *(["keys for each row (goal: 1)"] if explain else [])]
        cells = [[name, *(report.spread([s * 1000 for s in by[size].seconds]) for size in sizes)] for name, by in lists_.items()]
        keys = [max(by[size].most for size in sizes) for by in lists_.values()]
        text += report.table(head, [[*row, f"{most:.2f}"] for row, most in zip(cells, keys, strict=True)] if explain else cells)
        reached = reached and (not explain or max(keys) <= 1.0)
    return text, reached


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    parser = argparse.ArgumentParser("growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of rows, from few to many")
    parser.add_argument("--only", nargs="+", default=("lists", "jobs"), choices=("lists", "jobs"))
    parser.add_argument("--write", action="store_true", help="write the tables to docs/benchmarks.md")
    given = parser.parse_args(arguments)
    explain = running.is_given()
    if explain:
        explained.listen()
    text, reached = tables([measure(size, explain, given.only) for size in given.sizes], given.sizes, explain)
    print(text)
    if given.write:
        report.write("growth", "What grows with the rows", NOTE + text)
    return 0 if reached else 1
