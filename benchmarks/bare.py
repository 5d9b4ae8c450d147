"""The bare limit: the transaction of a registration by pymongo alone, on the same database, without anything around it.

It writes what a registration writes (a seat counted, the registration, the mail), under the same indexes.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database

from benchmarks.clients import all_at_once

Row = Mapping[str, Any]
PREFIX = "bare_"
WRITTEN = ("events", "registrations", "outgoing_mail")
PROCESSES = 4  # as many as there are web workers
_START_UP = 3.0  # seconds, until each process has connected


def prepare(database: Database[dict[str, Any]], event_id: ObjectId) -> None:
    """Collections with the same indexes, and the theme day with its seats empty."""
    for name in WRITTEN:
        database.drop_collection(PREFIX + name)
        for index, spec in database[name].index_information().items():
            kept = ("unique", "sparse", "partialFilterExpression", "expireAfterSeconds")
            if index != "_id_":
                database[PREFIX + name].create_index(spec["key"], **{key: spec[key] for key in kept if key in spec})
    event = database.events.find_one({"_id": event_id})
    assert event is not None
    for seats in event["seats"].values():
        seats.update({name: 0 for name in ("taken", "waiting", "offered") if name in seats})
    database[f"{PREFIX}events"].insert_one(event)


def register_all(uri: str, event_id: ObjectId, people: Sequence[Row], clients: int) -> tuple[float, list[float]]:
    """Register everybody with so many clients; the seconds that it took in all, and for each."""
    starts_at = time.time() + _START_UP
    with ProcessPoolExecutor(PROCESSES, get_context("forkserver")) as pool:
        shares = [people[place::PROCESSES] for place in range(PROCESSES)]
        working = [pool.submit(_share, uri, event_id, share, clients // PROCESSES, starts_at) for share in shares]
        done = [each.result() for each in working]
    return max(ended for ended, _ in done) - starts_at, [seconds for _, each in done for seconds in each]


def _share(uri: str, event_id: ObjectId, people: Sequence[Row], clients: int, starts_at: float) -> tuple[float, list[float]]:
    client: MongoClient[dict[str, Any]] = MongoClient(uri)
    database, seconds = client.get_default_database(), []
    client.admin.command("ping")

    def work(mine: Any) -> None:
        for person in mine:
            started = time.perf_counter()
            register(client, database, event_id, person)
            seconds.append(time.perf_counter() - started)

    time.sleep(max(0.0, starts_at - time.time()))
    all_at_once(people, clients, work)
    return time.time(), seconds


def register(client: MongoClient[dict[str, Any]], database: Database[dict[str, Any]], event_id: ObjectId, person: Row) -> None:
    """Register one person, in one transaction."""
    with client.start_session() as session:
        session.with_transaction(lambda running: _register(database, running, event_id, person))


def _register(database: Database[dict[str, Any]], session: ClientSession, event_id: ObjectId, person: Row) -> None:
    mode = person["registration"]["mode"]
    free = {"seats.onsite.taken": {"$lt": person["capacity"]}} if mode == "onsite" else {}
    events, standing = database[f"{PREFIX}events"], {"_id": event_id, "status": "published"}
    seat, place = {f"seats.{mode}.taken": 1, "seats_version": 1}, {f"seats.{mode}.waiting": 1, "queue": 1, "seats_version": 1}
    if not events.update_one({**standing, **free}, {"$inc": seat}, session=session).matched_count:
        events.update_one(standing, {"$inc": place}, session=session)
    database[f"{PREFIX}registrations"].insert_one(dict(person["registration"]), session=session)
    database[f"{PREFIX}outgoing_mail"].insert_one(dict(person["mail"]), session=session)
