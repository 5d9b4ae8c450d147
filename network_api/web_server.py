"""The web server: gunicorn with these settings, started by `network-api up`, or by
`gunicorn --config python:network_api.web_server wsgi:app`.

The platform is imported here, once, in the process that starts the web workers: they share its memory and are up at
once. Only the application itself, with its database connection, is made in each worker, for a connection must not cross
a fork.
"""

import gc
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from network_api import logs, settings
from network_api.app import create_app
from network_api.request_ids import REQUEST_ID
from network_api.up.process import die_with_parent

_memory = Path("/dev/shm")  # noqa: S108 - a folder in memory, for the file by which gunicorn sees that a worker lives

REQUEST_LINE = "%(method)s %(route)s %(status)d %(bytes)d bytes %(milliseconds)d ms"
SWITCH_AFTER = 0.0005  # seconds: Python's own 5 ms are long for somebody whom others wait for, and who waits ten times


class WebLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logs, without the tokens of personal links: the log of errors, and that of requests where somebody wants one."""

    def setup(self, cfg: Any) -> None:
        """Set up the logs as the application's are."""
        super().setup(cfg)
        kind = settings.read_environment().get("LOG_FORMAT", logs.TEXT)
        logs.write_to([*self.error_log.handlers, *self.access_log.handlers], kind)

    def access(self, resp: Any, req: Any, environ: Any, request_time: timedelta) -> None:
        """Tell of a request, for whoever turns it on (--access-logfile): no network address, no path, no query, no referrer."""
        if self.access_log.handlers:
            facts = logs.Facts(
                method=environ["REQUEST_METHOD"],
                route=environ.get(logs.ROUTE, "-"),
                status=int(resp.status_code),
                bytes=resp.sent,
                milliseconds=request_time // timedelta(milliseconds=1),
            )
            self.access_log.info(REQUEST_LINE, facts, extra={"request_id": environ.get(REQUEST_ID)})


worker_class = ThreadWorker
logger_class = WebLogger
threads = 8
timeout = 60
graceful_timeout = 8
keepalive = 15
worker_tmp_dir = str(_memory if os.access(_memory, os.W_OK) else tempfile.gettempdir())
control_socket_disable = True  # one fixed path for all gunicorns of a user: two platforms on one machine would meet there


def when_ready(server: Any) -> None:
    """Leave what is imported out of garbage collection, so that the workers go on sharing it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """A killed gunicorn must not leave workers that hold its port; a thread that has an answer of the database goes on soon."""
    die_with_parent(server.pid)
    sys.setswitchinterval(SWITCH_AFTER)


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The web server as `up` runs it: the settings above, one address, some workers."""

    def __init__(self, address: str, workers: int) -> None:
        self.address, self.workers = address, workers
        super().__init__(prog="network-api")

    def load_config(self) -> None:
        """Take over the settings of this module."""
        chosen = {name: value for name, value in globals().items() if name in self.cfg.settings}
        for name, value in {**chosen, "bind": self.address, "workers": self.workers}.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one web worker."""
        return create_app()
