"""How many keys a MongoDB server examines for each row of a page, as its `explain` tells."""

from collections.abc import Callable
from typing import Any

from pymongo import monitoring
from pymongo.database import Database
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

_ASKED = ("find", "filter", "sort", "limit", "projection", "hint", "skip")


class Pages(CommandListener):
    """The queries for pages that have been sent: sorted, and cut."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Note a query for a page."""
        command = event.command
        if event.command_name == "find" and "sort" in command and "limit" in command:
            self.sent.append({name: command[name] for name in _ASKED if name in command})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""


pages = Pages()


def listen() -> None:
    """Note the queries of clients that are made from now on."""
    monitoring.register(pages)


def most_keys(database: Database[dict[str, Any]], read: Callable[[], object]) -> float:
    """The most keys for each row, or else documents, that a query for a page examined while this was read."""
    pages.sent.clear()
    read()
    stats = [database.command("explain", sent, verbosity="executionStats")["executionStats"] for sent in list(pages.sent)]
    return max(
        (max(each["totalKeysExamined"], each["totalDocsExamined"]) / max(each["nReturned"], 1) for each in stats), default=0.0
    )
