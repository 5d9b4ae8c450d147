"""A round: a stage, people on it, some faults, and after each the question whether anything that was acknowledged is lost."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from pymongo import MongoClient

from tests.faults import reckoning
from tests.faults.faults import FAULTS
from tests.faults.inbox import Inbox
from tests.faults.machines import Machines, running
from tests.faults.people import Crowd
from tests.faults.stage import Stage, prepare
from tests.platform.running import eventually

ANSWERS_WITHIN = 90.0  # seconds: a database keeps what a killed process has left open for a minute
CATCHES_UP_WITHIN = 180.0
BUILD_UP = 2.0  # seconds of people coming in, before and between faults


def drawn(seed: int, number: int) -> list[str]:
    """Which faults a seed gives."""
    return Random(seed).sample(sorted(FAULTS), number)


class Lost(AssertionError):
    """Something that was acknowledged is not there, or is there twice."""


@dataclass
class Round:
    """One round on machines that run."""

    machines: Machines
    seed: int
    say: Callable[[str], None]
    readers: int = 200
    dice: Random = field(init=False)
    stage: Stage = field(init=False)
    crowd: Crowd = field(init=False)
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.stage = prepare(self.machines, self.readers)
        self.inbox = Inbox(self.machines.mail)
        self.crowd = Crowd(self.machines.ports, self.inbox, self.seed, self.stage.events, self.stage.newsletter)
        assert self.stage.first("POST", f"/issues/{self.stage.issue}/send", {}).status == 202

    def suffer(self, names: list[str]) -> None:
        """Let faults happen, one after the other, and judge after each; at last wait until all is done, and judge all."""
        for name in names:
            time.sleep(BUILD_UP)  # people come in
            what = FAULTS[name](self.machines, self.dice)
            answered = self.answers()
            self.judge()
            self.say(f"  {what}: answers after {answered:.1f} s")
        self.crowd.go_home()
        self.say(f"  all mail and the letter out after {self.caught_up():.1f} s; {self.judge_all()}")

    def answers(self) -> float:
        """Wait until each node takes a registration and says that it is ready; the seconds that it took."""
        started = time.monotonic()
        for node in self.machines.nodes:
            eventually(lambda node=node: _is_ready(node.port), f"node {node.name} is ready", ANSWERS_WITHIN)  # type: ignore[misc]
        for node in self.machines.nodes:
            self.crowd.first_at(node.port)
        return time.monotonic() - started

    def caught_up(self) -> float:
        """Wait until every mail has gone, and the letter; the seconds that it took."""
        with self.database() as database:
            mails = database.get_default_database()["outgoing_mail"]
            waiting = {"state": {"$in": ["ready", "sending"]}}
            seconds = eventually(lambda: mails.count_documents(waiting) == 0, "every mail has gone", CATCHES_UP_WITHIN)

        def is_sent() -> bool:
            return bool(self.stage.first("GET", f"/issues/{self.stage.issue}").body["state"] == "sent")

        return seconds + eventually(is_sent, "the letter has gone", CATCHES_UP_WITHIN)

    def judge(self) -> None:
        """Nothing that was acknowledged is lost, and everything adds up. Raises Lost."""
        with self.crowd.resting() as journal:
            found = [
                *journal.surprises,
                *reckoning.of_registrations(self.stage.first, self.stage, journal),
                *reckoning.of_subscriptions(self.stage.second, self.stage, journal),
                *self.machines.check(),
            ]
        if found:
            raise Lost("\n".join(found))

    def judge_all(self) -> str:
        """That, and every mail has come, once; every reader has the letter, once. Raises Lost."""
        self.judge()
        with self.database() as database:
            found = [
                *reckoning.of_mails(database, self.inbox, self.crowd.journal),
                *reckoning.of_letters(self.stage.first, self.stage, self.inbox),
            ]
        if found:
            raise Lost("\n".join(found))
        doubt = reckoning.in_doubt(self.stage.first, self.stage)
        copies = [mail.identifier for mail in self.inbox.mails()]
        said = dict(sorted(self.crowd.seen().items()))
        return (
            f"{self.crowd.journal.acknowledged} acknowledged, answers {json.dumps(said)}, {len(copies)} mails, "
            f"{len(copies) - len(set(copies))} of them twice, {doubt} letters in doubt"
        )

    @contextmanager
    def database(self) -> Iterator[MongoClient[dict[str, Any]]]:
        """The database itself, by no proxy."""
        with MongoClient[dict[str, Any]](self.machines.uri) as client:
            yield client


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def play(folder: Path, seed: int, names: list[str], say: Callable[[str], None]) -> None:
    """A round of these faults on machines of its own. Raises Lost, and AssertionError where it does not recover."""
    started = time.monotonic()
    with running(folder) as machines:
        played = Round(machines, seed, say)
        try:
            played.suffer(names)
        finally:
            played.crowd.is_over.set()
    say(f"  round of {time.monotonic() - started:.0f} s")
