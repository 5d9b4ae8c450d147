"""Every page of every list of theme days and registrations, with every combination of filters, is served by an index.

For 100,000 theme days and 20,000 registrations no clock says so: the embedded engine reads all matches whatever the index.
So each combination is asked once, of an empty collection, and what was sent is judged by the declared indexes.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask

from events import attendance, find, registration
from events.attendance_documents import Attendance
from events.documents import PHASES, Event
from events.registration_documents import Registration
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import BaseDocument, utcnow
from network_api.networks.documents import Network
from tests.census import Shape, census, declared_indexes, serving
from tests.events.factories import make_event

NOT_GIVEN = None
PAGES = (None, [utcnow(), ObjectId()])
OTHERS_PAGES = (None, [ObjectId(), ObjectId()])
BY_A_FIELD_OF_ITS_OWN = {"modes", "topics", "network_ids", "search"}
Asked = dict[Shape, tuple[Mapping[str, Any], Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the application asks from here on; the run's own census does not see it."""
    seen: Asked = {}
    monkeypatch.setattr(census, "seen", seen)
    return seen


def combinations(**filters: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """Every combination of filters, each with one of its values or left out."""
    for values in product(*((NOT_GIVEN, *given) for given in filters.values())):
        yield {name: value for name, value in zip(filters, values, strict=True) if value is not NOT_GIVEN}


def paging(after: list[Any] | None) -> dict[str, Any]:
    return {"limit": 1, "after": after, "total": False}


def unserved(asked: Asked, document: type[BaseDocument]) -> list[str]:
    indexes, name = declared_indexes(document), document._get_collection_name()
    return [
        str(shape) for shape, (where, sort) in asked.items() if shape.collection == name and not serving(where, sort, indexes)
    ]


def ask_for_events(caller: Caller, network: Network) -> None:
    period = {"from_": utcnow(), "to": utcnow()}
    for query in combinations(
        q=("teema",), mode=("remote",), topic=("etätyö",), network=(network.pk,), period=(1,), phase=PHASES
    ):
        asked = {**query, **(period if query.pop("period", 0) else {})}
        asked.pop("period", None)
        for sort, after in (("starts_at", None), ("-starts_at", PAGES[1])):
            find.find_events(caller, {**asked, "sort": sort, "paging": paging(after)})


def test_an_index_serves_filter_and_order_of_every_page_of_theme_days(app: Flask, regional: Network, asked: Asked) -> None:
    ask_for_events(Caller(), regional)
    find.find_events(Caller(), {"region": "FI-08", "sort": "starts_at", "paging": paging(None)})
    assert len(asked) > 300
    assert unserved(asked, Event) == []


def test_a_filter_of_theme_days_alone_rides_an_index_that_begins_with_it(app: Flask, regional: Network, asked: Asked) -> None:
    """So a rare topic costs no walk through all that is public."""
    for query in ({"q": "teema"}, {"mode": "remote"}, {"topic": "etätyö"}, {"network": regional.pk}):
        find.find_events(Caller(), {**query, "sort": "starts_at", "paging": paging(None)})
    found = set()
    for where, sort in asked.values():
        own = {name: value for name, value in where.items() if name in BY_A_FIELD_OF_ITS_OWN}
        assert serving(own, sort, declared_indexes(Event)), where
        found |= own.keys()
    assert found == BY_A_FIELD_OF_ITS_OWN


def test_an_index_serves_filter_and_order_of_every_page_of_registrations(app: Flask, regional: Network, asked: Asked) -> None:
    event, member = make_event(regional), ObjectId()
    partner = Caller(member_id=member, email_key="a@example.org", roles={ObjectId(): COORDINATOR})
    coordinator = Caller(member_id=member, email_key="a@example.org", roles={regional.pk: COORDINATOR})
    for caller, after in product((coordinator, partner), OTHERS_PAGES):
        for query in combinations(q=("aino",), status=("waitlisted",), mode=("onsite",)):
            registration.find_registrations(caller, event, {**query, "paging": paging(after)})
            list(Registration.each(registration.filters(caller, event, query), sort=[("_id", 1)]))
        for query in combinations(source=("ticket",)):
            attendance.find_entries(event, {**query, "paging": paging(after)})
        registration.find_own(caller, {"paging": paging(after)})
    assert len(asked) > 30
    assert unserved(asked, Registration) == unserved(asked, Attendance) == []


def test_a_list_without_its_index_would_be_found(asked: Asked) -> None:
    """The negative control: theme days sorted by what no index has."""
    by_title = (("title", 1), ("_id", 1))
    asked[Shape("events", "{status: ?}", by_title, "a list")] = ({"status": "published"}, by_title)
    assert len(unserved(asked, Event)) == 1
