"""Health: whether the process runs, and whether what it needs can be reached."""

import socket
from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify
from mongoengine.connection import get_connection, get_db
from pymongo.errors import PyMongoError

from network_api.settings import SettingsError

blueprint = Blueprint("health", __name__)
PATIENCE = 2.0  # seconds


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
    """The database, the broker and the mail server can be reached."""
    checks = {name: _attempt(check) for name, check in CHECKS.items()}
    ready = all(result == "ok" for result in checks.values())
    return jsonify({"status": "ready" if ready else "not ready", **checks}), 200 if ready else 503


def _attempt(check: Callable[[], object]) -> str:
    try:
        check()
    except (OSError, PyMongoError) as error:
        return f"unreachable: {type(error).__name__}"
    return "ok"


def _database() -> None:
    get_db().command("ping")


def _broker() -> None:
    with current_app.extensions["celery"].connection_for_write(connect_timeout=PATIENCE) as connection:
        connection.ensure_connection(max_retries=1, timeout=PATIENCE)


def _mail() -> None:
    socket.create_connection((current_app.config["MAIL_SERVER"], current_app.config["MAIL_PORT"]), PATIENCE).close()


CHECKS: dict[str, Callable[[], None]] = {"database": _database, "broker": _broker, "mail": _mail}
