"""kill -9 of any process that `up` started loses nothing that was acknowledged, and the restart finishes what was begun."""

import http.client
import json
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from subprocess import run
from typing import Any

from tests.platform.running import COMMAND, Up, clean_environment, end_by, eventually, token_of, up

# The database comes right after the web: a transaction that a killed process leaves open holds its rows for up to a minute
# (transactionLifetimeLimitSeconds), and a database that starts anew has none.
IN_TURN = ("web", "database", "worker-mail", "worker-jobs", "beat", "mail-sink")
PEOPLE = 3
PAUSE = 0.1  # seconds: people come in steadily, and leave the machine to the other tests, too


@dataclass
class Client:
    """A patient client: it repeats a request that got no answer, under the same Idempotency-Key, as a good client would."""

    platform: Up
    token: str | None = None
    patience: float = 120.0
    errors: list[str] = field(default_factory=list)

    def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + self.patience
        while True:
            answer = self._once(method, path, None if body is None else json.dumps(body), sent)
            if (
                answer is not None
                and answer[0] < 500
                and not (answer[0] == 409 and (answer[1] or {}).get("code") == "idempotency_key_in_flight")
            ):
                return answer
            assert time.monotonic() < deadline, f"{method} {path}: no answer, {answer}"
            time.sleep(0.1)

    def _once(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, Any, dict[str, str]] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.platform.port, timeout=10)
        try:
            connection.request(method, path if path.startswith("//") else f"/api/v1{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null"), dict(answer.getheaders())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def stamp(**delta: int) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def read(mail: Path) -> tuple[str, str]:
    """To whom a mail is, and its text."""
    message = message_from_bytes(mail.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return str(message["To"]), body.get_content()


def recipients(platform: Up, containing: str) -> set[str]:
    """Who got a mail with these words."""
    mails = map(read, (platform.data / "mail" / "new").iterdir())
    return {to for to, text in mails if containing in text}


@dataclass
class Stage:
    """A theme day and a newsletter, with people coming in while processes die."""

    platform: Up
    events: list[str] = field(default_factory=list)
    letter: str = ""
    registered: list[str] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def prepare(self) -> Client:
        admin = Client(self.platform, token_of(self.platform))
        network = admin("POST", "/networks", {"name": {"fi": "Verkosto"}, "kind": "national"}, key="network")[1]["id"]
        day = {
            "network_id": network,
            "title": {"fi": "Teemapäivä"},
            "starts_at": stamp(days=20),
            "ends_at": stamp(days=20, hours=6),
            "remote": {"join_url": "https://meet.example.org/x", "platform": "Teams"},
            "capacity": {"remote": None},
        }
        for number in range(PEOPLE):
            event = admin("POST", "/events", day, key=f"event-{number}")[1]["id"]
            assert admin("POST", f"/events/{event}/publish", {}, key=f"publish-{number}")[0] == 200
            self.events.append(event)
        letter = {
            "slug": "kirje",
            "name": {"fi": "Kirje"},
            "network_id": network,
            "sender": {"name": "Kirje", "email": "kirje@example.org"},
            "languages": ["fi"],
            "sections": ["editorial"],
        }
        self.letter = admin("POST", "/newsletters", letter, key="letter")[1]["id"]
        return admin

    def come_in(self, event: str, stop: threading.Event) -> None:
        """Register and subscribe one person after another, and remember who was told that it worked."""
        anyone, number = Client(self.platform), 0
        try:
            while not stop.wait(PAUSE):
                number += 1
                address = f"{event}-{number}@example.org"
                body = {
                    "mode": "remote",
                    "name": "Osallistuja",
                    "email": address,
                    "organisation": {"name": "Kunta", "type": "municipality"},
                    "language": "fi",
                }
                status, answer, _ = anyone("POST", f"/events/{event}/registrations", body, key=f"r-{address}")
                if status == 201 or (answer or {}).get("code") == "already_registered":
                    self.registered.append(address)
                else:
                    self.failures.append(f"{status} {answer}")
                status, answer, _ = anyone(
                    "POST", f"/newsletters/{self.letter}/subscriptions", {"email": address, "language": "fi"}, key=f"s-{address}"
                )
                (self.subscribed if status == 202 else self.failures).append(address if status == 202 else f"{status} {answer}")
        except AssertionError as error:
            self.failures.append(str(error))


def kill(platform: Up, name: str) -> None:
    """SIGKILL one of the processes, and wait until it has been replaced."""
    killed = platform.processes[name]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: platform.processes.get(name, killed) != killed, f"{name} is replaced")


def check(data: Path) -> str:
    """What `network-api check` prints; it must be content."""
    done = run(
        [COMMAND, "check", "--data", str(data)], capture_output=True, text=True, env=clean_environment(), timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed_by(client: Client, event: str) -> set[str]:
    """The addresses that a coordinator finds in the list of a theme day."""
    found: set[str] = set()
    path = f"/events/{event}/registrations?limit=100"
    while path:
        page = client("GET", path)[1]
        found |= {item["email"] for item in page["items"]}
        path = f"/events/{event}/registrations?limit=100&cursor={page['next']}" if page["next"] else ""
    return found


def test_kill_9_of_any_process_loses_no_registration_subscription_or_mail(tmp_path: Path) -> None:
    data, settings = tmp_path / "data", {"NETWORK_RATELIMIT_ENABLED": "false", "NETWORK_MAIL_LEASE_SECONDS": "10"}
    with up(data, "--admin", "admin@example.org", "--no-demo", settings=settings) as platform:
        platform.wait_until_ready()
        stage, stop = Stage(platform), threading.Event()
        admin = stage.prepare()
        people = [threading.Thread(target=stage.come_in, args=(event, stop)) for event in stage.events]
        for thread in people:
            thread.start()
        for name in IN_TURN:
            seen = len(stage.registered)
            eventually(lambda seen=seen: len(stage.registered) > seen + 3 or bool(stage.failures), "people come in", 90)  # type: ignore[misc]
            kill(platform, name)
        stop.set()
        for thread in people:
            thread.join()
        assert stage.failures == []
        assert end_by(platform, signal.SIGKILL) == -signal.SIGKILL
    with up(data, "--no-demo", port=platform.port, settings=settings) as platform:  # at once: nothing holds the folder or a port
        platform.wait_until_ready()
        client = Client(platform, admin.token)
        assert set(stage.registered) <= set().union(*(listed_by(client, event) for event in stage.events))
        for words, expected in (("/manage/registrations/", stage.registered), ("/manage/subscriptions/", stage.subscribed)):
            await_mails(platform, words, set(expected))
        check(data)


def await_mails(platform: Up, words: str, expected: set[str]) -> None:
    """Wait until each of these has got a mail with these words."""
    eventually(lambda: expected <= recipients(platform, words), f"all mails with {words}", 90)
