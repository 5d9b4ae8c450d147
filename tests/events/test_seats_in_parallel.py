"""200 people, 50 seats, several processes at the same moment: the proof that nothing oversells, and that it can fail."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask

from events.documents import Event
from events.feature import check
from events.registration_documents import Registration
from network_api.app import connect, create_app, documents, ensure_indexes
from network_api.networks.documents import Network
from tests.events.factories import make_event

PEOPLE, SEATS, PROCESSES = 200, 50, 4
FEWER, FEWER_SEATS = 80, 20  # for what 200 would show no better
ROOT = Path(__file__).parents[2]
Rush = Callable[..., list[list[Any]]]


@pytest.fixture
def rush(shared_app: Flask, settings: dict[str, Any]) -> Iterator[Rush]:
    """`rush(event, people, wait=False, guard=True)`: everybody registers at once; the answers. In a database of its own."""
    parts = urlsplit(settings["MONGODB_URI"])
    own = {**settings, "MONGODB_URI": urlunsplit(parts._replace(path=f"{parts.path}_rush"))}
    app = create_app(own)
    ensure_indexes(app)
    for document in documents():
        document.collection().delete_many({})

    def run(event: Event, people: int, *, wait: bool = False, guard: bool = True) -> list[list[Any]]:
        share = people // PROCESSES
        told = {"settings": own, "event_id": str(event.pk), "wait": wait, "guard": guard}
        started = [_start({**told, "people": [number * share, (number + 1) * share]}) for number in range(PROCESSES)]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        began = perf_counter()
        answers = [_finish(process) for process in _release(started)]
        print(f"{people} registrations in {perf_counter() - began:.1f} s")
        return [answer for some in answers for answer in some]

    with app.app_context():
        yield run
    connect(shared_app)


def _start(told: dict[str, Any]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.events.rush", json.dumps(told)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _release(started: list["subprocess.Popen[str]"]) -> list["subprocess.Popen[str]"]:
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return started


def _finish(process: "subprocess.Popen[str]") -> list[list[Any]]:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    answers: list[list[Any]] = json.loads(out)
    return answers


def day_with_seats(seats: int) -> Event:
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    return make_event(network, capacity={"onsite": seats})


def told(answers: list[list[Any]]) -> Counter[tuple[int, str]]:
    slowest = sorted(answer[3] for answer in answers)
    print(f"p50 {slowest[len(slowest) // 2] * 1000:.0f} ms, p99 {slowest[-2] * 1000:.0f} ms")
    return Counter((status, word) for status, word, *_ in answers)


def test_fifty_seats_are_given_to_exactly_fifty_people_and_the_others_hear_why(rush: Rush) -> None:
    event = day_with_seats(SEATS)
    assert told(rush(event, PEOPLE)) == {(201, "confirmed"): SEATS, (409, "event_full"): PEOPLE - SEATS}
    assert Event.get(event.pk).seats["onsite"].taken == SEATS
    assert len(Registration.rows({"event_id": event.pk})) == SEATS
    assert list(check()) == []


def test_those_who_wait_get_every_place_in_the_queue_once(rush: Rush) -> None:
    event, waiting = day_with_seats(FEWER_SEATS), FEWER - FEWER_SEATS
    assert told(rush(event, FEWER, wait=True)) == {(201, "confirmed"): FEWER_SEATS, (201, "waitlisted"): waiting}
    numbers = sorted(row["queue_number"] for row in Registration.rows({"event_id": event.pk, "status": "waitlisted"}))
    assert numbers == list(range(1, waiting + 1))
    seats = Event.get(event.pk).seats["onsite"]
    assert (seats.taken, seats.waiting) == (FEWER_SEATS, waiting)
    assert list(check()) == []


def test_without_the_guard_seats_are_oversold(rush: Rush) -> None:
    """The negative control: were this to fail, the proof above would prove nothing."""
    event = day_with_seats(FEWER_SEATS)
    assert told(rush(event, FEWER, guard=False))[(201, "confirmed")] > FEWER_SEATS
    assert Event.get(event.pk).seats["onsite"].taken > FEWER_SEATS
    assert "event_oversold" in {problem.invariant for problem in check()}
