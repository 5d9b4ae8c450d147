"""What processes count about themselves for Prometheus: requests, refusals, contention, jobs, mails. `/metrics` tells it.

The processes of one server write into files of one folder, so that whichever web process is asked tells of all of them. It is
`PROMETHEUS_MULTIPROC_DIR` (prometheus_client's own variable), or a new one that goes with the process that made it: gunicorn's
workers share it, and everything that `network-api up` starts. Name one folder for all to have the workers of a machine told too.

No label has an id, an address or anything else that people type: a series is kept for ever.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory: what is counted is written at every request


def _make_folder() -> str:
    made = tempfile.mkdtemp(prefix="network-api-metrics-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
    maker = os.getpid()

    def remove() -> None:
        if os.getpid() == maker:  # and not a process that it forked
            shutil.rmtree(made, ignore_errors=True)

    atexit.register(remove)
    return made


if not os.environ.get(FOLDER):
    os.environ[FOLDER] = _make_folder()

from prometheus_client import Counter, Histogram  # noqa: E402 - it looks for the folder when it is imported


class Gauge(NamedTuple):
    """How much of something there is at this moment: `values` by their `labels`, none of which has an id or what people type."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
requests = Histogram(
    "network_api_request_seconds",
    "How long requests took until their answer was made, by method, template of the route and status.",
    ("method", "route", "status"),
    buckets=SECONDS,
)
refusals = Counter(
    "network_api_refusals_total",
    "What rules have said no to, by the code of the problem: event_full, already_registered, too_many_requests, ...",
    ("code",),
)
contention = Counter(
    "network_api_contention_total",
    "Transactions that began again because another had changed the same document first, by its class; Event: seat conflicts.",
    ("document",),
)
jobs = Histogram(
    "network_api_job_seconds", "How long jobs took, by task and outcome.", ("task", "outcome"), buckets=(*SECONDS, 60.0)
)
waits = Histogram(
    "network_api_job_wait_seconds",
    "How long jobs had waited for a worker, from when they were announced, by task.",
    ("task",),
    buckets=(*SECONDS, 60.0, 600.0),
)
mails = Counter(
    "network_api_mails_total",
    "Attempts to send a mail of the outbox, by what it became: sent, refused, ready again, ...",
    ("state",),
)
