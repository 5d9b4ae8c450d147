"""Requests counted in the memory of one process; what is counted in the database is in test_conventions.py."""

from network_api import counters
from network_api.counters import ProcessStorage

LONG, OVER = 3600, 0  # seconds


def test_each_key_is_counted_in_a_window_of_its_own() -> None:
    storage = ProcessStorage()
    assert [storage.incr("a", LONG), storage.incr("a", LONG, 2), storage.incr("b", LONG)] == [1, 3, 1]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (3, 1, 0)


def test_after_the_end_of_a_window_a_new_one_begins() -> None:
    storage = ProcessStorage()
    assert [storage.incr("a", OVER), storage.incr("a", OVER)] == [1, 1]
    assert storage.get("a") == 0


def test_windows_that_are_over_are_forgotten_and_others_are_not() -> None:
    storage, clients = ProcessStorage(), 2 * counters._TIDIED_FROM
    storage.incr("lasting", LONG)
    for number in range(clients):
        storage.incr(f"client {number}", OVER)
    assert storage.incr("lasting", LONG) == 2
    assert 0 < (storage.reset() or 0) < clients


def test_one_count_can_be_forgotten() -> None:
    storage = ProcessStorage()
    storage.incr("a", LONG)
    storage.clear("a")
    assert storage.get("a") == 0
