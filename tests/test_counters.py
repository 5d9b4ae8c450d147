"""Requests counted in the memory of one process; what is counted in the database is in test_conventions.py."""

from network_api import counters
from network_api.counters import ProcessCounts

LONG, OVER = 3600, 0  # seconds


def test_each_client_is_counted_in_a_window_of_its_own() -> None:
    counts = ProcessCounts()
    (first, ends), (second, still), (other, _) = counts.add("a", LONG), counts.add("a", LONG), counts.add("b", LONG)
    assert (first, second, other) == (1, 2, 1)
    assert ends == still


def test_after_the_end_of_a_window_a_new_one_begins() -> None:
    counts = ProcessCounts()
    assert [counts.add("a", OVER)[0], counts.add("a", OVER)[0]] == [1, 1]


def test_windows_that_are_over_are_forgotten_and_others_are_not() -> None:
    counts, clients = ProcessCounts(), 2 * counters._TIDIED_FROM
    counts.add("lasting", LONG)
    for number in range(clients):
        counts.add(f"client {number}", OVER)
    assert counts.add("lasting", LONG)[0] == 2
    assert 0 < counts.reset() < clients
