"""The address that a bounce comes back to: it tells whose letter it was, and nobody can make one."""

import pytest
from bson import ObjectId
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletters.subscriptions.verp import read, return_path

ISSUE, SUBSCRIPTION = ObjectId("ffffffffffffffffffffffff"), ObjectId("000000000000000000000000")


@pytest.fixture(autouse=True)
def bounces(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest address for bounces that the settings take."""
    monkeypatch.setitem(app.config, "BOUNCE_ADDRESS", "bounces1234@lists.example.org")


def made() -> str:
    address = return_path(ISSUE, SUBSCRIPTION)
    assert address is not None
    return address


def test_it_is_read_back_whatever_a_relay_does_to_its_case() -> None:
    address = made()
    assert address.startswith("bounces1234+")
    assert address.endswith("@lists.example.org")
    for written in (address, address.upper(), address.swapcase(), address.title()):
        assert read(written) == (ISSUE, SUBSCRIPTION)


def test_its_local_part_is_as_long_as_it_may_be_and_no_longer() -> None:
    assert len(made().partition("@")[0]) == 64


def test_every_changed_letter_makes_it_void() -> None:
    address = made()
    start, end = address.index("+") + 1, address.index("@")
    for place in range(start, end - 1):
        other = "a" if address[place] != "a" else "b"
        assert read(address[:place] + other + address[place + 1 :]) is None


def test_it_holds_under_an_older_key_and_under_no_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    address, old = made(), app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "a newer secret of the tests, long enough")
    assert read(address) is None
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert read(address) == (ISSUE, SUBSCRIPTION)


def test_it_holds_after_the_address_for_bounces_has_moved(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    address = made()
    monkeypatch.setitem(app.config, "BOUNCE_ADDRESS", "returns@example.net")
    assert read(address) == (ISSUE, SUBSCRIPTION)


def test_without_an_address_for_bounces_there_is_none(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "BOUNCE_ADDRESS", None)
    assert return_path(ISSUE, SUBSCRIPTION) is None


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.text("abcdefghijklmnopqrstuvwxyz234567+@", max_size=90), st.emails()))
def test_what_nobody_made_is_read_as_nothing(address: str) -> None:
    assert read(address) is None
    assert read(f"bounces+{address}@lists.example.org") is None
