"""The agenda: sessions with speakers within the day, tracks side by side; and copies of a theme day for another time."""

from typing import Any

import pytest

from events.documents import Event
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import body, register


def session(starts: str, ends: str, **given: Any) -> dict[str, Any]:
    """A session on the day of `factories.body`, by the clock of UTC."""
    day = "2030-03-04T"
    return {"title": {"fi": f"Kello {starts}"}, "starts_at": f"{day}{starts}:00Z", "ends_at": f"{day}{ends}:00Z", **given}


def test_an_agenda_is_read_by_everybody_in_the_order_of_the_day(anyone: Api, coordinator: Api, regional: Network) -> None:
    speaker = {"name": "Sofia Lindqvist", "role": "työhönvalmentaja", "organisation": None}
    agenda = [
        session("10:00", "11:00", track="B", room="Kabinetti"),
        session("10:00", "11:00", track="A", speakers=[speaker], modes=["onsite"]),
        session("07:00", "08:00"),
    ]
    made = coordinator.post("/events", body(regional, agenda=agenda)).json
    coordinator.post(f"/events/{made['id']}/publish")
    shown = anyone.get(f"/events/{made['id']}").json["agenda"]
    assert [(found["starts_at"], found["track"]) for found in shown] == [
        ("2030-03-04T07:00:00Z", None),
        ("2030-03-04T10:00:00Z", "A"),
        ("2030-03-04T10:00:00Z", "B"),
    ]
    assert shown[1]["speakers"] == [speaker]
    assert coordinator.patch(f"/events/{made['id']}", {"agenda": shown}, If_Match="*").json["agenda"] == shown


@pytest.mark.parametrize(
    ("agenda", "field"),
    [
        ([session("08:00", "08:00")], "agenda.0.ends_at"),
        ([session("06:59", "08:00")], "agenda.0.starts_at"),
        ([session("12:00", "13:01")], "agenda.0.starts_at"),
        ([session("08:00", "10:00", track="A"), session("09:00", "11:00", track="A")], "agenda.1.starts_at"),
        ([session("08:00", "12:00"), session("09:00", "09:30"), session("10:00", "11:00")], "agenda.2.starts_at"),
    ],
)
def test_an_agenda_that_cannot_be_is_told_by_its_session(
    coordinator: Api, regional: Network, agenda: list[dict[str, Any]], field: str
) -> None:
    answer = coordinator.post("/events", body(regional, agenda=agenda))
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_a_day_that_becomes_shorter_than_its_agenda_names_the_session(coordinator: Api, regional: Network) -> None:
    made = coordinator.post("/events", body(regional, agenda=[session("11:00", "12:30")])).json
    shorter = coordinator.patch(f"/events/{made['id']}", {"ends_at": "2030-03-04T12:00:00Z"}, If_Match="*")
    assert (shorter.status_code, list(shorter.json["errors"])) == (422, ["agenda.0.starts_at"])


def test_a_copy_for_another_time_keeps_the_hours_of_the_clock_over_summer_time(
    anyone: Api, coordinator: Api, regional: Network
) -> None:
    """From winter time, where 7:00 UTC is nine o'clock in Finland, into summer time, where 6:00 UTC is."""
    given = body(regional, agenda=[session("07:30", "08:30")], registration_closes_at="2030-03-01T22:00:00Z")
    made = coordinator.post("/events", given).json
    coordinator.post(f"/events/{made['id']}/publish")
    register(anyone, Event.get(made["id"]), "eka")
    copy = coordinator.post(f"/events/{made['id']}/duplicate", {"starts_at": "2030-09-12T06:00:00Z"}).json
    assert (copy["starts_at"], copy["ends_at"]) == ("2030-09-12T06:00:00Z", "2030-09-12T12:00:00Z")
    assert copy["registration_closes_at"] == "2030-09-09T21:00:00Z"
    assert (copy["agenda"][0]["starts_at"], copy["agenda"][0]["ends_at"]) == ("2030-09-12T06:30:00Z", "2030-09-12T07:30:00Z")
    assert (copy["status"], copy["seats"]["onsite"]["taken"], copy["capacity"]) == ("draft", 0, made["capacity"])
    assert copy["slug"] != made["slug"]
