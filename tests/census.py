"""The query census: every shape of query that the application sends during a run of the tests is served by an index.

A command listener collects what the application sends (not what tests look up themselves): collection, filter with its
values abstracted, sort. At the end of the run each shape is judged twice:

- by the declared indexes, in MongoDB's order: equalities first, then the sort, then a range. Nothing may be left to sort
  in memory unless a unique index leaves one row at most;
- by the `explain` of the server that the tests run on, which must not answer COLLSCAN. An update's filter is explained
  as a find. The embedded engine's explain does not show that it lets one clause of several ride an index and sifts the
  rest (`_try_index_id_keys` in its storage.py), so there each clause is explained alone as well.

What stands in EXCEPTIONS is let through, each for the reason beside it.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from network_api.documents import BaseDocument

ROOT = str(Path(__file__).resolve().parent.parent) + "/"
PACKAGES = ("network_api/", "events/", "newsletters/")
GENERIC = "network_api/documents.py"  # issues queries for others: the one who called it is the one to name
MULTIPLE = "$or"
Sort = tuple[tuple[str, int], ...]
Keys = tuple[tuple[str, int], ...]


class Exception_(NamedTuple):
    """Queries that are let through: by their caller (the end of its name), the collection, and what the filter has."""

    caller: str
    collection: str
    reason: str
    having: str = ""
    by_explain_only: bool = False


EXCEPTIONS: tuple[Exception_, ...] = (
    Exception_("feature.py:check", "", "`network-api check` recounts whole collections, streamed, when an operator asks."),
    Exception_("_check_files", "events", "`network-api check` looks at the materials of every theme day, streamed."),
    Exception_("backup.py:records", "", "`network-api backup` reads every collection whole, streamed."),
    Exception_("backup.py:_require_empty", "", "`network-api restore` looks whether there is any row.", having="{}"),
    Exception_("backup.py:holds", "backup_probe", "Two rows, to see whether the server has snapshot reads.", having="{}"),
    Exception_("", "materials.chunks", "GridFS makes an index of its own there: files_id, n."),
    Exception_("", "materials.files", "GridFS looks whether there is any, before it makes its indexes.", having="{}"),
    Exception_("migrating.py:pending", "migrations", "All of them: a handful, as many as there ever were.", having="{}"),
    Exception_("migrating.py:look", "", "`network-api migrate --dry-run` looks at whole collections, streamed.", having="{}"),
    Exception_(
        "migrating.py:_go_on.<locals>.<listcomp>",
        "",
        "A migration goes over a collection once, streamed, by _id.",
    ),
    Exception_("checking.py:check", "", "The same, of a feature whose check has a module of its own."),
    Exception_("find_networks", "networks", "?total=true counts them all; there are tens.", having="{}"),
    Exception_("find_newsletters", "newsletters", "?total=true counts them all; there are tens.", having="{}"),
    Exception_("find_webhooks", "webhooks", "An administrator lists them all; there are tens.", having="{}"),
    Exception_("tidy_secrets", "webhooks", "All of them, once an hour; there are tens.", having="{}"),
    Exception_("find_series", "series", "?total=true counts them all; there are tens.", having="{}"),
    Exception_(
        "",
        "",
        "The embedded engine has no index for $all (several search words); MongoDB has.",
        having="$all",
        by_explain_only=True,
    ),
)


class Shape(NamedTuple):
    """One kind of query: what it asks, without the values, and who asks it."""

    collection: str
    where: str
    sort: Sort
    caller: str

    def __str__(self) -> str:
        order = ", ".join(name if direction > 0 else f"-{name}" for name, direction in self.sort)
        return f"{self.collection} {self.where}{f' sorted by {order}' if order else ''} ({self.caller})"


class Index(NamedTuple):
    """A declared index."""

    keys: Keys
    unique: bool = False
    sparse: bool = False
    only_where: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return ", ".join(name for name, _ in self.keys)


BY_ID = Index((("_id", 1),), unique=True)


def declared_indexes(document: type[BaseDocument]) -> list[Index]:
    """The indexes of a document class, with that of its id."""
    return [
        BY_ID,
        *(
            Index(
                tuple(spec["fields"]), bool(spec.get("unique")), bool(spec.get("sparse")), spec.get("partialFilterExpression", {})
            )
            for spec in document._meta["index_specs"]
        ),
    ]


@dataclass
class Conditions:
    """What a filter pins to one value, what it bounds, and the alternatives it leaves open."""

    equal: dict[str, Any] = field(default_factory=dict)
    ranged: set[str] = field(default_factory=set)
    alternatives: list[list[Mapping[str, Any]]] = field(default_factory=list)
    sifted: set[str] = field(default_factory=set)  # conditions that no index bound follows from

    @classmethod
    def of(cls, where: Mapping[str, Any]) -> "Conditions":
        """The conditions of a filter."""
        found = cls()
        for name, value in _clauses(where):
            if name == MULTIPLE:
                found.alternatives.append(list(value))
            elif name.startswith("$"):
                found.sifted.add(name)
            elif not _is_operators(value):
                found.equal[name] = value
            elif value.keys() & {"$eq", "$in", "$all"}:
                found.equal[name] = value.get("$eq", ...)
            elif value.keys() & {"$gt", "$gte", "$lt", "$lte"}:
                found.ranged.add(name)
            else:
                found.sifted.add(name)
        return found


def _clauses(where: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in where.items():
        if name == "$and":
            for part in value:
                yield from _clauses(part)
        else:
            yield name, value


def _is_operators(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(str(name).startswith("$") for name in value)


def abstract(where: Any) -> str:
    """A filter without its values."""
    if not isinstance(where, Mapping):
        return "?"
    said = []
    for name, value in sorted(where.items()):
        if name in ("$or", "$and", "$nor"):
            said.append(f"{name}: [{', '.join(sorted({abstract(part) for part in value}))}]")
        elif name in ("$in", "$nin", "$all"):
            said.append(f"{name}: [{'?, ...' if len(value) > 1 else '?'}]")
        else:
            said.append(f"{name}: {abstract(value) if _is_operators(value) or name in ('$not', '$elemMatch') else '?'}")
    return "{" + ", ".join(said) + "}"


def serving(where: Mapping[str, Any], sort: Sort, indexes: Iterable[Index]) -> Index | None:
    """The index that serves a query in MongoDB's order, or None."""
    indexes = list(indexes)
    conditions = Conditions.of(where)
    for index in indexes:
        if _usable(index, conditions) and _serves(index, conditions, sort):
            return index
    for alternatives in conditions.alternatives:
        found = [serving(alternative, sort, indexes) for alternative in alternatives]
        if all(found):
            return found[0]
    return None


