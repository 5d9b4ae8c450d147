"""Migrations: in batches, each row once; after a kill they go on; machines share them; a dry run changes nothing."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from network_api import migrating, migrations
from network_api.app import create_app
from network_api.cli import main
from network_api.documents import Row, session
from network_api.migrations import Migration, MigrationState
from network_api.networks.documents import Network
from tests.events.conftest import own_app, own_settings  # noqa: F401 - fixtures
from tests.killing import COMMITS, killed_at
from tests.processes import at_once, together

ROWS = 3


def is_old(row: Row) -> bool:
    return True


def count(row: Row) -> None:
    """Each row counts how often it was brought up."""
    Network.collection().update_one({"_id": row["_id"]}, {"$inc": {"brought_up": 1}}, session=session())


COUNTED = Migration("2000-01-01 counted", Network, is_old, count)


def apply_alone() -> None:
    """Do that one migration in small batches; its lease is over at once, so that everybody may take it over."""
    migrating.known, migrating.BATCH, migrations.LEASE = lambda: [COUNTED], 2, timedelta(0)
    for _ in migrating.apply():
        pass


def apply_together(settings: dict[str, Any], guarded: bool) -> None:
    with create_app(settings).app_context():
        if not guarded:
            MigrationState.advance = lambda self, place, changed: None
        claim = MigrationState.claim

        def claim_together(name: str) -> MigrationState | None:
            """The first time: both have claimed before either goes on, so that the earlier claim is no longer the newest."""
            MigrationState.claim = claim
            claimed = claim(name)
            together()
            return claimed

        MigrationState.claim = claim_together
        apply_alone()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """`apply_alone` changes what it changes for this test only."""
    for module, name in ((migrating, "known"), (migrating, "BATCH"), (migrations, "LEASE")):
        monkeypatch.setattr(module, name, getattr(module, name))


def make_rows() -> None:
    for number in range(ROWS):
        Network(slug=f"verkosto-{number}", name={"fi": "Verkosto"}, kind="regional").insert()


def times() -> Counter[int]:
    """How often rows were brought up."""
    return Counter(row.get("brought_up", 0) for row in Network.rows({}))


def test_each_row_is_brought_up_once_and_a_second_time_nothing_is(app: Flask, alone: None) -> None:
    make_rows()
    apply_alone()
    assert times() == {1: ROWS}
    assert (MigrationState.row({"_id": COUNTED.name}) or {})["changed"] == ROWS
    apply_alone()
    assert times() == {1: ROWS}


def test_who_is_killed_anywhere_leaves_no_row_out_and_none_twice(own_settings: dict[str, Any], alone: None) -> None:  # noqa: F811
    make_rows()
    number, killed = 0, True
    while killed:
        MigrationState.collection().delete_many({})
        Network.collection().update_many({}, {"$unset": {"brought_up": ""}})
        killed = killed_at(number, apply_alone, own_settings, at=COMMITS)
        apply_alone()
        assert times() == {1: ROWS}, number
        number += 1
    assert number > 3  # the claim, two batches, the end


def test_two_machines_share_one_migration_and_without_its_guard_rows_are_brought_up_twice(
    own_settings: dict[str, Any],  # noqa: F811
) -> None:
    """The second part is the negative control."""
    for guarded in (True, False):
        Network.collection().delete_many({})
        MigrationState.collection().delete_many({})
        make_rows()
        at_once(apply_together, (own_settings, guarded), (own_settings, guarded))
        assert (times() == {1: ROWS}) is guarded


def test_what_another_machine_is_at_is_left_to_it_until_its_lease_is_over(app: Flask) -> None:
    MigrationState(id=COUNTED.name).insert()
    theirs = MigrationState.claim(COUNTED.name)
    assert theirs is not None
    assert MigrationState.claim(COUNTED.name) is None
    MigrationState.collection().update_one({"_id": COUNTED.name}, {"$set": {"due_at": migrations.utcnow()}})
    assert MigrationState.claim(COUNTED.name) is not None
    with pytest.raises(migrations.Taken):
        theirs.finish()


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the command on the database of the tests, with that one migration."""
    monkeypatch.setattr("network_api.processes.create_app", lambda: app)
    monkeypatch.setattr(migrating, "known", lambda: [COUNTED])

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["migrate", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_the_command_tells_what_it_does_and_a_dry_run_only_tells(run: Any) -> None:
    make_rows()
    assert f"{COUNTED.name}: {ROWS} rows to bring up. Each row counts how often it was brought up." in run("--dry-run")
    assert (times(), MigrationState.rows({})) == ({0: ROWS}, [])
    assert f"{COUNTED.name}: {ROWS} rows. " in run()
    assert run() == "Everything is as this release reads it.\n"
    assert times() == {1: ROWS}


def test_again_does_all_once_more(run: Any) -> None:
    make_rows()
    run()
    assert f"{COUNTED.name}: {ROWS} rows to bring up" in run("--again", "--dry-run")
    run("--again")
    assert times() == {2: ROWS}


def test_nobody_is_ready_before_the_migrations_are_done(app: Flask) -> None:
    """As an application that has just started sees it: what was seen whole is not looked for again."""
    app.extensions.pop("complete", None)
    parts = app.test_client().get("/readyz").json
    assert parts["migrations"] == f"{len(migrating.known())} missing: network-api migrate does them"
    for _ in migrating.apply():
        pass
    assert app.test_client().get("/readyz").json["migrations"] == "ok"


def test_names_order_them_and_each_says_what_it_does(app: Flask) -> None:
    names = [migration.name for migration in migrating.known()]
    assert names == sorted(set(names))
    assert all(migration.meaning.endswith(".") for migration in migrating.known())
