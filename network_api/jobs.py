"""Celery, inside the application: it carries ids and wakes workers, the truth is in the database.

The broker is the same MongoDB unless a URL names another. A task that is lost, repeated or late does no harm, so results
are not kept and messages are not acknowledged late; sweeps on a schedule find what no task came for.
"""

import logging
from collections import deque
from collections.abc import Mapping
from time import monotonic, time
from typing import Any

from celery import Celery, Task
from flask import Flask, current_app
from kombu.exceptions import OperationalError
from pymongo.errors import CollectionInvalid, OperationFailure, PyMongoError

from network_api import measures, request_ids
from network_api.documents import after_commit

logger = logging.getLogger(__name__)
POLL_EVERY = 0.25  # seconds between looks into an empty MongoDB queue
RUSH = 2  # jobs that a process hastens in a second
_hastened: deque[float] = deque(maxlen=RUSH)
QUEUES = ("mail", "webhooks", "jobs")
ANNOUNCED = "network_api_announced"  # among the headers of a message: when, in seconds since 1970


def init_app(app: Flask, schedule: Mapping[str, Any]) -> Celery:
    """Make the Celery of this application: its tasks run inside the application context, and know the request that woke them."""

    class ContextTask(Task):  # type: ignore[misc]  # celery has no types
        abstract = True

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            announced = self.request.get(ANNOUNCED)
            if announced:
                measures.waits.labels(self.name).observe(max(0.0, time() - announced))
            started, outcome = monotonic(), "failed"
            try:
                with app.app_context():
                    result = self.run(*args, **kwargs)
                outcome = "done"
            finally:
                measures.jobs.labels(self.name, outcome).observe(monotonic() - started)
            return result

        def apply_async(self, *given: Any, headers: Mapping[str, Any] | None = None, **options: Any) -> Any:
            return super().apply_async(
                *given, headers={ANNOUNCED: time(), **request_ids.passed_on(), **(headers or {})}, **options
            )

    broker = app.config["CELERY_BROKER_URL"] or app.config["MONGODB_URI"]
    celery = Celery(app.import_name, task_cls=ContextTask, broker=broker, set_as_current=True)
    celery.conf.update(
        task_ignore_result=True,
        task_default_queue="jobs",
        task_routes={"mail.*": {"queue": "mail"}, "webhooks.*": {"queue": "webhooks"}},
        task_serializer="json",
        accept_content=["json"],
        task_publish_retry=False,
        beat_schedule=dict(schedule),
        beat_max_loop_interval=1,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport_options(broker),
    )
    celery.set_default()
    app.extensions["celery"] = celery
    return celery


def _transport_options(url: str) -> dict[str, Any]:
    if not url.startswith("mongodb"):
        return {}
    return {
        "polling_interval": POLL_EVERY,
        "messages_collection": "broker_messages",
        "routing_collection": "broker_routing",
        "broadcast_collection": "broker_broadcast",
        "queues_collection": "broker_queues",
    }


def prepare(app: Flask) -> None:
    """Make the collections of a broker in MongoDB; of workers that start side by side, each would, and all but one fail."""
    with app.extensions["celery"].connection_for_write() as connection:
        if connection.transport.driver_type == "mongodb":
            try:
                _make_collections(connection)
            except (CollectionInvalid, OperationFailure):  # another machine has made one between our look and our making it
                _make_collections(connection)


def _make_collections(connection: Any) -> None:
    """The channel's database makes them when it is first asked for."""
    connection.default_channel.client.client.close()


def every(seconds: float, task: str, *, queue: str = "jobs") -> dict[str, Any]:
    """An entry of a schedule: a look for due work, which is worth nothing once the next one has begun."""
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": seconds}}


def hasten(task: str, *arguments: str) -> None:
    """As `wake`, for work that a sweep soon finds anyway: beyond `RUSH` a second, announcing costs more than it hastens."""

    def announce() -> None:
        now = monotonic()
        if len(_hastened) < RUSH or now - _hastened[0] > 1:
            _hastened.append(now)
            wake(task, *arguments)

    after_commit(announce)


def wake(task: str, *arguments: str) -> None:
    """Announce a job once the running transaction has been committed. A broker that is away delays it until a sweep."""

    def announce() -> None:
        try:
            current_app.extensions["celery"].tasks[task].delay(*arguments)
        except (OperationalError, PyMongoError, OSError):
            logger.warning("The broker did not take the job %s; a sweep will find its work.", task)

    after_commit(announce)
