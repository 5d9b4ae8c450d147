"""A thousand people register at once: `make bench ARGS=registration`.

For 100 seats on site and remote ones without limit, through the HTTP API of a whole platform with four web workers, its mail
worker and mail sink running. Everybody has a network address of their own, as they would behind a proxy. Afterwards all
must add up: nobody too many, no answer of 500 or more, each mail once, `network-api check` clean. The rate stands beside
the bare limit, which is measured in the same run on the same database with as many clients.
"""

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo import MongoClient

from benchmarks import bare
from benchmarks.clients import Answered, Client, all_at_once
from tests.platform.running import COMMAND, Up, clean_environment, eventually, token_of, up

SEATS, WEB_WORKERS = 100, 4
GOAL = 0.5  # of the bare limit
SETTINGS = {"NETWORK_TRUSTED_PROXIES": "1"}
MAILS_WITHIN = 300.0  # seconds


class Person(NamedTuple):
    """Who registers: for a seat on site or else a place in the queue, for a seat or else remotely, or remotely."""

    email: str
    address: str
    mode: str
    wait: bool

    def body(self, mode: str) -> dict[str, Any]:
        """What their form sends."""
        organisation = {"name": "Jyväskylän kaupunki", "type": "municipality"}
        name = f"Aino {self.email.partition('@')[0]}"
        return {
            "mode": mode,
            "name": name,
            "email": self.email,
            "organisation": organisation,
            "language": "fi",
            "wait": self.wait,
        }


def crowd(number: int, name: str) -> list[Person]:
    """A half wants to take part remotely; of the others one in three would rather do that than wait."""
    wishes = (("remote", False), ("onsite", True), ("remote", False), ("onsite", True), ("remote", False), ("onsite", False))
    return [
        Person(f"{name}{place}@example.org", f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}", *wishes[place % 6])
        for place in range(number)
    ]


def draft(platform: Up, token: str) -> str:
    """A theme day that is open; its id."""

    def made(path: str, body: Mapping[str, Any], status: int = 201) -> Any:
        answered, content = platform.request("POST", f"/api/v1{path}", body, token)
        assert answered == status, (path, answered)
        return content

    slug = f"verkosto-{time.time_ns()}"
    network = made("/networks", {"slug": slug, "name": {"fi": "Verkosto"}, "kind": "regional", "regions": ["FI-08"]})
    event = made(
        "/events",
        {
            "network_id": network["id"],
            "title": {"fi": "Työhönvalmennuksen teemapäivä"},
            "starts_at": "2100-03-04T07:00:00Z",
            "ends_at": "2100-03-04T13:00:00Z",
            "capacity": {"onsite": SEATS, "remote": None},
            "venue": {"name": "Toivolan vanha piha"},
            "remote": {"join_url": "https://meet.example.org/room"},
        },
    )
    return str(made(f"/events/{event['id']}/publish", {}, 200)["id"])


def register_all(platform: Up, event_id: str, people: Sequence[Person], clients: int) -> tuple[float, list[Answered]]:
    """Everybody registers; the seconds it took, and every answer."""
    path, answers = f"/api/v1/events/{event_id}/registrations", []

    def work(mine: Iterator[Person]) -> None:
        client = Client(platform.port)
        for person in mine:
            answers.append(client.post(path, person.body(person.mode), person.address))
            if answers[-1].status == 409:
                answers.append(client.post(path, person.body("remote"), person.address))
        client.close()

    return all_at_once(people, clients, work), answers


def told(name: str, number: int, took: float, seconds: Sequence[float]) -> float:
    """Print a line of measures; the rate."""
    at = quantiles(seconds, n=100)
    print(f"{name:<34} {number / took:7.1f}/s   p50 {at[49] * 1000:6.0f} ms   p99 {at[98] * 1000:6.0f} ms")
    return number / took


def check_answers(answers: Sequence[Answered], people: Sequence[Person]) -> None:
    """Everybody is in, once, and whoever was refused was told why."""
    statuses = Counter(answer.status for answer in answers)
    refusals = {answer.body["code"] for answer in answers if answer.status == 409}
    assert set(statuses) <= {201, 409}, statuses
    assert statuses[201] == len(people), statuses
    assert refusals <= {"event_full"}, refusals


def check_seats(database: Any, event_id: str, people: Sequence[Person]) -> None:
    """No more seats than there are, and every place counted."""
    kinds = [(row["status"], row["mode"]) for row in database.registrations.find({"event_id": ObjectId(event_id)})]
    found = Counter(kinds)
    assert sum(found.values()) == len(people), found
    assert found["confirmed", "onsite"] == min(SEATS, sum(person.mode == "onsite" for person in people)), found


