"""Logs: one line an event to standard error, without tokens and without the addresses of people."""

import logging
import re

from flask import Flask

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# Of a personal link the id stays, which opens nothing; of a session or an API token, what kind it is.
_TOKEN = re.compile(r"\b(?:([0-9a-f]{24})\.[\w-]{32}|(nw[st]_)\w{42})")


def without_tokens(record: logging.LogRecord) -> bool:
    """A filter that takes the tokens out of a line: an address that is logged must not open what it leads to."""
    said = record.getMessage()
    hidden = _TOKEN.sub(r"\1\2…", said)
    if hidden != said:
        record.msg, record.args = hidden, None
    return True


def init_app(app: Flask) -> None:
    """Log at the level that the settings ask for."""
    logging.basicConfig(level=app.config["LOG_LEVEL"], format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.addFilter(without_tokens)
    logging.getLogger("pymongo").setLevel(logging.WARNING)
