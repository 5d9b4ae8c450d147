"""Turns: who wants the same document goes one after another, on this machine."""

import threading
from concurrent.futures import ThreadPoolExecutor

from network_api.turns import give_way, turn


def test_two_who_want_the_same_go_one_after_another() -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with turn("Event 1"):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))
    assert set(most) == {1}


def test_nobody_who_has_a_turn_waits_for_another() -> None:
    """Two that hold one and want the other's would wait for ever."""
    meeting = threading.Barrier(2)

    def work(first: str, second: str) -> str:
        with turn(first):
            meeting.wait(10)
            with turn(second):
                return first

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(work, *names) for names in (("Event 1", "Event 2"), ("Event 2", "Event 1"))]
        assert [each.result(10) for each in done] == ["Event 1", "Event 2"]


def test_a_turn_ends_with_its_block_whatever_happens_in_it() -> None:
    for _ in range(2):
        try:
            with turn("Event 3"):
                raise LookupError
        except LookupError:
            continue


def test_what_can_wait_gives_way_to_who_has_a_turn() -> None:
    order: list[str] = []
    waits = threading.Event()

    def mail() -> None:
        waits.set()
        give_way(60)
        order.append("mail")

    with ThreadPoolExecutor(1) as pool:
        with turn("Event 4"):
            mailing = pool.submit(mail)
            waits.wait(10)
            order.append("registration")
        mailing.result(10)
    assert order == ["registration", "mail"]


def test_it_waits_no_longer_than_it_says() -> None:
    with turn("Event 5"):
        give_way(0.01)  # who has the turn would never let it go
