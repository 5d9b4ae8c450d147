"""What every document shares: identity, version, times, session-aware reads and guarded writes, transactions.

mongoengine declares the shape, the indexes and the validation of a document. Reading and writing go straight to the
collection, because mongoengine 0.29 knows no sessions and because a plain stored dict (a *row*) is several times
faster to read than an object. So there are two forms of one thing: a row, which lists and answers are made of, and a
document, which carries the rules. Everything that changes a stored document is one conditional update (`change`), never
a `save()`, which upserts and can bring a deleted document back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

from bson import ObjectId
from bson.errors import InvalidId
from mongoengine import DateTimeField, Document, EmbeddedDocument, IntField, ObjectIdField, ValidationError
from mongoengine.connection import get_connection
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from network_api import measures
from network_api.errors import Conflict, Invalid, NotFound, StaleVersion
from network_api.turns import turn

P = ParamSpec("P")
T = TypeVar("T")
Row = Mapping[str, Any]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # bounds a range of times at its other end
_DUPLICATE_KEY = 11000  # MongoDB's code for what a unique index refuses
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # the lower end of a range of instants: the embedded engine wants two ends


def utcnow() -> datetime:
    """Now, aware, in UTC, in whole milliseconds: exactly what MongoDB stores."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def object_id(value: Any, name: str = "id") -> ObjectId:
    """The ObjectId that `value` writes; NotFound, naming the field, where it writes none."""
    try:
        return ObjectId(value or "")  # ObjectId(None) would make a new one
    except (InvalidId, TypeError) as error:
        raise NotFound(errors={name: ["Not a valid id."]}) from error


class AlreadyExists(Conflict):
    """A unique index refused the write; `index` is the name of that index."""

    code = "already_exists"
    detail = "There is one of these already."

    def __init__(self, details: Row | None) -> None:
        details = details or {}
        self.fields = tuple(details.get("keyPattern") or ())
        super().__init__()


@dataclass
class _Transaction:
    """The running transaction: its session, and what to do once it has been committed."""

    session: ClientSession
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    contended: str = ""  # what another transaction had changed first


_current: ContextVar[_Transaction | None] = ContextVar("transaction", default=None)
_permission: ContextVar[Callable[[], object] | None] = ContextVar("permission", default=None)


def session() -> ClientSession | None:
    """The session of the running transaction, for reads and writes that go to a collection directly."""
    running = _current.get()
    return running.session if running else None


def ask_before_each_attempt(permission: Callable[[], object] | None) -> None:
    """What is asked inside each transaction from now on, before its work, and raises where it is not to be done; None: nothing.

    For work that somebody else takes over when it takes too long: an attempt that begins anew after that must not be made.
    """
    _permission.set(permission)


def transactional(work: Callable[P, T]) -> Callable[P, T]:
    """Run a function in one transaction: all of its writes, or none.

    It may run several times, as often as the database asks for a retry, so it must touch nothing but the database;
    what wakes others goes to `after_commit`. Inside a running transaction it joins that one.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _current.get() is not None:
            return work(*args, **kwargs)
        with ExitStack() as turns, get_connection().start_session() as started:
            running = _Transaction(started)
            result: T = started.with_transaction(lambda _: _attempt(running, turns, lambda: work(*args, **kwargs)))
        for step in running.afterwards:
            step()
        return result

    return run


def _attempt(running: _Transaction, turns: ExitStack, work: Callable[[], T]) -> T:
    """Do the work from its beginning. Who was refused a document before waits for their turn with it first."""
    if running.contended:
        turns.close()
        turns.enter_context(turn(running.contended))
    running.contended = ""
    running.afterwards.clear()
    token = _current.set(running)
    try:
        if permission := _permission.get():
            permission()
        return work()
    finally:
        _current.reset(token)


def _note_contention(error: OperationFailure, name: str) -> None:
    running = _current.get()
    if running and error.has_error_label("TransientTransactionError"):
        running.contended = name
        measures.contention.labels(name.partition(" ")[0]).inc()


def after_commit(step: Callable[[], object]) -> None:
    """Do `step` once the running transaction has been committed; at once where none runs.

    It may never happen (the process can be killed in between), so it may only hasten what a sweep would find.
    """
    running = _current.get()
    if running is None:
        step()
    else:
        running.afterwards.append(step)


class Part(EmbeddedDocument):  # type: ignore[misc]  # mongoengine has no types
    """A part of a document: it has a shape and no identity of its own."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "strict": False}