def check_mails(platform: Up, people: Sequence[Person]) -> None:
    """Each has one mail at the sink, and not two."""
    wanted = {person.email for person in people}

    def mailed() -> Counter[str]:
        texts = (file.read_text() for file in (platform.data / "mail" / "new").glob("*"))
        found = Counter(match[1] for text in texts if (match := re.search(r"^Delivered-To: (\S+)$", text, re.MULTILINE)))
        return Counter({address: number for address, number in found.items() if address in wanted})

    folder = platform.data / "mail" / "new"
    before = time.perf_counter()
    eventually(lambda: sum(1 for _ in folder.iterdir()) >= len(people) and len(mailed()) == len(wanted), "mails", MAILS_WITHIN)
    print(f"{'the last mail came after':<34} {time.perf_counter() - before:7.1f} s")
    assert set(mailed().values()) == {1}, mailed().most_common(3)


def check_platform(settings: Mapping[str, str]) -> None:
    """`network-api check` finds nothing."""
    checked = subprocess.run(
        [COMMAND, "check"], env=clean_environment(**settings), capture_output=True, text=True, check=False, timeout=300
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def bare_rows(database: Any, event_id: str, people: Sequence[Person], content: str) -> list[dict[str, Any]]:
    """What the bare transaction stores for each, made after what the first registration and the first mail stored."""
    registration = database.registrations.find_one({"event_id": ObjectId(event_id)}) or {}
    mail = {**(database.outgoing_mail.find_one({}) or {}), "state": "ready", "subject": "Ilmoittautuminen", "text": content}
    rows = []
    for person in people:
        email = {"email": person.email, "email_key": person.email, "owners": [f"address:{person.email}"]}
        rows.append(
            {
                "capacity": SEATS,
                "registration": {**registration, **email, "_id": ObjectId(), "mode": person.mode},
                "mail": {**mail, "_id": ObjectId(), "cause": f"bare:{person.email}", "to": person.email},
            }
        )
    return rows


def measure_bare(uri: str, event_id: str, people: Sequence[Person], clients: int, content: str) -> float:
    """The same number of the same transactions by pymongo alone; the rate."""
    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    database = client.get_default_database()
    bare.prepare(database, ObjectId(event_id))
    rows = bare_rows(database, event_id, people, content)
    took, seconds = bare.register_all(uri, ObjectId(event_id), rows, clients)
    client.close()
    return told("the bare transaction by pymongo", len(people), took, seconds)


def measure(platform: Up, token: str, number: int, clients: int, name: str = "all") -> tuple[str, list[Person], float]:
    """So many people register with so many connections, and all adds up; the theme day, the people, the rate."""
    event_id, people = draft(platform, token), crowd(number, f"{name}-")
    print(f"{number} people, {clients} connections at once, {WEB_WORKERS} web workers, {SEATS} seats on site")
    took, answers = register_all(platform, event_id, people, clients)
    rate = told("registrations through the API", number, took, [answer.seconds for answer in answers])
    check_answers(answers, people)
    settings = settings_of(platform)
    database: MongoClient[dict[str, Any]] = MongoClient(settings["NETWORK_MONGODB_URI"])
    check_seats(database.get_default_database(), event_id, people)
    database.close()
    check_mails(platform, people)
    check_platform(settings)
    print(f"{'none oversold, none lost or doubled':<36} yes")
    return event_id, people, rate


def settings_of(platform: Up) -> dict[str, str]:
    """The settings of its processes."""
    found: dict[str, str] = json.loads((platform.data / "environment.json").read_text())
    return found


def compare(platform: Up, token: str, number: int, clients: int, round_: int) -> float:
    """One round: so many people register, then as many bare transactions; our rate as a part of theirs."""
    event_id, people, ours = measure(platform, token, number, clients, f"round{round_}")
    content = platform.mails_to(people[0].email)[0]  # a mail as large as ours
    part = ours / measure_bare(settings_of(platform)["NETWORK_MONGODB_URI"], event_id, people, clients, content)
    print(f"{'ours, as a part of it':<34} {part:7.2f}\n")
    return part


def run(number: int, clients: int, rounds: int) -> bool:
    """With few connections beside the bare limit, round by round, then all at once; whether the median reached the goal.

    Raises AssertionError where something does not add up. For all at once there is no bare limit: most of its clients
    would wait for two minutes and give up.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ("--web-workers", str(WEB_WORKERS), "--admin", "bench@example.org")
        with up(Path(folder) / "data", *options, settings=SETTINGS) as platform:
            platform.wait_until_ready()
            token = token_of(platform)
            register_all(platform, draft(platform, token), crowd(50, "warm"), clients)
            parts = [compare(platform, token, number, clients, round_) for round_ in range(rounds)]
            found = f"{median(parts):7.2f}     ({min(parts):.2f}-{max(parts):.2f}; goal: {GOAL})"
            print(f"{'the median of the rounds':<34} {found}\n")
            measure(platform, token, number, number)
            return median(parts) >= GOAL


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    parser = argparse.ArgumentParser("registration", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=8, help="connections beside the bare limit; a multiple of four")
    parser.add_argument("--rounds", type=int, default=3, help="how often the two are compared")
    given = parser.parse_args(arguments)
    return 0 if run(given.people, given.clients, given.rounds) else 1