def _usable(index: Index, conditions: Conditions) -> bool:
    """Whether an index that does not hold every row holds all that the filter asks for."""
    if index.sparse and not any(conditions.equal.get(name) is not None or name in conditions.ranged for name, _ in index.keys):
        return False
    return all(conditions.equal.get(name, ...) == value for name, value in index.only_where.items())


def _serves(index: Index, conditions: Conditions, sort: Sort) -> bool:
    names = [name for name, _ in index.keys]
    if index.unique and all(conditions.equal.get(name, ...) is not ... for name in names):
        return True  # one row at the most: nothing to sort
    pinned = 0
    while pinned < len(names) and names[pinned] in conditions.equal:
        pinned += 1
    wanted = [(name, direction) for name, direction in sort if name not in conditions.equal]
    rest = index.keys[pinned : pinned + len(wanted)]
    turns = {direction * ours for (_, direction), (_, ours) in zip(wanted, rest, strict=False)}
    sorted_by_it = [name for name, _ in rest] == [name for name, _ in wanted] and len(turns) <= 1
    if not sorted_by_it:
        return False
    bounded = pinned > 0 or names[0] in conditions.ranged
    asks = bool(conditions.equal or conditions.ranged or conditions.alternatives or conditions.sifted)
    return bounded or (not asks and bool(wanted))


