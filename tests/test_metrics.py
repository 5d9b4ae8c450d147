"""`/metrics`: what the processes of one server have counted, what waits, and nothing that names anybody."""

import subprocess
import sys
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from network_api import jobs
from network_api.app import create_app
from network_api.documents import transactional, utcnow
from network_api.mail import outbox, tasks
from network_api.mail.message import MailMessage
from network_api.mail.outbox import OutgoingMail
from network_api.networks.documents import Network
from tests.platform.running import clean_environment, eventually, free_port
from tests.platform.test_cli import as_variables

TOKEN = "a token for who reads the metrics"


def values(text: str) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def measured(app: Flask) -> dict[tuple[str, ...], float]:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return values(answer.text)


def test_requests_are_counted_by_route_and_never_by_path(app: Flask, regional: Network) -> None:
    client = app.test_client()
    asked = ("network_api_request_seconds_count", "GET", "/api/v1/networks/<id:network_id>", "200")
    before = measured(app).get(asked, 0)
    assert client.get(f"/api/v1/networks/{regional.pk}").status_code == 200
    client.get(f"/nowhere/{regional.pk}")
    client.open("/healthz", method="MADEUP")
    text = client.get("/metrics").text
    assert values(text)[asked] == before + 1
    assert (str(regional.pk) in text, "MADEUP" in text, "nowhere" in text) == (False, False, False)
    assert ("network_api_request_seconds_count", "other", "-", "405") in values(text)


def test_what_a_rule_refuses_is_counted_by_its_code(app: Flask) -> None:
    before = measured(app).get(("network_api_refusals_total", "unauthenticated"), 0)
    assert app.test_client().get("/api/v1/members/me").status_code == 401
    assert measured(app)["network_api_refusals_total", "unauthenticated"] == before + 1


def test_transactions_that_want_the_same_document_are_counted_by_its_class(app: Flask, regional: Network) -> None:
    """The second of two that change one network begins again."""
    attempts: list[int] = []

    @transactional
    def change() -> None:
        attempts.append(1)
        regional.fresh()
        if len(attempts) == 1:
            Network.collection().update_one({"_id": regional.pk}, {"$inc": {"version": 1}})  # outside the transaction
        Network.alter({"_id": regional.pk}, {"$inc": {"version": 1}})

    before = measured(app).get(("network_api_contention_total", "Network"), 0)
    change()
    assert len(attempts) == 2
    assert measured(app)["network_api_contention_total", "Network"] == before + 1


def test_mails_that_wait_and_that_have_gone(app: Flask) -> None:
    outbox.put(MailMessage("cause:1", "aino@example.org", "Hei", "Tervetuloa.\n"))
    OutgoingMail.collection().update_one({}, {"$set": {"due_at": utcnow() - timedelta(minutes=2)}})
    waiting = measured(app)
    assert waiting["network_api_outbox_mails", "ready"] == 1
    assert 120 <= waiting["network_api_outbox_age_seconds",] < 180
    tasks.sweep()
    gone = measured(app)
    assert (gone["network_api_outbox_mails", "ready"], gone["network_api_outbox_age_seconds",]) == (0, 0)
    assert gone["network_api_mails_total", "sent"] == waiting.get(("network_api_mails_total", "sent"), 0) + 1


def test_jobs_that_wait_and_that_were_done(app: Flask) -> None:
    before = measured(app)
    jobs.wake("mail.sweep")
    announced = measured(app)
    assert announced["network_api_jobs_waiting", "mail"] == before["network_api_jobs_waiting", "mail"] + 1
    app.extensions["celery"].tasks["mail.sweep"]()
    done = ("network_api_job_seconds_count", "done", "mail.sweep")
    assert measured(app)[done] == before.get(done, 0) + 1


def test_it_says_so_where_the_database_does_not_answer(settings: dict[str, Any], app: Flask) -> None:
    uri = f"mongodb://127.0.0.1:{free_port()}/x?serverSelectionTimeoutMS=50&replicaSet=rs0"
    try:
        away = measured(create_app({**settings, "MONGODB_URI": uri}))
    finally:
        create_app(settings)
    assert (away["network_api_up", "database"], away["network_api_up", "broker"]) == (0, 1)
    assert measured(app)["network_api_up", "database"] == 1


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}, 404),
    ],
)
def test_without_a_token_only_this_machine_may_read(app: Flask, address: str, headers: dict[str, str], status: int) -> None:
    answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("authorization", "status"), [(f"Bearer {TOKEN}", 200), (None, 401), ("Bearer another", 401), (f"Bearer {TOKEN}ä", 401)]
)
def test_with_a_token_whoever_has_it_may_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch, authorization: str, status: int
) -> None:
    monkeypatch.setitem(app.config, "METRICS_TOKEN", TOKEN)
    headers = {"Authorization": authorization} if authorization else {}
    assert app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == status


def test_whichever_web_process_is_asked_tells_of_all_of_them(settings: dict[str, Any], tmp_path: Path) -> None:
    """A gunicorn with three workers; each connection goes to whichever takes it."""
    log, port = tmp_path / "web.log", free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:network_api.web_server", "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as output:
        environment = clean_environment(**as_variables(settings), PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
        server = subprocess.Popen([*command, "--workers", "3", "wsgi:app"], stdout=output, stderr=output, env=environment)
    try:
        eventually(lambda: log.read_text().count("Booting worker") == 3, "the workers have started")
        ask(port, "/metrics")
        for number in range(1, 31):
            ask(port, "/healthz")
            counted = values(ask(port, "/metrics"))["network_api_request_seconds_count", "GET", "/healthz", "200"]
            assert counted == number
        workers = {file.stem.rpartition("_")[2] for file in tmp_path.glob("histogram_*.db")}
        assert len(workers) > 1, "one worker has answered everything: nothing is proven"
    finally:
        server.terminate()
        assert server.wait() == 0


def ask(port: int, path: str) -> str:
    """The text of an answer, over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()
