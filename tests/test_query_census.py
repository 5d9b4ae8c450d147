"""The query census itself: what it lets through, what it finds, and that a find fails the run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from flask import Flask

from network_api.app import documents
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.census import BY_ID, EXCEPTIONS, Census, Index, Shape, Sort, abstract, scans, serving

INDEXES = [
    BY_ID,
    Index((("slug", 1),), unique=True),
    Index((("kind", 1), ("slug", 1), ("_id", 1))),
    Index((("due", 1), ("_id", 1))),
    Index((("rare", 1),), sparse=True),
    Index((("event", 1), ("email", 1)), unique=True, only_where={"active": True}),
]
BY_SLUG: Sort = (("slug", 1), ("_id", 1))
BACKWARDS: Sort = (("slug", -1), ("_id", -1))


@pytest.mark.parametrize(
    ("where", "sort"),
    [
        ({"_id": 1}, ()),
        ({"_id": {"$in": [1, 2]}}, ()),
        ({"slug": "a"}, (("anything", 1),)),
        ({"kind": "a"}, BY_SLUG),
        ({"kind": "a"}, BACKWARDS),
        ({"kind": {"$in": ["a", "b"]}, "other": 1}, BY_SLUG),
        ({"kind": "a", "slug": {"$gt": "x"}}, BY_SLUG),
        ({"$and": [{"kind": "a"}, {"slug": {"$gt": "x"}}]}, BY_SLUG),
        ({"due": {"$lte": 1}}, (("due", 1), ("_id", 1))),
        ({}, (("due", 1),)),
        ({"rare": True}, ()),
        ({"event": 1, "email": "a", "active": True}, ()),
        ({"$or": [{"_id": 1}, {"slug": "a"}]}, ()),
    ],
    ids=str,
)
def test_what_an_index_serves_passes(where: dict[str, Any], sort: Sort) -> None:
    assert serving(where, sort, INDEXES)


@pytest.mark.parametrize(
    ("where", "sort"),
    [
        ({}, ()),
        ({"other": 1}, ()),
        ({"other": 1}, BY_SLUG),
        ({"kind": "a"}, (("other", 1),)),
        ({"kind": "a"}, (("slug", 1), ("_id", -1))),
        ({"kind": {"$gt": "a"}}, BY_SLUG),  # a range before the sort leaves it to memory
        ({"due": {"$lte": 1}}, BY_SLUG),
        ({"kind": {"$ne": "a"}}, ()),
        ({"slug": {"$exists": True}}, ()),
        ({"rare": None}, ()),  # a sparse index has no rows without the field
        ({"event": 1, "email": "a"}, ()),  # a partial index has not all rows
        ({"$or": [{"_id": 1}, {"other": "a"}]}, ()),
    ],
    ids=str,
)
def test_what_no_index_serves_is_found(where: dict[str, Any], sort: Sort) -> None:
    assert serving(where, sort, INDEXES) is None


def test_values_are_left_out_of_a_shape() -> None:
    one = {"visible_to": {"$in": ["a", "b"]}, "starts_at": {"$gt": 1}, "$or": [{"a": 1}, {"b": {"$lte": 2}}]}
    other = {"starts_at": {"$gt": 9}, "$or": [{"b": {"$lte": 7}}, {"a": 2}], "visible_to": {"$in": ["x", "y", "z"]}}
    assert abstract(one) == abstract(other)
    assert abstract(one) != abstract({**one, "kind": "a"})


def test_explain_tells_a_scan_from_the_use_of_an_index(app: Flask) -> None:
    database = mongoengine.get_db()
    assert scans(database, "members", {"name": "Aino"}, ())
    assert not scans(database, "members", {"email_key": "aino@example.org"}, ())
    assert not scans(database, "networks", {"kind": "regional"}, BY_SLUG)


def test_a_bad_shape_is_found_and_told_in_a_readable_line(app: Flask) -> None:
    census = Census()
    census.seen[Shape("members", abstract({"name": "x"}), (), "network_api/members/actions.py:find")] = ({"name": "Aino"}, ())
    census.seen[Shape("members", abstract({"_id": 1}), (), "network_api/members/actions.py:get")] = ({"_id": 1}, ())
    assert census.judge(mongoengine.get_db(), documents()) == [
        "members {name: ?} (network_api/members/actions.py:find): no declared index serves it"
    ]


def test_what_the_application_asks_is_collected_and_what_a_test_asks_is_not(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.census import census  # noqa: PLC0415 - the one that listens

    monkeypatch.setattr(census, "seen", {})
    Member.collection().find_one({"name": "asked by a test"})
    Network.rows({"kind": "asked by a test, too"})
    assert census.seen == {}
    Member.of_address("aino@example.org")
    assert {(shape.collection, shape.where, shape.caller) for shape in census.seen} == {
        ("members", "{email_key: ?}", "network_api/members/documents.py:Member.of_address")
    }


def test_every_exception_has_its_reason() -> None:
    assert [exception for exception in EXCEPTIONS if len(exception.reason) < 30] == []


BAD = """
from tests.census import census

def test_after_which_the_census_finds_fault():
    census.faults.append("networks {description: ?}: no declared index serves it")
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_the_census_finds_fails_the_run_with_xdist_and_without(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_bad.py").write_text(BAD)
    options = ("-p", "xdist", "-p", "tests.census_report", "-c", "/dev/null", "--rootdir", str(tmp_path), "-n", workers)
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(command, cwd=Path(__file__).parent.parent, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in run.stdout, run.stdout + run.stderr
    assert "networks {description: ?}: no declared index serves it" in run.stdout
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
