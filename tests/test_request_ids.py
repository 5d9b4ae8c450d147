"""One id names what a request has caused: in the answer, in the log, in the job it wakes and beside the mail it sends."""

import json
import logging
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from flask import Flask, abort
from pymongo import MongoClient

from network_api import logs, request_ids
from network_api.app import create_app
from tests.platform.running import COMMAND, clean_environment, eventually, free_port
from tests.platform.test_cli import as_variables

GIVEN = "01JDH6Z8Q4-proxy-7"


def test_a_given_id_comes_back_in_the_header_and_in_a_problem(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/networks/nowhere", headers={"X-Request-ID": GIVEN})
    assert (answer.status_code, answer.headers["X-Request-ID"], answer.json["request_id"]) == (404, GIVEN, GIVEN)  # type: ignore[index]


@pytest.mark.parametrize("odd", ["", "short", "a" * 65, "aino@example.org", "nws_" + "a" * 42, "65f1c0ff" * 3 + "." + "A" * 32])
def test_what_logs_should_not_tell_is_no_id(app: Flask, odd: str) -> None:
    made = [app.test_client().get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"] for _ in range(2)]
    assert odd not in made
    assert len(set(made)) == 2


def test_a_person_is_told_the_number_of_a_mistake_of_ours(settings: dict[str, Any], app: Flask) -> None:
    broken = create_app(settings)
    broken.add_url_rule("/broken", view_func=lambda: abort(500))
    page = broken.test_client().get("/broken", headers={"Accept": "text/html", "Accept-Language": "fi", "X-Request-ID": GIVEN})
    assert (page.status_code, f"kerro tämä numero: {GIVEN}" in page.text) == (500, True)
    missing = app.test_client().get("/nowhere", headers={"Accept": "text/html", "X-Request-ID": GIVEN})
    assert GIVEN not in missing.text


def test_lines_say_the_request_and_jobs_and_mails_take_it_along(app: Flask) -> None:
    with app.test_request_context("/healthz", headers={"X-Request-ID": GIVEN}):
        request_ids.take_or_make()
        record = logging.LogRecord("network_api", logging.INFO, "x", 1, "hello", (), None)
        logs.name_request(record)
        assert logging.Formatter(logs.LINE).format(record).endswith(f" network_api [{GIVEN}]: hello")
        assert request_ids.passed_on() == {request_ids.REQUEST_ID: GIVEN}
    assert (request_ids.current(), request_ids.passed_on()) == (None, {})


def test_a_line_of_json_has_its_facts_and_no_secret_in_any_of_them() -> None:
    facts = logs.Facts(mail="65f1c0ffee65f1c0ffee65f1", attempt=2, answer="550 unknown: aino@example.org")
    try:
        raise ValueError('key: "aino@example.org"')
    except ValueError:
        record = logging.LogRecord("x", logging.WARNING, "x", 1, "Mail %(mail)s: %(answer)s", (facts,), sys.exc_info())
    assert logs.take_out_secrets(record)
    line = json.loads(logs.JsonLines().format(record))
    assert (line["mail"], line["attempt"], line["answer"]) == (facts["mail"], 2, "550 unknown: …@example.org")
    assert (line["level"], line["logger"]) == ("WARNING", "x")
    assert line["message"] == f"Mail {facts['mail']}: 550 unknown: …@example.org"
    assert 'ValueError: key: "…@example.org"' in line["traceback"]


def lines(log: Path) -> list[dict[str, Any]]:
    """The lines of a log, all of which are JSON: fails where one is not."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_one_id_leads_from_the_web_process_over_the_worker_to_the_mail(settings: dict[str, Any], tmp_path: Path) -> None:
    """A web server and a worker as they run, with JSON lines: every line of theirs is one."""
    port, web, work = free_port(), tmp_path / "web.log", tmp_path / "worker.log"
    parts = urlsplit(settings["MONGODB_URI"])
    database = urlunsplit(parts._replace(path=f"{parts.path}_named"))
    own = {**settings, "MONGODB_URI": database, "CELERY_BROKER_URL": database, "LOG_FORMAT": "json"}
    environment = clean_environment(**as_variables(own))
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:network_api.web_server", "--access-logfile", "-"]
    commands = {
        web: [*gunicorn, "--bind", f"127.0.0.1:{port}", "--workers", "1", "wsgi:app"],
        work: [COMMAND, "worker", "--queues", "mail"],
    }
    running = []
    try:
        for log, command in commands.items():
            with log.open("wb") as output:
                running.append(subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment))
        eventually(lambda: "Booting worker" in web.read_text() and " ready." in work.read_text(), "both have started")
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            body, headers = json.dumps({"email": "aino@example.org"}), {"Content-Type": "application/json", "X-Request-ID": GIVEN}
            connection.request("POST", "/api/v1/auth/codes", body, headers)
            assert connection.getresponse().status == 202
        eventually(lambda: '"state":"sent"' in work.read_text(), "the mail has gone")
        eventually(lambda: "succeeded" in work.read_text(), "the job has ended")
        told, theirs = ([line for line in lines(log) if line["request_id"] == GIVEN] for log in (web, work))
    finally:
        for process in running:
            process.terminate()
        assert [process.wait() for process in running] == [0, 0]
    (asked,) = told
    assert (asked["method"], asked["route"], asked["status"]) == ("POST", "/api/v1/auth/codes", 202)
    with MongoClient[dict[str, Any]](database) as client:
        (row,) = client.get_default_database()["outgoing_mail"].find()
    assert [line["mail"] for line in theirs if "mail" in line] == [str(row["_id"])]
    assert any("mail.deliver" in line["message"] and "succeeded" in line["message"] for line in theirs)
    assert "aino" not in web.read_text() + work.read_text()
