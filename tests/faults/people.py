"""People who use the platform while it breaks, and what they were told: everything that was acknowledged is in their journal."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.faults.client import Answer, Client
from tests.faults.inbox import Inbox

NUMBER = 4
PAUSE = (0.05, 0.4)  # seconds between two wishes of a person


@dataclass
class Registered:
    """Somebody who was told that they are registered; `mode` where it can only be that."""

    email: str
    event: str
    identifier: str | None
    mode: str | None
    cancelled: bool = False


@dataclass
class Journal:
    """What was acknowledged, and what should never have been said."""

    registered: dict[str, Registered] = field(default_factory=dict)
    subscribed: dict[str, str] = field(default_factory=dict)  # the state by address
    surprises: list[str] = field(default_factory=list)
    acknowledged: int = 0


def stamp(**delta: int) -> str:
    """A time from now, as the API writes it."""
    return (datetime.now(UTC) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Person(threading.Thread):
    """One of them, with wishes of their own; each of their guests is theirs alone, so that what is last is known."""

    def __init__(self, number: int, seed: int, stage: "Crowd") -> None:
        super().__init__(daemon=True)
        self.number, self.dice, self.stage = number, Random(f"{seed}-{number}"), stage
        self.client = Client(stage.ports, first=number)
        self.at_work = threading.Lock()
        self.count = 0

    def run(self) -> None:
        """Want one thing after another."""
        wishes = (self.register, self.register, self.switch, self.cancel, self.subscribe, self.confirm, self.leave)
        while not self.stage.is_over.wait(self.dice.uniform(*PAUSE)):
            with self.at_work:
                try:
                    self.dice.choice(wishes)()
                except Exception as error:  # noqa: BLE001 - a person who falls silent would hide what they saw
                    self.stage.journal.surprises.append(repr(error))

    def _new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.number}-{self.count}@example.org"

    def _own(self, known: dict[str, Any], kind: str) -> tuple[str, str] | None:
        """One of the addresses that this person looks after and whose link has come, and that link."""
        mine = {address for address in known if address.split("-")[1] == str(self.number)}
        links = {address: token for address, token in self.stage.inbox.links(kind).items() if address in mine}
        return self.dice.choice(sorted(links.items())) if links else None

    def _said(self, answer: Answer, *, fine: Sequence[int], also: Sequence[str] = ()) -> bool:
        """Whether it was acknowledged; what should not have been said is noted."""
        if answer.status in fine:
            self.stage.journal.acknowledged += 1
            return True
        if answer.code not in also:
            self.stage.journal.surprises.append(f"{answer.status} {answer.body} after {answer.tries} tries")
        return False

    def register(self) -> None:
        """Register somebody, on site or at a distance."""
        self.take_in(self._new("r"), self.dice.choice(self.stage.events), self.dice.choice(("onsite", "remote")))

    def take_in(self, email: str, event: str, mode: str) -> None:
        """Register this address."""
        body = {
            "mode": mode,
            "name": "Osallistuja",
            "email": email,
            "organisation": {"name": "Kunta", "type": "municipality"},
            "language": "fi",
            "wait": True,
        }
        answer = self.client("POST", f"/events/{event}/registrations", body, Idempotency_Key=email)
        twice = answer.code == "already_registered" and answer.tries > 1  # done, and killed before the answer was kept
        if twice or self._said(answer, fine=(201,)):
            sure = not twice and answer.body["status"] == "confirmed"
            identifier = None if twice else answer.body["id"]
            self.stage.journal.registered[email] = Registered(email, event, identifier, mode if sure else None)

    def switch(self) -> None:
        """Switch somebody to the other mode."""
        own = self._own(self.stage.journal.registered, "registrations")
        entry = self.stage.journal.registered[own[0]] if own else None
        if own is None or entry is None or entry.mode is None or entry.cancelled:
            return
        wanted = "remote" if entry.mode == "onsite" else "onsite"
        answer = self.client("PATCH", f"/manage/registrations/{own[1]}", {"mode": wanted, "wait": False})
        if self._said(answer, fine=(200,), also=("event_full",)):
            # A PATCH has no key: one that got no answer may still be under way, and come after the next.
            entry.mode = wanted if answer.tries == 1 else None

    def cancel(self) -> None:
        """Cancel a registration."""
        own = self._own(self.stage.journal.registered, "registrations")
        if own and self._said(self.client("DELETE", f"/manage/registrations/{own[1]}"), fine=(204,)):
            self.stage.journal.registered[own[0]].cancelled = True

    def subscribe(self) -> None:
        """Ask for the newsletter."""
        email = self._new("s")
        path, body = f"/newsletters/{self.stage.newsletter}/subscriptions", {"email": email, "language": "fi"}
        if self._said(self.client("POST", path, body, Idempotency_Key=email), fine=(202,)):
            self.stage.journal.subscribed[email] = "pending"

    def confirm(self) -> None:
        """Confirm a subscription that waits for it."""
        own = self._own(self.stage.journal.subscribed, "subscriptions")
        if own and self.stage.journal.subscribed[own[0]] == "pending":
            answer = self.client("POST", f"/manage/subscriptions/{own[1]}/confirm", {}, Idempotency_Key=f"c-{own[0]}")
            if self._said(answer, fine=(200, 204)):
                self.stage.journal.subscribed[own[0]] = "active"

    def leave(self) -> None:
        """Unsubscribe."""
        own = self._own(self.stage.journal.subscribed, "subscriptions")
        if own is None or self.stage.journal.subscribed[own[0]] != "active":
            return
        if self._said(self.client("DELETE", f"/manage/subscriptions/{own[1]}"), fine=(204,)):
            self.stage.journal.subscribed[own[0]] = "unsubscribed"


class Crowd:
    """All of them, on one stage: two theme days and a newsletter."""

    def __init__(self, ports: Sequence[int], inbox: Inbox, seed: int, events: list[str], newsletter: str) -> None:
        self.ports, self.inbox, self.events, self.newsletter = ports, inbox, events, newsletter
        self.journal, self.is_over, self.firsts = Journal(), threading.Event(), 0
        self.people = [Person(number, seed, self) for number in range(NUMBER)]
        for person in self.people:
            person.start()

    @contextmanager
    def resting(self) -> Iterator[Journal]:
        """Inside it, nobody wants anything, and what they were told is complete."""
        with ExitStack() as resting:
            for person in self.people:
                resting.enter_context(person.at_work)
            yield self.journal

    def first_at(self, port: int) -> None:
        """Somebody comes to this node, and to no other, until they are registered."""
        self.firsts += 1
        guide = Person(NUMBER, 0, self)
        guide.client = Client([port])
        guide.take_in(f"r-{NUMBER}-{self.firsts}@example.org", self.events[0], "remote")

    @contextmanager
    def balanced_without(self, port: int) -> Iterator[None]:
        """Inside it, nobody is sent to this node; whoever is there has their answer first."""
        with self.resting():
            for person in self.people:
                person.client.ports = [other for other in self.ports if other != port]
        yield
        with self.resting():
            for person in self.people:
                person.client.ports = self.ports

    def go_home(self) -> None:
        """Let them end what they are at."""
        self.is_over.set()
        for person in self.people:
            person.join()

    def seen(self) -> Counter[int]:
        """All answers, by status."""
        return sum((person.client.seen for person in self.people), Counter())
