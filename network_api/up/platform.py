"""The children of `up` that are the platform itself. Importing this module reads the whole platform from disk."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from network_api import measures, processes
from network_api.up.child import Child
from network_api.web_server import WebServer

WEB_STOPS, WORKERS_STOP = 0, 1


def shared() -> dict[str, str]:
    """What all children are given beside the settings: one folder for what they count."""
    return {measures.FOLDER: os.environ[measures.FOLDER]}


def preparation(admin: str | None, administrators: Path, demo: bool) -> Callable[[], None]:
    """What is done once before the first request."""
    return partial(processes.prepare, admin, administrators, demo, click.echo)


def web(address: str, workers: int, log: Path) -> Child:
    """gunicorn with the API and the pages."""

    def serve() -> None:
        WebServer(address, workers).run()

    return Child("web", serve, log / "web.log", b"Listening at", WEB_STOPS, grace=10.0)


def workers(log: Path) -> list[Child]:
    """One worker for mail that people wait for and for webhooks, which wait beside it; one for long work; the clock."""

    def work(*queues: str) -> None:
        with processes.platform() as app:
            processes.work(app, queues)

    def keep_time() -> None:
        with processes.platform() as app:
            processes.keep_time(app)

    return [
        Child("worker-mail", partial(work, "mail", "webhooks"), log / "worker-mail.log", b" ready.", WORKERS_STOP, grace=10.0),
        Child("worker-jobs", partial(work, "jobs"), log / "worker-jobs.log", b" ready.", WORKERS_STOP, grace=10.0),
        Child("beat", keep_time, log / "beat.log", b"beat: Starting", WORKERS_STOP, grace=10.0),
    ]
