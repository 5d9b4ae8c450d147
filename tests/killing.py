"""Work that is killed at any of its steps: a process of its own, which ends at the n-th command that changes something."""

import os
import signal
from collections.abc import Callable, Collection
from typing import Any

from mongoengine.connection import get_connection
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from network_api.app import create_app
from tests.processes import PROCESSES

COMMITS = ("commitTransaction",)
CHANGES = ("insert", "update", "delete", "commitTransaction")


class KilledAt(CommandListener):
    """Kills this process when it is about to send the n-th change."""

    def __init__(self, number: int, names: Collection[str]) -> None:
        self.left, self.names = number, names

    def started(self, event: CommandStartedEvent) -> None:
        """Count, and end here."""
        if event.command_name in self.names:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """What failed is no change."""


def _run(killer: KilledAt, work: Callable[..., object], settings: dict[str, Any], arguments: tuple[Any, ...]) -> None:
    monitoring.register(killer)
    with create_app(settings).app_context():
        work(*arguments)


def killed_at(
    number: int,
    work: Callable[..., object],
    settings: dict[str, Any],
    *arguments: Any,
    at: Collection[str] = CHANGES,
) -> bool:
    """Do `work(*arguments)` in a process that is killed at its n-th change, from 0 on; False where it came to its end."""
    killer = KilledAt(number, at)
    process = PROCESSES.Process(target=_run, args=(killer, work, settings, arguments))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    get_connection().admin.command("killAllSessions", [])  # what it had open, which the server keeps for a minute
    return process.exitcode != 0
