"""Series: a year's theme days from a template, drafted once however often they are asked for, and a feed of them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from icalendar import Calendar

from events import publishing
from events.documents import Event
from events.series import draft_days, remove_series
from events.series_documents import Series
from network_api.app import create_app
from network_api.auth.caller import STRANGER, Caller
from network_api.documents import utcnow
from network_api.errors import Conflict, Invalid
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.processes import at_once, together

YEAR = ["2030-03-07T07:00:00Z", "2030-06-06T06:00:00Z", "2030-09-05T06:00:00Z", "2030-12-05T07:00:00Z"]  # nine o'clock in Finland
ROUNDS = 20


@pytest.fixture
def series(coordinator: Api, event: Event) -> dict[str, Any]:
    """A series after `event`."""
    given = {"network_id": str(event.network_id), "title": {"fi": "Teemapäivät 2030"}, "template_id": str(event.pk)}
    made: dict[str, Any] = coordinator.post("/series", given).json
    return made


def test_a_years_theme_days_are_drafted_once(anyone: Api, coordinator: Api, event: Event, series: dict[str, Any]) -> None:
    register(anyone, event, "eka")
    path = f"/series/{series['id']}/events"
    days = coordinator.post(path, {"starts_at": YEAR[:3]}).json["items"]
    assert [(day["starts_at"], day["status"], day["series_id"]) for day in days] == [
        (moment, "draft", series["id"]) for moment in YEAR[:3]
    ]
    assert {day["seats"]["onsite"]["taken"] for day in days} == {0}
    again = coordinator.post(path, {"starts_at": YEAR}).json["items"]
    assert [day["id"] for day in again[:3]] == [day["id"] for day in days]
    assert len(coordinator.get(f"/events?series={series['id']}").json["items"]) == 4


def draft_in_a_process(settings: dict[str, Any], series_id: str) -> None:
    """A process of its own that drafts the same theme days."""
    with create_app(settings).app_context():
        found, moments = Series.get(series_id), [utcnow().replace(microsecond=0, second=0, minute=0) + timedelta(days=30)]
        together()
        draft_days(STRANGER, found, moments)


def test_two_who_ask_at_once_draft_once(own_settings: dict[str, Any]) -> None:
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    template = make_event(network)
    made = Series(network_id=network.pk, title={"fi": "Sarja"}, template_id=template.pk).insert()
    at_once(draft_in_a_process, *[(own_settings, str(made.pk))] * 2)
    assert len(Event.rows({"series_id": made.pk})) == 1


def join_or_remove(settings: dict[str, Any], pairs: list[tuple[str, str]], joins: bool, guard: bool) -> None:
    """A process of its own that makes theme days those of series, or one that deletes the series."""
    if not guard:  # the negative control: the series is read, and not written
        Series.join = classmethod(lambda cls, network_id, series_id: cls.first({"_id": series_id}))  # type: ignore[assignment]
    with create_app(settings).app_context():
        administrator = Caller(ObjectId(), is_administrator=True)
        for event_id, series_id in pairs:
            event, series = Event.get(event_id), Series.get(series_id)
            together()
            with suppress(Conflict, Invalid):
                if joins:
                    publishing.change_event(administrator, event, {"series_id": series.pk}, None)
                else:
                    remove_series(administrator, series, None)
            together()


def left_over(settings: dict[str, Any], *, guard: bool) -> int:
    """How many theme days belong to a series that is gone, of those that became its own while somebody deleted it."""
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    pairs = []
    for _ in range(ROUNDS):
        event = make_event(network)
        made = Series(network_id=network.pk, title={"fi": "Sarja"}, template_id=event.pk).insert()
        pairs.append((str(event.pk), str(made.pk)))
    at_once(join_or_remove, *((settings, pairs, joins, guard) for joins in (True, False)))
    return sum(row["series_id"] not in Series.by_ids([row["series_id"]]) for row in Event.rows({}) if row.get("series_id"))


def test_no_theme_day_belongs_to_a_series_that_was_deleted_meanwhile(own_settings: dict[str, Any]) -> None:
    assert left_over(own_settings, guard=True) == 0


def test_without_the_guard_some_belong_to_a_series_that_is_gone(own_settings: dict[str, Any]) -> None:
    """The negative control: were this to fail, the test above would prove nothing."""
    assert left_over(own_settings, guard=False) > 0


def test_one_that_cannot_be_keeps_all_of_them_out(coordinator: Api, series: dict[str, Any]) -> None:
    assert coordinator.post(f"/series/{series['id']}/events", {"starts_at": [*YEAR, "1999-01-01T00:00:00Z"]}).status_code == 422
    assert Event.rows({"series_id": Series.get(series["id"]).pk}) == []


def test_a_series_has_a_feed_of_its_published_theme_days(
    anyone: Api, coordinator: Api, event: Event, series: dict[str, Any]
) -> None:
    feed = f"//series/{series['id']}/events.ics"
    assert Calendar.from_ical(anyone.get(feed).data).walk("VEVENT") == []
    coordinator.patch(f"/events/{event.pk}", {"series_id": series["id"]}, If_Match="*")
    assert len(Calendar.from_ical(anyone.get(feed).data).walk("VEVENT")) == 1
    assert len(anyone.get(f"/events?series={series['id']}").json["items"]) == 1


def test_a_series_is_of_one_network(coordinator: Api, other_region: Network, series: dict[str, Any], event: Event) -> None:
    elsewhere = make_event(other_region, slug="muualla")
    given = {"network_id": str(event.network_id), "title": {"fi": "x"}, "template_id": str(elsewhere.pk)}
    assert list(coordinator.post("/series", given).json["errors"]) == ["template_id"]
    foreign = Series(network_id=other_region.pk, title={"fi": "x"}, template_id=elsewhere.pk).insert()
    answer = coordinator.patch(f"/events/{event.pk}", {"series_id": str(foreign.pk)}, If_Match="*")
    assert list(answer.json["errors"]) == ["series_id"]


def test_a_series_is_edited_with_its_etag_and_deleted_when_it_is_empty(
    coordinator: Api, event: Event, series: dict[str, Any], signed_in: Callable[..., Api]
) -> None:
    path = f"/series/{series['id']}"
    tag = coordinator.get(path).headers["ETag"]
    assert coordinator.patch(path, {"title": {"fi": "Uusi"}}, If_Match=tag).json["title"] == {"fi": "Uusi"}
    assert coordinator.patch(path, {"title": {"fi": "Vanha"}}, If_Match=tag).status_code == 412
    coordinator.patch(f"/events/{event.pk}", {"series_id": series["id"]}, If_Match="*")
    assert coordinator.delete(path, If_Match="*").json["code"] == "series_in_use"
    coordinator.patch(f"/events/{event.pk}", {"series_id": None}, If_Match="*")
    assert coordinator.delete(path, If_Match="*").status_code == 204


def test_a_series_whose_template_is_gone_says_so_and_drafts_nothing(coordinator: Api, regional: Network) -> None:
    template = make_event(regional, status="draft", published_at=None)
    given = {"network_id": str(regional.pk), "title": {"fi": "x"}, "template_id": str(template.pk)}
    made = coordinator.post("/series", given).json
    assert coordinator.delete(f"/events/{template.pk}", If_Match="*").status_code == 204
    answer = coordinator.post(f"/series/{made['id']}/events", {"starts_at": YEAR})
    assert (answer.status_code, answer.json["code"]) == (409, "template_gone")
    other = make_event(regional)
    assert coordinator.patch(f"/series/{made['id']}", {"template_id": str(other.pk)}, If_Match="*").status_code == 200
    assert coordinator.post(f"/series/{made['id']}/events", {"starts_at": YEAR}).status_code == 200
