"""The children of `up` that are the platform itself. Importing this module reads the whole platform from disk."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from network_api import processes
from network_api.app import create_app
from network_api.up.child import Child
from network_api.web_server import WebServer

WEB_STOPS, WORKERS_STOP = 0, 1


def preparation(admin: str | None, administrators: Path, demo: bool) -> Callable[[], None]:
    """What is done once before the first request."""
    return partial(processes.prepare, admin, administrators, demo, click.echo)


def web(address: str, workers: int, log: Path) -> Child:
    """gunicorn with the API and the pages."""

    def serve() -> None:
        WebServer(address, workers).run()

    return Child("web", serve, log / "web.log", b"Listening at", WEB_STOPS, grace=10.0)


def workers(log: Path) -> list[Child]:
    """One worker for mail that people wait for, one for long work, and the clock that wakes both."""
    return [
        Child(
            "worker-mail", lambda: processes.work(create_app(), ["mail"]), log / "worker-mail.log", b" ready.", WORKERS_STOP, 10.0
        ),
        Child(
            "worker-jobs", lambda: processes.work(create_app(), ["jobs"]), log / "worker-jobs.log", b" ready.", WORKERS_STOP, 10.0
        ),
        Child("beat", lambda: processes.keep_time(create_app()), log / "beat.log", b"beat: Starting", WORKERS_STOP, 10.0),
    ]
