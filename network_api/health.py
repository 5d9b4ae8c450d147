"""Health: whether the process runs, and whether it can do its work: the database takes writes, and what is needed answers."""

import socket
from collections.abc import Callable, Sequence
from itertools import chain

import pymongo
from flask import Blueprint, Response, current_app, jsonify
from kombu.exceptions import OperationalError
from mongoengine.connection import get_connection
from pymongo.errors import PyMongoError

from network_api import migrating
from network_api.feature import features
from network_api.settings import SettingsError

blueprint = Blueprint("health", __name__)
PATIENCE = 2.0  # seconds
FINE = "ok"
BY_ID = [("_id", 1)]  # comes with a collection, once anything is stored in it
COMPLETE = "complete"  # among the extensions of an application: the parts that have been seen whole


def require_replica_set() -> None:
    """Raises SettingsError where the database is a standalone server, which has no transactions."""
    hello = get_connection().admin.command("hello")
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise SettingsError(
            "NETWORK_MONGODB_URI names a standalone MongoDB server, which has no transactions. Start mongod with "
            "--replSet rs0 and run rs.initiate() once in mongosh; one node is enough."
        )


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database can be written to, has its indexes, and is as this release reads it; broker and mail server can be reached."""
    checks = look()
    ready = all(result == FINE for result in checks.values())
    return jsonify({"status": "ready" if ready else "not ready", **checks}), 200 if ready else 503


def look() -> dict[str, str]:
    """What is needed, each part `FINE` or with what is wrong about it."""
    return {name: _attempt(check) for name, check in CHECKS.items()}


def _attempt(check: Callable[[], str | None]) -> str:
    try:
        with pymongo.timeout(PATIENCE):
            return check() or FINE
    except (OSError, PyMongoError, OperationalError) as error:
        return f"unreachable: {type(error).__name__}"


def _database() -> str | None:
    return None if get_connection().admin.command("hello")["isWritablePrimary"] else "not writable"


def _once(part: str, missing: Callable[[], Sequence[object]], mend: str) -> Callable[[], str | None]:
    """A check of what is looked for until nothing is missing, and then never again by this process."""

    def check() -> str | None:
        complete: set[str] = current_app.extensions.setdefault(COMPLETE, set())
        lacks = () if part in complete else missing()
        if not lacks:
            complete.add(part)
        return f"{len(lacks)} missing: {mend}" if lacks else None

    return check


def missing_indexes() -> list[str]:
    """The declared indexes that the database does not have, by collection and fields."""
    return [
        f"{document.collection().name}: {', '.join(field for field, _ in index)}"
        for document in chain.from_iterable(feature.documents for feature in features())
        for index in document.compare_indexes()["missing"]
        if index != BY_ID
    ]


def _broker() -> None:
    with current_app.extensions["celery"].connection_for_write(connect_timeout=PATIENCE) as connection:
        connection.ensure_connection(max_retries=1, timeout=PATIENCE)


def _mail() -> None:
    socket.create_connection((current_app.config["MAIL_SERVER"], current_app.config["MAIL_PORT"]), PATIENCE).close()


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "indexes": _once("indexes", missing_indexes, "network-api prepare makes them"),
    "migrations": _once("migrations", migrating.pending, "network-api migrate does them"),
    "broker": _broker,
    "mail": _mail,
}
