"""What the processes of the platform do beside answering requests: preparing, working, keeping time.

Each function is the whole life of a process, started by `network-api up` or by a command of its own.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from network_api.app import FEATURES, create_app, ensure_indexes
from network_api.members.actions import make_administrator

Say = Callable[[str], None]


def prepare(admin: str | None, administrators: Path, demo: bool, say: Say) -> None:
    """Make what must be there before the first request: indexes, the administrator, demo data. Harmless when repeated."""
    app = create_app()
    with app.app_context():
        ensure_indexes(app)
        if admin:
            _make_administrator(admin, administrators, say)
        if demo:
            say("Making sure that the demo data is there ...")
            made: dict[str, Any] = {}
            for feature in FEATURES:
                feature.demo(made)


def _make_administrator(email: str, administrators: Path, say: Say) -> None:
    """Only once an address: each call would make one more token."""
    made = administrators.read_text().splitlines() if administrators.exists() else []
    if email in made:
        data = administrators.parent
        say(f"{email} is an administrator already. For a new token: network-api create-admin {email} --data {data}")
        return
    say(f"Admin token: {make_administrator(email)}")
    administrators.write_text("\n".join([*made, email, ""]))


def work(app: Flask, queues: Sequence[str]) -> None:
    """Do the jobs of some queues, one at a time, until SIGTERM."""
    # The solo pool works in this very process: nothing to fork at the start, and nobody left behind by a kill.
    arguments = ["worker", "--pool", "solo", "--queues", ",".join(queues), "--hostname", f"{'-'.join(queues)}-{os.getpid()}@%h"]
    arguments += ["--loglevel", app.config["LOG_LEVEL"], "--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.extensions["celery"].worker_main(arguments)


def keep_time(app: Flask) -> None:
    """Wake the workers on schedule, until SIGTERM."""
    # A schedule in memory: what the clock starts are looks for due work, so nothing is lost with it, and a file could
    # be left broken by a kill.
    app.extensions["celery"].Beat(scheduler="celery.beat:Scheduler", loglevel=app.config["LOG_LEVEL"], quiet=True).run()
