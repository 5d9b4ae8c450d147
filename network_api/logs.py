"""Logs: one line an event to standard error, as text or as JSON, without what opens anything and without people's addresses.

Requests are told by their route, not by their path and query (`note_route`): `GET /manage/registrations/<token>`. What other
lines and tracebacks quote is taken out of them when they are written. Each line names the request that it belongs to
(`network_api.request_ids`). What programs are to read in a line are its `Facts`.
"""

import logging
import re
from datetime import UTC, datetime

import orjson
from flask import Flask, request

from network_api import request_ids

TEXT, JSON = "text", "json"
LINE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"
ROUTE = "network_api.route"  # in the WSGI environment: which route answered
# Of a personal link the id stays, which opens nothing; of a session or an API token, what kind it is; of a certificate nothing.
_TOKEN = re.compile(r"\b(?:([0-9a-f]{24})\.[\w-]{32}|(nw[st]_)\w{42}|(?:[A-Z2-7]{4}-){7}[A-Z2-7]{4})")
_ADDRESS = re.compile(r"[\w.!#$'*+^`{|}~%-]+(@|%40)(?=[\w-]+\.)", re.IGNORECASE)
_traceback = logging.Formatter()


class Facts(dict[str, str | int | float]):
    """What a line is made of, told one by one in JSON: `logger.info("Mail %(mail)s has gone.", Facts(mail="65f1..."))`."""


def harmless(said: str) -> str:
    """A text without tokens, and with no more of an address than its domain."""
    return _ADDRESS.sub(r"…\1", _TOKEN.sub(r"\1\2…", said))


def take_out_secrets(record: logging.LogRecord) -> bool:
    """A filter that takes them out of a line and its traceback: what is logged must open nothing, and name nobody."""
    said = record.getMessage()
    hidden = harmless(said)
    if isinstance(record.args, Facts):
        record.args = Facts({name: harmless(fact) if isinstance(fact, str) else fact for name, fact in record.args.items()})
    elif hidden != said:
        record.msg, record.args = hidden, None
    if record.exc_info and not record.exc_text:
        record.exc_text = _traceback.formatException(record.exc_info)
    if record.exc_text:
        record.exc_text = harmless(record.exc_text)
    return True


def name_request(record: logging.LogRecord) -> bool:
    """A filter that writes into a line which request it belongs to, where the line does not say so itself."""
    record.request_id = getattr(record, "request_id", None) or request_ids.current() or "-"
    return True


class JsonLines(logging.Formatter):
    """A line as one JSON object, its facts among its members; all of them texts and numbers."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        facts = record.args if isinstance(record.args, Facts) else {}
        return orjson.dumps({**facts, **line}, default=str).decode()


def write_to(handlers: list[logging.Handler], kind: str) -> None:
    """Have handlers write lines of that kind, with the name of the request and without secrets."""
    for handler in handlers:
        handler.setFormatter(JsonLines() if kind == JSON else logging.Formatter(LINE))
        for each in (name_request, take_out_secrets):
            handler.removeFilter(each)
            handler.addFilter(each)


def note_route() -> None:
    """Note for the log of requests which route answers: a path would tell tokens, and a query whom somebody looked for."""
    request.environ[ROUTE] = request.url_rule.rule if request.url_rule else "-"


def init_app(app: Flask) -> None:
    """Log at the level, and in the form, that the settings ask for."""
    logging.basicConfig(level=app.config["LOG_LEVEL"])
    write_to(logging.getLogger().handlers, app.config["LOG_FORMAT"])
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    app.before_request(note_route)
