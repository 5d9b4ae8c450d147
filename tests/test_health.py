"""Health and readiness tell the truth, and whoever is asked to stop ends what it has begun."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import mongoengine
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from celery import Celery
from flask import Flask
from flask.testing import FlaskClient
from pymongo.errors import AutoReconnect

from network_api import jobs
from network_api.app import create_app, ensure_indexes
from network_api.idempotency import IdempotentAnswer
from network_api.mail.message import MailMessage
from network_api.mail.outbox import OutgoingMail, put
from network_api.members.documents import Member
from tests.faults.proxy import Proxy
from tests.platform.running import COMMAND, clean_environment, eventually, free_port
from tests.platform.test_cli import as_variables

BODY = b'{"email": "aino@example.org"}'


@pytest.fixture
def another(app: Flask, settings: dict[str, Any]) -> Iterator[Any]:
    """Makes applications with other settings, on a database of their own; the shared one is connected again afterwards."""
    parts = urlsplit(settings["MONGODB_URI"])
    own = {**settings, "MONGODB_URI": urlunsplit(parts._replace(path=f"{parts.path}_health"))}
    yield lambda **given: create_app({**own, **given})
    mongoengine.disconnect()
    mongoengine.connect(host=app.config["MONGODB_URI"], tz_aware=True, uuidRepresentation="standard")
    app.extensions["celery"].set_default()
    app.extensions["celery"].set_current()


@pytest.mark.usefixtures("migrated")
def test_ready_means_that_everything_answers(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    parts = dict.fromkeys(("database", "indexes", "migrations", "broker", "mail"), "ok")
    assert (answer.status_code, answer.json) == (200, {"status": "ready", **parts})


def test_without_its_indexes_nobody_is_ready_and_an_index_that_was_dropped_is_found_at_a_start(another: Any) -> None:
    made = another()
    before = made.test_client().get("/readyz")
    assert (before.status_code, before.json["status"]) == (503, "not ready")
    assert "network-api prepare" in before.json["indexes"]
    ensure_indexes(made)
    assert made.test_client().get("/readyz").json["indexes"] == "ok"
    with made.app_context():
        unique = next(name for name in Member.collection().index_information() if name.startswith("email_key"))
        Member.collection().drop_index(unique)
    assert another().test_client().get("/readyz").json["indexes"].startswith("1 missing")


@pytest.mark.parametrize("part", ["database", "mail"])
def test_what_does_not_answer_is_named_and_the_process_lives_on(another: Any, part: str) -> None:
    nowhere = free_port()
    given: dict[str, Any] = {"MAIL_PORT": nowhere}
    if part == "database":
        given = {"MONGODB_URI": f"mongodb://127.0.0.1:{nowhere}/x?replicaSet=rs0"}
    client = another(**given).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json[part].partition(":")[0]) == (503, "unreachable")
    assert client.get("/healthz").status_code == 200


def test_a_request_that_has_begun_is_answered_after_sigterm(settings: dict[str, Any], tmp_path: Path) -> None:
    """Its second half comes when the server has been told to stop."""
    log, port = tmp_path / "web.log", free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:network_api.web_server", "--bind", f"127.0.0.1:{port}"]
    parts = urlsplit(settings["MONGODB_URI"])
    variables = as_variables({**settings, "MONGODB_URI": urlunsplit(parts._replace(path=f"{parts.path}_stopped"))})
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--workers", "1", "wsgi:app"], stdout=output, stderr=output, env=clean_environment(**variables)
        )
    try:
        eventually(lambda: "Booting worker" in log.read_text(), "the worker has started")
        with socket.create_connection(("127.0.0.1", port), 30) as client:
            head = "POST /api/v1/auth/codes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            client.sendall(f"{head}Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n".encode())
            assert b"100 Continue" in client.recv(1000)  # the application is about to read the body
            client.sendall(BODY[:10])
            server.send_signal(signal.SIGTERM)
            eventually(lambda: "Handling signal: term" in log.read_text(), "it was told to stop")
            client.sendall(BODY[10:])
            assert client.recv(1000).startswith(b"HTTP/1.1 202 ")
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()


class Slow:
    """Takes a mail, and says so when it is let."""

    def __init__(self) -> None:
        self.has_mail, self.may_answer = threading.Event(), threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.has_mail.set()
        await asyncio.to_thread(self.may_answer.wait, 20)
        return "250 OK"


def test_a_worker_that_is_told_to_stop_notes_first_that_its_mail_has_gone(
    app: Flask, settings: dict[str, Any], tmp_path: Path
) -> None:
    slow, log, port = Slow(), tmp_path / "worker.log", free_port()
    server = Controller(slow, hostname="127.0.0.1", port=port)
    server.start()
    parts = urlsplit(settings["MONGODB_URI"])
    broker = urlunsplit(parts._replace(path=f"{parts.path}_broker"))
    variables = as_variables({**settings, "CELERY_BROKER_URL": broker, "MAIL_PORT": port})
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [COMMAND, "worker", "--queues", "mail"], stdout=output, stderr=output, env=clean_environment(**variables)
        )
    try:
        put(MailMessage("cause:1", "aino@example.org", "Hei", "Tervetuloa.\n"))
        announcing = Celery("announcing", broker=broker, set_as_current=False)
        announcing.conf.broker_transport_options = jobs._transport_options(broker)
        announcing.send_task("mail.sweep", queue="mail")
        assert slow.has_mail.wait(60), log.read_text()
        worker.send_signal(signal.SIGTERM)
        eventually(lambda: "Warm shutdown" in log.read_text(), "it was told to stop")
        assert worker.poll() is None
        slow.may_answer.set()
        assert worker.wait(30) == 0
    finally:
        slow.may_answer.set()
        worker.kill()
        worker.wait()
        server.stop()
    assert [(row["state"], row["attempts"]) for row in OutgoingMail.rows({})] == [("sent", 1)]


@pytest.fixture
def reached(settings: dict[str, Any], app: Flask) -> Iterator[Callable[[str], FlaskClient]]:
    """Makes a client of an application that reaches its database by this URI; the shared one is connected again afterwards."""
    yield lambda uri: create_app({**settings, "MONGODB_URI": uri}).test_client()
    mongoengine.disconnect()
    mongoengine.connect(host=app.config["MONGODB_URI"], tz_aware=True, uuidRepresentation="standard")
    app.extensions["celery"].set_default()
    app.extensions["celery"].set_current()


def test_without_the_database_people_and_programs_are_told_to_come_back(reached: Callable[[str], FlaskClient]) -> None:
    parted = reached(f"mongodb://127.0.0.1:{free_port()}/network?serverSelectionTimeoutMS=50")
    told = parted.get("/api/v1/events", headers={"Accept": "application/json"})
    assert (told.status_code, told.json["code"], told.headers["Retry-After"]) == (503, "unavailable", "2")
    told = parted.post("/api/v1/auth/codes", json={"email": "aino@example.org"}, headers={"Idempotency-Key": "k"})
    assert (told.status_code, told.content_type) == (503, "application/problem+json")
    parted.set_cookie("session", "nas_123456789012345678901234567890")
    page = parted.get("/events", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype, page.headers["Retry-After"]) == (503, "text/html", "2")


def test_a_connection_that_the_network_has_forgotten_is_given_up(reached: Callable[[str], FlaskClient], mongodb_uri: str) -> None:
    """Neither side hears that it is gone; a setting's default says how long that is waited for, here it is a moment."""
    parts = urlsplit(mongodb_uri)
    assert parts.port is not None
    with closing(Proxy(free_port(), parts.port)) as proxy:
        where = parts._replace(
            netloc=f"127.0.0.1:{proxy.port}", query=f"{parts.query}&socketTimeoutMS=300&serverSelectionTimeoutMS=500"
        )
        client = reached(urlunsplit(where))
        assert client.get("/api/v1/events").status_code == 200
        proxy.lose()
        assert client.get("/api/v1/events").status_code == 200
        assert client.post("/api/v1/auth/codes", json={"email": "aino@example.org"}).status_code == 202


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the database goes away between what was asked for and the note about it."""

    def be_away(*given: object) -> None:
        raise AutoReconnect("the connection is lost")

    monkeypatch.setattr(IdempotentAnswer, "change", be_away)
    told = app.test_client().post("/api/v1/auth/codes", json={"email": "aino@example.org"}, headers={"Idempotency-Key": "k"})
    assert told.status_code == 202
