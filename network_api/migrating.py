"""Doing migrations (`network_api.migrations`): what is pending, in order, in small batches, on several machines at once.

A migration goes over the rows of its collection in the order of their ids. Each batch is one transaction with the place that
it has come to, so whoever is killed leaves nothing half done, and the next goes on there.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from time import sleep
from typing import Any, NamedTuple

from network_api.documents import AlreadyExists, transactional
from network_api.feature import features
from network_api.migrations import Migration, MigrationState, Taken

BATCH = 100  # rows in one transaction
LOOK_EVERY = 0.2  # seconds, while another machine is at it


class Told(NamedTuple):
    """A migration, and how many rows it has brought up, or would."""

    migration: Migration
    rows: int


def known() -> list[Migration]:
    """All migrations, in their order."""
    return sorted(chain.from_iterable(feature.migrations for feature in features()), key=lambda migration: migration.name)


def pending() -> list[Migration]:
    """Those that this database has not had yet."""
    done = {row["_id"] for row in MigrationState.rows({}) if row.get("done_at")}
    return [migration for migration in known() if migration.name not in done]


def look(at: Iterable[Migration]) -> Iterator[Told]:
    """How many rows these would bring up, counted on the rows as they are; nothing is changed."""
    for migration in at:
        yield Told(migration, sum(map(migration.is_old, migration.document.each({}))))


def begin_again() -> None:
    """Let all be done once more: for what processes of an earlier release have stored since."""
    for migration in known():
        MigrationState.begin_again(migration.name)


def apply() -> Iterator[Told]:
    """Do what is pending, one after the other, and tell of each. What another machine is at is waited for."""
    for migration in pending():
        _make_known(migration.name)
        while (state := MigrationState.row({"_id": migration.name}) or {}).get("done_at") is None:
            claimed = MigrationState.claim(migration.name)
            if claimed is None:
                sleep(LOOK_EVERY)
            else:
                _go_on(claimed, migration)
        yield Told(migration, state["changed"])


def _make_known(name: str) -> None:
    try:
        MigrationState(id=name).insert()
    except AlreadyExists:  # begun before, or by another machine
        return


def _go_on(claimed: MigrationState, migration: Migration) -> None:
    """Do the rest of it, or as much as there is before another process takes over."""
    rest = {} if claimed.place is None else {"_id": {"$gt": claimed.place}}
    rows = migration.document.collection().find(rest, {"_id": True}, sort=[("_id", 1)])
    try:
        while batch := [row["_id"] for row in islice(rows, BATCH)]:
            _bring_up(claimed, migration, batch)
        claimed.finish()
    except Taken:
        return


@transactional
def _bring_up(claimed: MigrationState, migration: Migration, batch: Sequence[Any]) -> None:
    changed = 0
    for row in migration.document.rows({"_id": {"$in": batch}}):
        if migration.is_old(row):
            migration.up(row)
            changed += 1
    claimed.advance(batch[-1], changed)
