"""What pytest does with the query census: a query that no index serves fails the run, with xdist and without."""

from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from tests.census import census

UNSERVED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[UNSERVED] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Bring together what the workers have found."""
    unserved = session.config.stash[UNSERVED]
    if hasattr(session.config, "workeroutput"):  # a worker of xdist
        session.config.workeroutput["unserved"] = census.faults
        return
    unserved.extend(census.faults)
    if unserved and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[UNSERVED].extend(getattr(node, "workeroutput", {}).get("unserved", ()))


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    if unserved := sorted(set(config.stash[UNSERVED])):
        terminalreporter.section("queries without an index (tests/census.py)", red=True)
        for line in unserved:
            terminalreporter.line(line)
