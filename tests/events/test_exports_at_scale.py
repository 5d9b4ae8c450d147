"""A table of many rows needs no more memory than one of a few, from the database to the last byte.

`make fuzz` tells of twenty thousand rows.

A workbook is made of the same rows; `test_exports.py` measures its making. Measured in a process of its own: the embedded
database reads all matches into memory, and shares that of the tests.
"""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from bson import ObjectId
from flask import Flask

from events.attendance_documents import Attendance
from events.documents import Event
from events.registration_documents import Registration
from network_api.app import connect, create_app, documents
from network_api.auth.documents import AccessToken
from network_api.documents import BaseDocument, utcnow
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import give_role
from tests.events.factories import make_event
from tests.processes import at_once, together

FEW, MORE = 1_000, 3_000
MANY = 20_000
ROOM = 1.2  # by how much the two peaks may differ: no batch of rows is quite like another
Peaks = Callable[..., list[int]]


@pytest.fixture
def bare_settings(shared_app: Flask, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Settings of a platform without indexes, which takes many rows in a fraction of the time."""
    parts = urlsplit(settings["MONGODB_URI"])
    own = {**settings, "MONGODB_URI": urlunsplit(parts._replace(path=f"{parts.path}_tables"))}
    app = create_app(own)
    for document in documents():
        document.collection().delete_many({})
    with app.app_context():
        yield own
    connect(shared_app)


def store(document: BaseDocument, rows: Iterator[dict[str, Any]]) -> None:
    """Many rows that differ from a document by these values."""
    template = document.checked_row()
    document.collection().insert_many([{**template, **row} for row in rows])


def crowd(network: Network, people: int, *, came: bool) -> Event:
    """A theme day with so many who are registered, and who came."""
    event = make_event(network, questions=[{"id": "q", "type": "text", "label": {"fi": "Miksi?"}}])
    known = {"event_id": event.pk, "mode": "remote"}
    numbers = {ObjectId(): f"{number:05}" for number in range(people)}
    person = Registration(**known, status="confirmed", name="A", email="a@example.org", language="fi")
    store(
        person,
        (
            {"_id": found, "name": f"Aino {number}", "email_key": number, "answers": {"q": f"Siksi {number}"}}
            for found, number in numbers.items()
        ),
    )
    if came:
        entry = Attendance(**known, registration_id=event.pk, source="manual", cause="a", at=utcnow())
        store(entry, ({"_id": ObjectId(), "registration_id": found, "cause": number} for found, number in numbers.items()))
    return event


def peaks_of(settings: dict[str, Any], token: str, paths: Sequence[str], keeping: bool) -> list[int]:
    """The most bytes that were in use while each table went out."""
    if keeping:  # the negative control: all rows are read before the first goes out
        read = Registration.each
        Registration.each = lambda *asked, **more: iter(list(read(*asked, **more)))  # type: ignore[method-assign]
    client, headers = create_app(settings).test_client(), {"Authorization": f"Bearer {token}"}
    together()
    client.get("/api/v1/regions")  # what the first request alone needs
    peaks = []
    for path in paths:
        tracemalloc.start()
        answer = client.get(f"/api/v1{path}", headers=headers, buffered=False)
        assert answer.status_code == 200
        for _ in answer.iter_encoded():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return peaks


@pytest.fixture
def peaks(bare_settings: dict[str, Any]) -> Peaks:
    """`peaks("registrations.csv", MANY, keeping=False)`: the peak with a few rows, and that with so many."""
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    coordinator = Member.of_address("koordinaattori@example.org")
    give_role(coordinator, network, "coordinator")
    _, token = AccessToken.issue("session", coordinator.pk, expires_at=None)

    def measure(table: str, many: int, *, keeping: bool = False) -> list[int]:
        days = [crowd(network, people, came=table.startswith("attendance")) for people in (FEW, many)]
        paths = [f"/events/{day.pk}/{table}" for day in days]
        return at_once(peaks_of, (bare_settings, token, paths, keeping))[0]

    return measure


@pytest.mark.parametrize(
    ("table", "many"),
    [("registrations.csv", MORE), ("attendance.csv", MORE), pytest.param("registrations.csv", MANY, marks=pytest.mark.fuzz)],
)
def test_a_table_of_many_rows_needs_no_more_memory_than_one_of_a_few(peaks: Peaks, table: str, many: int) -> None:
    least, most = peaks(table, many)
    assert most < least * ROOM, (least, most)


def test_a_table_whose_rows_are_read_at_once_would_be_found(peaks: Peaks) -> None:
    """The negative control of the one before."""
    least, most = peaks("registrations.csv", MORE, keeping=True)
    assert most > least * ROOM, (least, most)
