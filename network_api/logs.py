"""Logs: one line an event to standard error, without what opens anything and without the addresses of people.

Requests are told by their route, not by their path and query (`note_route`): `GET /manage/registrations/<token>`. What other
lines and tracebacks quote is taken out of them when they are written.
"""

import logging
import re

from flask import Flask, request

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
ROUTE = "network_api.route"  # in the WSGI environment: which route answered
# Of a personal link the id stays, which opens nothing; of a session or an API token, what kind it is; of a certificate nothing.
_TOKEN = re.compile(r"\b(?:([0-9a-f]{24})\.[\w-]{32}|(nw[st]_)\w{42}|(?:[A-Z2-7]{4}-){7}[A-Z2-7]{4})")
_ADDRESS = re.compile(r"[\w.!#$'*+^`{|}~%-]+(@|%40)(?=[\w-]+\.)", re.IGNORECASE)
_traceback = logging.Formatter()


def harmless(said: str) -> str:
    """A text without tokens, and with no more of an address than its domain."""
    return _ADDRESS.sub(r"…\1", _TOKEN.sub(r"\1\2…", said))


def take_out_secrets(record: logging.LogRecord) -> bool:
    """A filter that takes them out of a line and its traceback: what is logged must open nothing, and name nobody."""
    said = record.getMessage()
    hidden = harmless(said)
    if hidden != said:
        record.msg, record.args = hidden, None
    if record.exc_info and not record.exc_text:
        record.exc_text = _traceback.formatException(record.exc_info)
    if record.exc_text:
        record.exc_text = harmless(record.exc_text)
    return True


def note_route() -> None:
    """Note for the log of requests which route answers: a path would tell tokens, and a query whom somebody looked for."""
    request.environ[ROUTE] = request.url_rule.rule if request.url_rule else "-"


def init_app(app: Flask) -> None:
    """Log at the level that the settings ask for."""
    logging.basicConfig(level=app.config["LOG_LEVEL"], format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.addFilter(take_out_secrets)
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    app.before_request(note_route)