@dataclass(frozen=True)
class Page:
    """One page of rows in a stable order; `next` is the place to go on from, None at the end; `more` stands beside them."""

    items: list[Row]
    next: list[Any] | None
    total: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def _value(row: Any, name: str) -> Any:
    for part in name.split("."):
        row = row.get(part) if row is not None else None
    return row


@dataclass(frozen=True)
class Problem:
    """An invariant that does not hold: which one, where, what should be there and what is."""

    invariant: str
    where: str
    expected: Any
    found: Any


class BaseDocument(Document):  # type: ignore[misc]  # mongoengine has no types
    """A stored document: `version` counts edits by people, times are aware UTC."""

    # Not strict: a field that only the next release knows stays as it is while both run.
    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "strict": False}

    id = ObjectIdField(primary_key=True, default=ObjectId)
    version = IntField(required=True, default=1)
    created_at = DateTimeField(required=True, default=utcnow)
    updated_at = DateTimeField(required=True, default=utcnow)

    @classmethod
    def collection(cls) -> Collection[dict[str, Any]]:
        """The pymongo collection of this class."""
        found: Collection[dict[str, Any]] = cls._get_collection()
        return found

    @classmethod
    def wrap(cls, row: Row) -> Self:
        """The document that a stored row holds."""
        made: Self = cls._from_son(row)
        return made

    @classmethod
    def row(cls, where: Mapping[str, Any]) -> Row | None:
        """The one stored row that matches, or None."""
        return cls.collection().find_one(where, session=session())

    @classmethod
    def rows(
        cls, where: Mapping[str, Any], *, sort: Sequence[tuple[str, int]] = (), limit: int = 0, only: Sequence[str] | None = None
    ) -> list[Row]:
        """The stored rows that match; `only` these fields of them."""
        found = cls.collection().find(where, only, session=session(), limit=limit)
        return list(found.sort(list(sort)) if sort else found)

    @classmethod
    def first(cls, where: Mapping[str, Any]) -> Self | None:
        """The one document that matches, or None."""
        row = cls.row(where)
        return None if row is None else cls.wrap(row)

    @classmethod
    def get(cls, identifier: Any) -> Self:
        """The document with this id. Raises NotFound, also for what is no id at all."""
        found = cls.first({"_id": object_id(identifier, f"{cls.__name__.lower()}_id")})
        if found is None:
            raise NotFound
        return found

    @classmethod
    def by_ids(cls, identifiers: Iterable[ObjectId]) -> dict[ObjectId, Row]:
        """The rows with these ids, by id, in one query."""
        wanted = list(set(identifiers))
        return {row["_id"]: row for row in cls.rows({"_id": {"$in": wanted}})} if wanted else {}

    @classmethod
    def page(
        cls,
        where: Mapping[str, Any],
        *,
        sort: tuple[str, int] = ("_id", 1),
        limit: int,
        after: Sequence[Any] | None = None,
        total: bool = False,
    ) -> Page:
        """One page of rows after the place `after` (as `Page.next` gave it), by `sort` and then by id.

        The place is a value and an id, not a count, so rows that come or go leave it right.
        """
        found = cls._rows_after(where, sort, after, limit + 1)
        more = found[limit - 1] if len(found) > limit else None
        return Page(
            items=found[:limit],
            next=[_value(more, sort[0]), more["_id"]] if more else None,
            total=cls.collection().count_documents(where, session=session()) if total else None,
        )

    @classmethod
    def _rows_after(cls, where: Mapping[str, Any], sort: tuple[str, int], after: Sequence[Any] | None, limit: int) -> list[Row]:
        """The rows after a place: first those that tie with it, then those beyond it.

        Two plain ranges, each served by an index on (equalities, sort field, _id), and no `$or` of them, which the
        embedded engine answers by reading the whole collection.
        """
        name, direction = sort
        order = [(name, direction)] if name == "_id" else [(name, direction), ("_id", direction)]
        if after is None:
            return cls.rows(where, sort=order, limit=limit)
        beyond = "$gt" if direction > 0 else "$lt"
        value, identifier = after
        if name == "_id":
            return cls.rows({**where, "_id": {beyond: identifier}}, sort=order, limit=limit)
        ties = cls.rows({**where, name: value, "_id": {beyond: identifier}}, sort=[("_id", direction)], limit=limit)
        if len(ties) == limit:
            return ties
        bounds = {**where.get(name, {}), beyond: value}
        return ties + cls.rows({**where, name: bounds}, sort=order, limit=limit - len(ties))

    def insert(self) -> Self:
        """Validate and store a new document. Raises Invalid, or AlreadyExists where a unique index refuses it."""
        row = self.checked_row()
        try:
            self.collection().insert_one(row, session=session())
        except DuplicateKeyError as error:
            raise AlreadyExists(error.details) from error
        self._created = False
        return self

    @classmethod
    def insert_all(cls, documents: Sequence[Self]) -> None:
        """Validate and store new documents in one write. Raises Invalid, or AlreadyExists where a unique index refuses one."""
        try:
            if documents:
                cls.collection().insert_many([document.checked_row() for document in documents], session=session())
        except BulkWriteError as error:
            refused = error.details["writeErrors"][0]
            if refused["code"] != _DUPLICATE_KEY:
                raise
            raise AlreadyExists(refused) from error

    def checked_row(self) -> dict[str, Any]:
        """The row to store, validated. Raises Invalid, naming the fields."""
        try:
            self.validate(clean=True)
        except ValidationError as error:
            raise Invalid(errors=error.to_dict()) from error
        row: dict[str, Any] = self.to_mongo().to_dict()
        return row

    @classmethod
    @transactional
    def change(cls, where: Mapping[str, Any], update: Mapping[str, Any]) -> Self | None:
        """The guarded write: update the one document that matches and return it as it is now, or None where none does.

        An update and a look in one transaction, for the embedded engine's findAndModify reads the whole collection whenever
        it writes. Raises AlreadyExists where a unique index refuses the new state.
        """
        found = where if "_id" in where else cls.row(where)
        if found is None or not cls.alter({**where, "_id": found["_id"]}, update):
            return None
        return cls.first({"_id": found["_id"]})

    @classmethod
    def alter(cls, where: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
        """As `change`, by `_id`, where nobody needs the document afterwards: whether there was one that matched."""
        changed = {**update, "$set": {"updated_at": utcnow(), **update.get("$set", {})}}
        try:
            return cls.collection().update_one(where, changed, session=session()).matched_count == 1
        except DuplicateKeyError as error:
            raise AlreadyExists(error.details) from error
        except OperationFailure as error:
            _note_contention(error, cls._name_of_turn(where["_id"]))
            raise

    def turn(self) -> AbstractContextManager[None]:
        """Inside it, this machine's other transactions that are refused this document wait. For where a rush is expected."""
        return turn(self._name_of_turn(self.pk))

    @classmethod
    def _name_of_turn(cls, identifier: Any) -> str:
        return f"{cls.__name__} {identifier}"

    def fresh(self, version: int | None = None) -> Self:
        """The document as it is now, read inside the running transaction, whose writes are then safe against others.

        `version` is the caller's If-Match; None asks nothing. Raises NotFound, StaleVersion.
        """
        found = self.get(self.pk)
        if version is not None and version != found.version:
            raise StaleVersion
        return found

    def edit(self, changes: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """An edit by a person: set fields, validate the whole, store only what differs and count the version up.

        It holds only for the version that was read: StaleVersion otherwise. Returns the document as stored now, and what
        differs as `{field: {"before": ..., "after": ...}}` for the audit log. This document itself stays as it was read, for
        a transaction that has to begin again. Raises Invalid and AlreadyExists too.
        """
        before = self.to_mongo().to_dict()
        edited = self.wrap(before)
        for name, value in changes.items():
            setattr(edited, name, value)
        after = edited.checked_row()
        differing = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        update: dict[str, Any] = {"$inc": {"version": 1}, "$set": {name: after[name] for name in differing if name in after}}
        if gone := set(differing) - after.keys():
            update["$unset"] = dict.fromkeys(gone, "")
        stored = self.change({"_id": self.pk, "version": before["version"]}, update)
        if stored is None:
            raise StaleVersion
        return stored, {name: {"before": before.get(name), "after": after.get(name)} for name in differing}

    @classmethod
    def remove(cls, where: Mapping[str, Any]) -> bool:
        """Delete the one document that matches; False where none does."""
        return cls.collection().delete_one(where, session=session()).deleted_count == 1

    @classmethod
    def each(cls, where: Mapping[str, Any], *, sort: Sequence[tuple[str, int]] = ()) -> Iterator[Row]:
        """Every row that matches, streamed, for exports, jobs and checks of any size."""
        found = cls.collection().find(where, session=session()).batch_size(500)
        yield from found.sort(list(sort)) if sort else found
