"""What the processes of the platform do beside answering requests: preparing, working, keeping time.

Each function is the whole life of a process, started by `network-api up` or by a command of its own.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

# Celery and kombu would import these in each worker anew, and could be interrupted by a signal while they do.
import celery.app.amqp
import celery.app.log
import celery.concurrency.solo
import celery.worker.consumer  # noqa: F401 - of all four
import kombu.transport.mongodb  # noqa: F401
from celery.apps.beat import Beat
from celery.apps.worker import Worker
from flask import Flask
from marshmallow import ValidationError
from pymongo.errors import PyMongoError

from network_api import demo, migrating
from network_api.app import create_app, ensure_indexes, make_demo
from network_api.auth.caller import SCOPES
from network_api.auth.documents import AccessToken
from network_api.documents import utcnow
from network_api.errors import DomainError, Invalid
from network_api.feature import features
from network_api.members.actions import make_administrator
from network_api.members.documents import Member
from network_api.schemas import EmailAddress
from network_api.settings import SettingsError

Say = Callable[[str], None]
BAD_SETTING = 2
DEMO_TOKEN_LIFETIME = timedelta(days=30)


@contextmanager
def platform() -> Iterator[Flask]:
    """The application, inside its context. What somebody can mend ends the process with a sentence and no traceback."""
    try:
        app = create_app()
        with app.app_context():
            yield app
    except SettingsError as error:
        end(str(error), BAD_SETTING)
    except DomainError as error:
        end(error.detail)
    except PyMongoError as error:
        end(f"The database does not answer as it should: {error}")


def end(reason: str, status: int = 1) -> NoReturn:
    """End the process, saying why."""
    sys.stderr.write(f"{reason}\n")
    sys.exit(status)


def prepare(admin: str | None, administrators: Path, demo_data: bool, say: Say) -> None:
    """Make what must be there before the first request: a database that is ready, the administrator, demo data.

    Harmless when repeated.
    """
    with platform() as app:
        make_ready(app, say)
        if admin:
            _make_administrator(admin, administrators, say)
        if demo_data:
            show_demo(say)


def make_ready(app: Flask, say: Say) -> None:
    """Create the indexes that are missing, and bring up what earlier releases have stored."""
    ensure_indexes(app)
    for done in migrating.apply():
        if done.rows:
            say(f"{done.rows} rows brought up: {done.migration.meaning}")


def show_demo(say: Say) -> None:
    """The demo data where there is none, and at each start a token for its coordinator, since none is kept to be shown again."""
    say("Making sure that the demo data is there ...")
    make_demo()
    coordinator = Member.first({"email_key": demo.COORDINATOR})
    if coordinator is not None:
        expires_at = utcnow() + DEMO_TOKEN_LIFETIME
        _, secret = AccessToken.issue("api", coordinator.pk, name="demo", scopes=SCOPES, expires_at=expires_at)
        say(f"Coordinator token: {secret}  ({coordinator.name}, {coordinator.email})")


def _make_administrator(email: str, administrators: Path, say: Say) -> None:
    """Only once an address: each call would make one more token."""
    made = administrators.read_text().splitlines() if administrators.exists() else []
    if email in made:
        data = administrators.parent
        say(f"{email} is an administrator already. For a new token: network-api create-admin {email} --data {data}")
        return
    say(f"Admin token: {administrator_token(email)}")
    administrators.write_text("\n".join([*made, email, ""]))


def administrator_token(email: str) -> str:
    """A token for the administrator of that address, who is made where there is none. Raises Invalid for what is no address."""
    try:
        address = EmailAddress().deserialize(email)
    except ValidationError as error:
        raise Invalid(f"{email} is not an e-mail address.") from error
    return make_administrator(address)


def work(app: Flask, queues: Sequence[str]) -> None:
    """Do the jobs of some queues, one at a time, until SIGTERM."""
    logging.captureWarnings(True)  # as lines of the log, as everything that it says
    worker = Worker(
        app=app.extensions["celery"],
        # It works in this very process: nothing to fork at the start, and nobody left behind by a kill.
        pool_cls="solo",
        queues=list(queues),
        hostname=f"{'-'.join(queues)}-{os.getpid()}@{socket.gethostname()}",
        loglevel=app.config["LOG_LEVEL"],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    try:
        worker.start()
    finally:
        for feature in features():
            feature.let_go()
    sys.exit(worker.exitcode)


def keep_time(app: Flask) -> None:
    """Wake the workers on schedule, until SIGTERM."""
    # A schedule in memory: what the clock starts are looks for due work, so nothing is lost with it, and a file could
    # be left broken by a kill.
    Beat(app=app.extensions["celery"], scheduler="celery.beat:Scheduler", loglevel=app.config["LOG_LEVEL"], quiet=True).run()
