"""What was acknowledged, held against what is there: each line that comes of it is a loss, or something done twice."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pymongo import MongoClient

from tests.faults.client import Client
from tests.faults.inbox import Inbox
from tests.faults.people import Journal
from tests.faults.stage import Stage

LIVE = ("confirmed", "waitlisted")
DONE = ("sent", "withdrawn")


def of_registrations(client: Client, stage: Stage, journal: Journal) -> Iterator[str]:
    """Registrations that are missing, twice, nobody's, or not as they were acknowledged."""
    rows = [(event, item) for event in stage.events for item in client.all_of(f"/events/{event}/registrations")]
    counted = Counter(item["email"] for _, item in rows)
    yield from (f"registered {number} times: {email}" for email, number in counted.items() if number > 1)
    yield from (f"registered, and nobody was told: {email}" for email in counted.keys() - journal.registered.keys())
    found = {item["email"]: (event, item) for event, item in rows}
    for entry in journal.registered.values():
        if entry.email not in found:
            yield f"registration lost: {entry.email}"
            continue
        event, item = found[entry.email]
        if event != entry.event or (entry.identifier and item["id"] != entry.identifier):
            yield f"another registration: {entry} is {item}"
        if (item["status"] not in LIVE) != entry.cancelled:
            yield f"cancelling lost, or nobody's: {entry} is {item['status']}"
        if not entry.cancelled and entry.mode and (item["mode"], item["status"]) != (entry.mode, "confirmed"):
            yield f"switch lost: {entry} is {item['mode']}, {item['status']}"


def of_subscriptions(client: Client, stage: Stage, journal: Journal) -> Iterator[str]:
    """Subscriptions that are missing, twice, nobody's, or in another state than was acknowledged."""
    counted: Counter[str] = Counter()
    states: dict[str, str] = {}
    for item in client.all_of(f"/newsletters/{stage.newsletter}/subscribers"):
        counted[item["email"]] += 1
        states[item["email"]] = item["state"]
    expected = {**dict.fromkeys(stage.readers, "active"), **journal.subscribed}
    yield from (f"subscribed {number} times: {email}" for email, number in counted.items() if number > 1)
    yield from (f"subscribed, and nobody was told: {email}" for email in states.keys() - expected.keys())
    for email, state in expected.items():
        if states.get(email) != state:
            yield f"subscription lost: {email} was {state}, is {states.get(email)}"


def of_mails(database: MongoClient[dict[str, Any]], inbox: Inbox, journal: Journal) -> Iterator[str]:
    """Mails that did not go out, or more often than they were tried; people without their link."""
    copies = Counter(mail.identifier for mail in inbox.mails())
    for row in database.get_default_database()["outgoing_mail"].find({}):
        number = copies[row["message_id"]]
        if row["state"] not in DONE:
            yield f"mail to {row['to']} is {row['state']}: {row.get('last_answer')}"
        elif row["state"] == "sent" and not 1 <= number <= row["attempts"]:
            yield f"mail to {row['to']} was sent, arrived {number} times, in {row['attempts']} attempts"
    for kind, known in (("registrations", journal.registered), ("subscriptions", journal.subscribed)):
        yield from (f"no mail with a link of {kind}: {email}" for email in known.keys() - inbox.links(kind).keys())


def of_letters(client: Client, stage: Stage, inbox: Inbox) -> Iterator[str]:
    """Readers who were missed, and letters that came twice without being in doubt."""
    deliveries = {item["email"]: item for item in client.all_of(f"/issues/{stage.issue}/deliveries")}
    yield from (f"reader missed: {email}" for email in stage.readers - deliveries.keys())
    copies = Counter((mail.to, mail.identifier) for mail in inbox.mails())
    for email, item in deliveries.items():
        number = copies[email, item["message_id"]]
        if number not in {"accepted": (1,), "unknown": (0, 1)}.get(item["state"], ()):
            yield f"letter to {email} is {item['state']}, arrived {number} times"


def in_doubt(client: Client, stage: Stage) -> int:
    """How many letters are `unknown`."""
    counts = client("GET", f"/issues/{stage.issue}/deliveries?limit=1").body["counts"]
    return int(counts.get("unknown", 0))
