"""Migrations: how rows that an earlier release has stored come to be as this one reads them.

A feature names its `Migration`s (`<feature>/migrations.py`); `network_api.migrating` does them, in the order of their names,
each once for a database.

While an earlier release still runs beside this one, it goes on storing rows in its own form. So for one release both forms
are read, and a migration only adds (*expand*); what nobody reads any more is taken out by the next release (*contract*).
A field that a release does not know yet is no error to it: it reads the others, and leaves that one as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from mongoengine import DateTimeField, DynamicField, IntField, StringField

from network_api.documents import BaseDocument, Row, utcnow
from network_api.errors import Conflict

LEASE = timedelta(seconds=30)  # far longer than a batch takes


@dataclass(frozen=True)
class Migration:
    """One change of what is stored. `name` begins with a date, which orders all, and stays as it is for ever.

    `is_old` says whether a row still has its earlier form; `up` brings such a row up, in the transaction that has read it.
    Both are given rows as stored, and use no document's own rules: those go on changing.
    """

    name: str
    document: type[BaseDocument]
    is_old: Callable[[Row], bool]
    up: Callable[[Row], object]

    @property
    def meaning(self) -> str:
        """What it does, in a sentence."""
        return (self.up.__doc__ or "").strip().partition("\n")[0]


class Taken(Conflict):
    """Another process has taken over, because this one was silent for longer than its lease."""

    code = "migration_taken"
    detail = "Another process goes on with this migration."


class MigrationState(BaseDocument):
    """How far a migration has come: up to the id `place`, with `changed` rows brought up; all of it where `done_at` is set."""

    meta: ClassVar[dict[str, Any]] = {"collection": "migrations"}

    id = StringField(primary_key=True)
    place = DynamicField()
    changed = IntField(required=True, default=0)
    due_at = DateTimeField(required=True, default=utcnow)  # when the lease of who is at it ends
    fence = IntField(required=True, default=0)  # counts claims: only the newest may go on
    done_at = DateTimeField()

    @classmethod
    def claim(cls, name: str) -> Self | None:
        """Take it; None where it is done, or somebody is at it."""
        now = utcnow()
        free = {"_id": name, "done_at": None, "due_at": {"$lte": now}}
        return cls.change(free, {"$set": {"due_at": now + LEASE}, "$inc": {"fence": 1}})

    @classmethod
    def begin_again(cls, name: str) -> None:
        """Let it be done once more, from the first row on."""
        cls.change({"_id": name, "done_at": {"$ne": None}}, {"$set": {"done_at": None, "place": None, "due_at": utcnow()}})

    def advance(self, place: Any, changed: int) -> None:
        """Note, in the transaction of a batch, that this one is done. Raises Taken."""
        self._write({"$set": {"place": place, "due_at": utcnow() + LEASE}, "$inc": {"changed": changed}})

    def finish(self) -> None:
        """Note that all is done. Raises Taken."""
        self._write({"$set": {"done_at": utcnow()}})

    def _write(self, update: Row) -> None:
        if not self.alter({"_id": self.pk, "fence": self.fence, "done_at": None}, update):
            raise Taken
