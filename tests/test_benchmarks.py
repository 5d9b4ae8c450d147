"""The guard of benchmarks fails for what has become slower, and for nothing else; no census listens in a benchmark."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import guard
from tests.platform.running import clean_environment

RECORDED = {"reads, item": 0.8, "reads, list": 0.6}
ROOT = Path(__file__).parents[1]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """What the guard sees, look by look."""
    coming: list[dict[str, float]] = []
    monkeypatch.setattr(guard, "look", lambda kind: coming.pop(0))
    return coming


def test_what_is_slower_in_each_of_three_looks_has_fallen(looks: list[dict[str, float]]) -> None:
    looks += [{"reads, item": 0.59, "reads, list": 0.6}] * 3
    found = guard.guarded("reads", RECORDED)
    assert guard.fallen(found, RECORDED) == ["reads, item"]


def test_what_is_as_fast_as_before_in_one_look_has_not(looks: list[dict[str, float]]) -> None:
    looks += [{"reads, item": 0.3, "reads, list": 0.6}, {"reads, item": 0.7, "reads, list": 0.2}]
    assert guard.fallen(guard.guarded("reads", RECORDED), RECORDED) == []
    assert looks == []


def test_nothing_is_looked_at_twice_without_need(looks: list[dict[str, float]]) -> None:
    looks += [{"reads, item": 0.61, "reads, list": 0.46}]
    assert guard.fallen(guard.guarded("reads", RECORDED), RECORDED) == []


def test_work_that_takes_twice_the_processor_is_measured_as_such() -> None:
    once, twice = (guard.taken(lambda number=number: sum(range(number)))[1] for number in (1_000_000, 8_000_000))
    assert twice > 2 * once


def test_no_census_of_the_tests_listens_while_a_benchmark_measures() -> None:
    said = "import benchmarks.__main__; from pymongo.monitoring import _LISTENERS as found; print(len(found.command_listeners))"
    run = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True, cwd=ROOT, env=clean_environment()
    )
    assert run.stdout == "0\n"