@dataclass
class Census(CommandListener):
    """Collects shapes, and judges them."""

    seen: dict[Shape, tuple[Mapping[str, Any], Sort]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def started(self, event: CommandStartedEvent) -> None:
        """Note a query of the application."""
        asked = list(_asked(event.command_name, event.command))
        if asked and (caller := _caller()):
            collection = str(event.command[event.command_name])
            for where, sort in asked:
                self.seen.setdefault(Shape(collection, abstract(where), sort, caller), (dict(where), sort))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""

    def judge(self, database: Database[dict[str, Any]], documents: Sequence[type[BaseDocument]]) -> list[str]:
        """What is wrong with the shapes seen, one readable line each."""
        indexes = {document._get_collection_name(): declared_indexes(document) for document in documents}
        self.faults = []
        for shape, (where, sort) in sorted(self.seen.items(), key=lambda item: str(item[0])):
            declared = indexes.get(shape.collection, [BY_ID])  # of a library, such as Flask-Limiter's counters: by id only
            if serving(where, sort, declared) is None:
                self._fault(shape, "no declared index serves it")
            elif scans(database, shape.collection, where, sort):
                self._fault(shape, "the server's explain answers COLLSCAN", by_explain=True)
        return self.faults

    def _fault(self, shape: Shape, meaning: str, *, by_explain: bool = False) -> None:
        if not _excepted(shape, by_explain=by_explain):
            self.faults.append(f"{shape}: {meaning}")


def _excepted(shape: Shape, *, by_explain: bool = False) -> bool:
    return any(
        shape.caller.endswith(known.caller)
        and known.collection in ("", shape.collection)
        and known.having in shape.where
        and (by_explain or not known.by_explain_only)
        for known in EXCEPTIONS
    )


def scans(database: Database[dict[str, Any]], collection: str, where: Mapping[str, Any], sort: Sort) -> bool:
    """Whether the server would read the whole collection for this query."""
    if not _is_scan(database, collection, where, sort):
        return False
    embedded = "secantus" in str(database.client.server_info()).lower()
    if not embedded or any(name.startswith("$") for name in where):
        return True
    return all(_is_scan(database, collection, {name: value}, ()) for name, value in where.items())


def _is_scan(database: Database[dict[str, Any]], collection: str, where: Mapping[str, Any], sort: Sort) -> bool:
    query: dict[str, Any] = {"find": collection, "filter": where}
    if sort:
        query["sort"] = dict(sort)
    try:
        plan = database.command("explain", query, verbosity="queryPlanner")["queryPlanner"]["winningPlan"]
    except OperationFailure as error:
        raise AssertionError(f"cannot explain {query}") from error
    return "COLLSCAN" in str(plan)


def _asked(name: str, command: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Sort]]:
    """The filters and sorts of a command."""
    if name in ("find", "findAndModify", "count", "distinct"):
        where = command.get("filter" if name == "find" else "query") or {}
        yield where, tuple((command.get("sort") or {}).items())
    elif name in ("update", "delete"):
        for part in command.get(f"{name}s", ()):
            yield part["q"], ()
    elif name == "aggregate" and isinstance(command["aggregate"], str):
        yield _first_stages(command["pipeline"])


def _first_stages(pipeline: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], Sort]:
    where: dict[str, Any] = {}
    for stage in pipeline:
        if "$match" in stage:
            where |= stage["$match"]
        elif "$sort" in stage:
            return where, tuple(stage["$sort"].items())
        else:
            break
    return where, ()


def _caller() -> str | None:
    """The application's function that asks; None where a test asks by itself."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename.removeprefix(ROOT)
        if name.startswith("tests/"):
            return None
        if name.startswith(PACKAGES) and name != GENERIC:
            return f"{name}:{frame.f_code.co_qualname}"
        frame = frame.f_back  # type: ignore[assignment]
    return None


census = Census()
