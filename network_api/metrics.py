"""`/metrics` for Prometheus: what the processes have counted (`network_api.measures`), and what waits.

Who may read it: whoever has the bearer token of the settings; where none is set, whoever asks from this machine itself.
"""

import hmac
from collections.abc import Iterator
from ipaddress import ip_address
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, request
from kombu.exceptions import ChannelError, OperationalError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from pymongo.errors import PyMongoError

from network_api import measures
from network_api.errors import NotFound, Unauthenticated
from network_api.feature import features
from network_api.jobs import QUEUES

blueprint = Blueprint("metrics", __name__)
_STARTED = "network_api.started"  # in the WSGI environment, on the clock of `perf_counter`
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))  # of any other a client could invent many
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@blueprint.get("/metrics")
def metrics() -> Response:
    """All measures, in Prometheus' text format. Raises Unauthenticated, NotFound."""
    require_reader()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
    registry.register(Waiting())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def require_reader() -> None:
    """Raises Unauthenticated where a token is set and was not sent, NotFound where none is set and the asker is elsewhere."""
    token = current_app.config["METRICS_TOKEN"]
    if token is None:
        proxied = any(name in request.headers for name in _FORWARDED)  # then the asker is who the proxy says
        if proxied or not request.remote_addr or not ip_address(request.remote_addr).is_loopback:
            raise NotFound
    elif not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        raise Unauthenticated


class Waiting(Collector):
    """What waits at this moment: the gauges of each feature, and the jobs in the broker."""

    def collect(self) -> Iterator[Metric]:
        """All gauges; those of a database or a broker that does not answer are left out."""
        up = GaugeMetricFamily("network_api_up", "Whether the database and the broker answered this request.", labels=("part",))
        for part, gauges in (("database", _gauges), ("broker", _queues)):
            try:
                found = list(gauges())
            except (OSError, PyMongoError, OperationalError):
                up.add_metric((part,), 0)
            else:
                up.add_metric((part,), 1)
                yield from found
        yield up


def _gauges() -> Iterator[Metric]:
    for feature in features():
        for gauge in feature.gauges():
            family = GaugeMetricFamily(f"network_api_{gauge.name}", gauge.meaning, labels=gauge.labels)
            for labelled, value in gauge.values.items():
                family.add_metric(labelled, value)
            yield family


def _queues() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "network_api_jobs_waiting", "Jobs in the broker that no worker has taken yet, by queue.", labels=("queue",)
    )
    with current_app.extensions["celery"].connection_for_read() as connection, connection.channel() as channel:
        for queue in QUEUES:
            try:
                size = channel.queue_declare(queue, passive=True).message_count
            except ChannelError:  # there is none before its first job
                size = 0
            family.add_metric((queue,), size)
    yield family


def begin() -> None:
    """Note when a request began."""
    request.environ[_STARTED] = perf_counter()


def end(response: Response) -> Response:
    """Count a request by the template of its route, not by its path: that would be ids, and as many as somebody tries."""
    method = request.method if request.method in _METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "-"
    took = perf_counter() - request.environ[_STARTED]
    measures.requests.labels(method, route, str(response.status_code)).observe(took)
    return response


def init_app(app: Flask) -> None:
    """Measure every request, from before anything else happens to it until nothing else does."""
    app.before_request(begin)
    app.after_request(end)
