"""How many commands reach the database, so that a page's number of queries can be a promise."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

ASKING = ("find", "aggregate", "count", "distinct", "getMore", "insert", "update", "delete", "findAndModify")


class Queries(CommandListener):
    """Which commands were sent since counting began."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Note a command that reads or writes."""
        if event.command_name in ASKING:
            self.sent.append(f"{event.command_name} {event.command[event.command_name]}")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """What is sent inside."""
        self.sent = found = []
        yield found


queries = Queries()
