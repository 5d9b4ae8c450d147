"""No line of a log opens what it tells of, whoever writes it: the application, and gunicorn's own logs where they are on."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from bson import ObjectId
from flask import Flask
from gunicorn.config import Config

from network_api import web_server
from network_api.auth import links
from network_api.auth.documents import AccessToken
from network_api.logs import without_tokens

PROGRAM = """
import sys
from network_api.app import create_app
settings = {"SECRET_KEY": "x" * 40, "MONGODB_URI": "mongodb://127.0.0.1:1/x", "PUBLIC_URL": "http://localhost",
            "MAIL_SERVER": "127.0.0.1", "MAIL_DEFAULT_SENDER": "network@example.org", "CELERY_BROKER_URL": "memory://"}
create_app(settings).logger.error("Exception on %s [%s]", sys.argv[1], "GET")
"""


def written(*args: Any) -> str:
    record = logging.LogRecord("x", logging.INFO, "x", 1, args[0], args[1:], None)
    assert without_tokens(record)
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
