"""Databases of former releases: brought up, everything adds up, everything can be read, and the second time nothing is left."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from mongoengine.connection import get_db

from events import retention
from events.attendance_documents import Attendance
from events.documents import Event
from events.needs_documents import Needs
from events.registration_documents import Registration
from network_api import backup, migrating
from network_api.app import FEATURES, documents
from network_api.documents import BaseDocument, utcnow
from network_api.processes import administrator_token
from newsletters.subscriptions.documents import Subscription

RELEASES = sorted(Path(__file__).parent.glob("*.backup"))
IDS = {
    "event_id": Event,
    "registration_id": Registration,
    **{f"{document.__name__.lower()}_id": document for document in documents()},
}


@pytest.fixture(params=RELEASES, ids=lambda file: file.stem)
def former(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    """The rows of a former release, at the time when they were made: what is due since is another matter."""
    collections = {document.collection().name: document.collection() for document in documents()}
    rows = [record for record in backup.read(request.param) if record.get("rows")]
    for record in rows:
        if record["collection"] in collections:  # not the counts of requests, which had a library of their own
            collections[record["collection"]].insert_many(record["rows"])
    newest = max(row["updated_at"] for row in Subscription.rows({}))
    with time_machine.travel(newest + timedelta(minutes=1), tick=True):
        yield request.param.stem


def test_a_database_of_a_former_release_is_brought_up(app: Flask, former: str) -> None:
    came = {row["_id"] for row in Registration.rows({}) if row.get("attended_at")}
    needed = {row["_id"] for row in Registration.rows({}) if row.get("needs")} | {row["_id"] for row in Needs.rows({})}
    assert came
    assert needed
    for _ in migrating.apply():
        pass
    assert {row["registration_id"] for row in Attendance.rows({})} == came
    assert {row["_id"] for row in Needs.rows({})} == needed
    assert not any("needs" in row for row in Registration.rows({}))
    assert_agendas_are_within_their_days()
    retention.apply_due(utcnow())  # it finds now what it could not see
    assert wrong() == []
    for document in documents():
        for row in document.each({}):
            document.wrap(row).checked_row()
    assert all(told.rows == 0 for told in migrating.look(migrating.known()))
    assert read_everything(app) > 40


def wrong() -> list[str]:
    return [f"{problem.invariant} {problem.where}" for feature in FEATURES for problem in feature.check()]


def assert_agendas_are_within_their_days() -> None:
    for row in Event.rows({}):
        Event.wrap(row).check_times()
        for session in row["agenda"]:
            assert row["starts_at"] <= session["starts_at"] < session["ends_at"] <= row["ends_at"]


def read_everything(app: Flask) -> int:
    """Ask each address that takes no more than ids, as an administrator; how many answered something."""
    token, asked = administrator_token("admin@example.org"), 0
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= IDS.keys():
            ids = {name: _any_of(IDS[name]) for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, ids, method="GET")
            with app.test_client() as client, client.get(path, headers={"Authorization": f"Bearer {token}"}) as answer:
                assert answer.status_code < 500, (path, answer.get_data(as_text=True)[:300])
                asked += bool(answer.get_data())
    return asked


def _any_of(document: type[BaseDocument]) -> str:
    return str((document.row({}) or {"_id": "0" * 24})["_id"])


def test_without_it_the_first_release_does_not_add_up_and_would_keep_people_for_ever(app: Flask) -> None:
    """The negative control of both tests above."""
    old = next(iter(RELEASES))
    for record in backup.read(old):
        if record.get("rows") and record["collection"] in ("events", "registrations"):
            get_db()[record["collection"]].insert_many(record["rows"])
    assert {problem.partition(" ")[0] for problem in wrong()} >= {"event_available", "registration_attendance"}
    assert Event.row({"held": "registrations"}) is None
