"""No line of a log opens what it tells of, whoever writes it: the application, and gunicorn's own logs where they are on."""

import logging
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from gunicorn.config import Config

from network_api import web_server
from network_api.auth import links
from network_api.auth.documents import AccessToken
from network_api.logs import take_out_secrets
from tests.platform.running import clean_environment, eventually, free_port
from tests.platform.test_cli import as_variables

PROGRAM = """
import sys
from network_api.app import create_app
settings = {"SECRET_KEY": "x" * 40, "MONGODB_URI": "mongodb://127.0.0.1:1/x", "PUBLIC_URL": "http://localhost",
            "MAIL_SERVER": "127.0.0.1", "MAIL_DEFAULT_SENDER": "network@example.org", "CELERY_BROKER_URL": "memory://"}
create_app(settings).logger.error("Exception on %s [%s]", sys.argv[1], "GET")
"""


def written(*args: Any) -> str:
    record = logging.LogRecord("x", logging.INFO, "x", 1, args[0], args[1:], None)
    assert take_out_secrets(record)
    return record.getMessage()


def test_the_tokens_of_links_and_sessions_are_taken_out(app: Flask) -> None:
    made = ObjectId()
    token = links.make_token("registration.manage", made, "nonce")
    assert (
        written('"GET %s HTTP/1.1"', f"/manage/registrations/{token}/cancel")
        == f'"GET /manage/registrations/{made}…/cancel HTTP/1.1"'
    )
    _, secret = AccessToken.issue("session", ObjectId(), expires_at=None)
    assert written(f"Bearer {secret}") == "Bearer nws_…"
    assert written("GET /events/%s.ics", made) == f"GET /events/{made}.ics"
    assert written("/verify/ABCD-EFGH-2345-ABCD-EFGH-2345-ABCD-EFGH") == "/verify/…"


def test_of_an_address_no_more_than_its_domain_is_told() -> None:
    assert written("550 no such user <aino.virtanen@example.org>") == "550 no such user <…@example.org>"
    assert written("GET /desk?q=aino%%40example.org") == "GET /desk?q=…%40example.org"
    assert written("mongodb://root:hunter2@db.example.org/x") == "mongodb://root:…@db.example.org/x"
    assert written("3 mails @ 5 a second, v1.2@main") == "3 mails @ 5 a second, v1.2@main"


def test_a_traceback_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """As a database tells which key was there twice."""
    try:
        raise ValueError('E11000 duplicate key: { email_key: "aino@example.org" }')
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "Exception on %s", ("/x",), sys.exc_info())
    take_out_secrets(record)
    told = logging.Formatter().format(record)
    assert "Traceback" in told
    assert ("aino" in told, "…@example.org" in told) == (False, True)


def test_an_error_of_the_application_logs_no_token(app: Flask) -> None:
    token = links.make_token("unsubscribe", ObjectId(), "nonce")
    done = subprocess.run([sys.executable, "-c", PROGRAM, f"/unsubscribe/{token}"], capture_output=True, text=True, check=True)
    assert "Exception on /unsubscribe/" in done.stderr
    assert token not in done.stderr


def test_gunicorn_s_logs_have_no_token(app: Flask, tmp_path: Path) -> None:
    token = links.make_token("registration.join", ObjectId(), "nonce")
    config = Config()
    config.set("logger_class", web_server.logger_class)
    config.set("accesslog", str(tmp_path / "access.log"))
    config.set("errorlog", str(tmp_path / "error.log"))
    logger = config.logger_class(config)
    logger.access_log.info('%(r)s "%(f)s"', {"r": f"GET /join/{token}", "f": f"http://localhost/join/{token}"})
    logger.error("Error handling request %s", f"/join/{token}")
    for name in ("access.log", "error.log"):
        told = (tmp_path / name).read_text(encoding="utf-8")
        assert "/join/" in told
        assert token not in told


def test_the_log_of_requests_names_routes_and_neither_paths_nor_addresses(settings: dict[str, Any], tmp_path: Path) -> None:
    """A gunicorn as we run it, with the log turned on."""
    log, port = tmp_path / "access.log", free_port()
    token = f"{ObjectId()}.{'A' * 32}"
    command = [sys.executable, "-m", "gunicorn", "--config", "python:network_api.web_server", "--bind", f"127.0.0.1:{port}"]
    environment = clean_environment(**as_variables(settings))
    server = subprocess.Popen([*command, "--workers", "1", "--access-logfile", str(log), "wsgi:app"], env=environment)
    try:
        eventually(lambda: answers(port, "/healthz"), "gunicorn answers")
        headers = {
            "Referer": f"http://localhost/join/{token}",
            "User-Agent": "Aino",
            "X-Forwarded-For": "203.0.113.7",
        }
        for path in (f"/join/{token}", "/api/v1/members?q=aino%40example.org", f"/nowhere/{token}"):
            answers(port, path, headers)
        eventually(lambda: log.exists() and log.read_text().count("\n") >= 4, "requests are logged")
    finally:
        server.terminate()
        server.wait()
    told = log.read_text()
    assert " GET /join/<token> 404 " in told
    assert " GET /api/v1/members 200 " in told
    assert " GET - 404 " in told
    assert [word for word in (token, "aino", "Aino", "127.0.0.1", "203.0.113.7", "nowhere") if word in told] == []


def answers(port: int, path: str, headers: dict[str, str] | None = None) -> bool:
    """Ask, whatever the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        return connection.getresponse().read() is not None
    except OSError:
        return False
    finally:
        connection.close()
