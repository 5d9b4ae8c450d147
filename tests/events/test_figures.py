"""Figures for funders: right, without persons, and with no small number to be had."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from events.disclosure import shown_table
from events.documents import Event
from events.registration_documents import Registration
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register

SIX, NINE = 6, 9


def past_event(network: Network, **more: Any) -> Event:
    """A theme day of yesterday."""
    starts = utcnow() - timedelta(days=1)
    return make_event(network, starts_at=starts, ends_at=starts + timedelta(hours=6), **more)


def fill(event: Event, number: int, came: int = 0, **given_: Any) -> None:
    """So many registrations, of whom some came, straight into the collection."""
    values = {"mode": "remote", "status": "confirmed", "organisation": {"name": "Kunta", "type": "municipality"}, **given_}
    row = Registration(event_id=event.pk, name="A", email="a@example.org", language="fi", **values).checked_row()
    row |= {"owners": [], "search": []}
    Registration.collection().insert_many(
        {**row, "_id": ObjectId(), "email_key": str(ObjectId()), **({"attended_at": utcnow()} if place < came else {})}
        for place in range(number)
    )


def groups(figures: Any, table: str) -> dict[str, tuple[Any, Any, Any]]:
    return {row["group"]: (row["confirmed"], row["attended"], row["show_up_rate"]) for row in figures[table]}


def test_the_figures_of_a_theme_day_count_seats_and_who_came(coordinator: Api, regional: Network) -> None:
    event = past_event(regional)
    fill(event, 10, came=8, region="FI-08")
    fill(event, 20, came=15, mode="onsite", region="FI-18", organisation={"name": "Yhdistys", "type": "association"})
    fill(event, SIX, status="waitlisted")
    fill(event, NINE, status="cancelled")
    figures = coordinator.get(f"/events/{event.pk}/figures").json
    assert {name: figures[name] for name in ("events", "threshold", "confirmed", "waitlisted", "cancelled", "attended")} == {
        "events": 1,
        "threshold": 5,
        "confirmed": 30,
        "waitlisted": SIX,
        "cancelled": NINE,
        "attended": 23,
    }
    assert figures["show_up_rate"] == 0.77
    assert groups(figures, "modes") == {"onsite": (20, 15, 0.75), "remote": (10, 8, 0.8)}
    assert groups(figures, "organisation_types") == {"association": (20, 15, 0.75), "municipality": (10, 8, 0.8)}
    assert groups(figures, "regions") == {"FI-08": (10, 8, 0.8), "FI-18": (20, 15, 0.75)}


def test_a_small_number_is_withheld_with_another_from_which_it_could_be_worked_out(coordinator: Api, regional: Network) -> None:
    event = past_event(regional)
    fill(event, 3, came=3, region="FI-01")
    fill(event, 7, came=7, region="FI-08")
    fill(event, 30, came=30, region="FI-18")
    figures = coordinator.get(f"/events/{event.pk}/figures").json
    assert figures["confirmed"] == 40
    assert groups(figures, "regions") == {"FI-01": (None, None, None), "FI-08": (None, None, None), "FI-18": (30, 30, 1.0)}


def test_figures_of_few_people_tell_nothing_but_that(coordinator: Api, regional: Network) -> None:
    event = past_event(regional)
    fill(event, 4, came=4)
    figures = coordinator.get(f"/events/{event.pk}/figures").json
    assert (figures["confirmed"], figures["attended"], figures["show_up_rate"]) == (None, None, None)
    assert figures["modes"] == figures["organisation_types"] == figures["regions"] == []


def possibilities(cells: dict[str, int], shown: dict[str, int | None]) -> list[tuple[int, ...]]:
    """What the withheld cells may be, for a reader who knows the total, and that an empty cell is only withheld with all."""
    hidden = [key for key, number in shown.items() if number is None]
    least = 0 if len(hidden) == len(cells) else 1
    rest = sum(cells.values()) - sum(number for number in shown.values() if number is not None)
    return [found for found in product(range(least, rest + 1), repeat=len(hidden)) if sum(found) == rest]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=2, max_size=5), st.integers(2, 6))
def test_no_withheld_cell_follows_from_the_total(numbers: list[int], threshold: int) -> None:
    cells = {str(place): number for place, number in enumerate(numbers)}
    shown = shown_table(cells, threshold)
    assert all(number is None or number == 0 or number >= threshold for number in shown.values())
    if None in shown.values() and sum(numbers) >= threshold:
        assert all(len(set(column)) > 1 for column in zip(*possibilities(cells, shown), strict=True)), (cells, shown)


def test_to_withhold_the_small_cell_alone_would_not_do() -> None:
    """The negative control of the one before."""
    cells = {"a": 3, "b": 7}
    assert possibilities(cells, {"a": None, "b": 7}) == [(3,)]


def test_before_the_end_nobody_has_shown_up_yet(anyone: Api, coordinator: Api, event: Event) -> None:
    fill(event, 10)
    assert register(anyone, event, "eka").status_code == 201
    figures = coordinator.get(f"/events/{event.pk}/figures").json
    assert (figures["confirmed"], figures["attended"], figures["show_up_rate"]) == (11, 0, None)


def test_the_figures_of_a_network_add_up_what_it_has_held(
    signed_in: Callable[..., Api], coordinator: Api, national: Network, regional: Network, other_region: Network, event: Event
) -> None:
    held, elsewhere = past_event(regional), past_event(other_region, co_hosts=[])
    cancelled = past_event(regional, status="cancelled", cancelled_at=utcnow())
    for one in (held, elsewhere, cancelled, event):
        fill(one, 10, came=5)
    path = f"/networks/{regional.pk}/figures"
    figures = coordinator.get(path).json
    assert (figures["events"], figures["confirmed"], figures["show_up_rate"]) == (1, 10, 0.5)
    since = utcnow().isoformat().replace("+00:00", "Z")
    assert coordinator.get(f"{path}?from={since}").json["events"] == 0
    assert coordinator.get(f"{path}?to={since}").json["confirmed"] == 10
    whole = signed_in("kansallinen@example.org", national, "coordinator")
    assert whole.get(f"/networks/{national.pk}/figures").json["confirmed"] == 0
    assert whole.get(f"/networks/{national.pk}/figures?below=true").json["confirmed"] == 20


def test_figures_stay_when_somebody_is_erased(coordinator: Api, regional: Network) -> None:
    event = past_event(regional)
    fill(event, 10, came=6, region="FI-08")
    before = coordinator.get(f"/events/{event.pk}/figures").json
    for row in Registration.rows({"event_id": event.pk}):
        Registration.wrap(row).anonymise()
    assert coordinator.get(f"/events/{event.pk}/figures").json == before


def test_figures_name_nobody(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka", name="Aino Virtanen", region="FI-08")
    for path in ("figures", "figures.csv"):
        text = coordinator.get(f"/events/{event.pk}/{path}").get_data(as_text=True)
        assert not re.search("Aino|eka@example.org", text)


def test_figures_are_a_table_too(coordinator: Api, regional: Network) -> None:
    event = past_event(regional)
    fill(event, 10, came=7)
    fill(event, 2, status="waitlisted")
    for path in (f"/events/{event.pk}/figures.csv", f"/networks/{regional.pk}/figures.csv"):
        rows = list(csv.reader(io.StringIO(coordinator.get(path).data.decode("utf-8-sig"))))
        assert rows[0] == ["table", "group", "confirmed", "attended", "show_up_rate"]
        assert ["status", "waitlisted", "withheld", "", ""] in rows
        assert ["total", "", "10", "7", "0.7"] in rows
        assert ["modes", "remote", "10", "7", "0.7"] in rows


@pytest.fixture
def tells_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting that withholds nothing."""
    monkeypatch.setitem(app.config, "FIGURES_THRESHOLD", 1)


def test_a_threshold_of_one_tells_all(tells_all: None, coordinator: Api, regional: Network) -> None:
    event = past_event(regional)
    fill(event, 1, came=1)
    assert coordinator.get(f"/events/{event.pk}/figures").json["confirmed"] == 1
