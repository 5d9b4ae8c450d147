"""The platform in this process, for benchmarks: on the embedded database with its safe setting."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bson import ObjectId
from flask import Flask
from pymongo import MongoClient

from network_api.app import create_app, ensure_indexes
from network_api.up import embedded
from tests.platform.running import eventually, free_port


def is_given() -> bool:
    """Whether a URL names the server to measure on."""
    return "NETWORK_MONGODB_URI" in os.environ


@contextmanager
def database() -> Iterator[str]:
    """The URI of a database of its own on the server that NETWORK_MONGODB_URI names, else of an embedded one as `up` runs it."""
    if given := os.environ.get("NETWORK_MONGODB_URI"):
        uri = urlunsplit(urlsplit(given)._replace(path=f"/bench_{ObjectId()}"))
        yield uri
        with MongoClient[Any](uri) as client:
            client.drop_database(client.get_default_database())
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port, log = free_port(), Path(folder) / "database.log"
        with log.open("wb") as output:
            process = subprocess.Popen(embedded.database_command(port, Path(folder) / "data"), stdout=output, stderr=output)
        try:
            eventually(lambda: b"listening on" in log.read_bytes(), "the database listens", 60)
            yield embedded.database_uri(port)
        finally:
            process.terminate()
            process.wait()


def settings(uri: str, smtp_port: int, **given: Any) -> dict[str, Any]:
    """The settings of a platform on that database, sending to that port."""
    return {
        "SECRET_KEY": "a secret of the benchmarks, long enough",
        "MONGODB_URI": uri,
        "PUBLIC_URL": "https://verkosto.example.org",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": smtp_port,
        "MAIL_DEFAULT_SENDER": "network@example.org",
        "CELERY_BROKER_URL": "memory://",
        "LOG_LEVEL": "WARNING",
        **given,
    }


@contextmanager
def platform(given: Mapping[str, Any]) -> Iterator[Flask]:
    """The application with its indexes, inside its context."""
    app = create_app(given)
    with app.app_context():
        ensure_indexes(app)
        yield app
