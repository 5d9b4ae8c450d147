"""`network-api backup` and `restore`: the whole database, as it was at one moment, in one file; on any MongoDB, GridFS included.

The file is gzip over BSON documents: a head, then for each collection its indexes and its rows in batches, then an end with
the number of rows and a hash over all before it. A file without a true end is refused before anything is written from it. Both go
through in a stream: memory holds one batch.

All is read at one moment, by a snapshot read where the server has them, which lasts for as long as the server keeps history
(`minSnapshotHistoryWindowInSeconds`: 5 minutes, unless set higher), else in one transaction. Jobs in the broker are left out:
sweeps find their work.
"""

import gzip
import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from mongoengine.connection import get_connection, get_db
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConfigurationError, OperationFailure
from pymongo.read_concern import ReadConcern

from network_api.documents import utcnow
from network_api.errors import Conflict, Invalid

FORMAT = "network-api backup 1"
PROBE = "backup_probe"
BATCH = 1024 * 1024  # bytes of rows, about
MOST = 64 * BATCH  # bytes that a record has at most: a batch, and a row of 16 MiB that came last
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_NOT_OURS = ("system.", "broker_", PROBE)
_OF_THE_SERVER = ("v", "ns", "key")  # what index_information tells and create_index does not take

Record = Mapping[str, Any]


class Damaged(Invalid):
    """A file that is no backup, or not a whole one."""

    code = "damaged_backup"
    detail = "This is no backup, or not a whole one; nothing has been changed."


class NotEmpty(Conflict):
    """A restore would mix what is there with what was there."""

    code = "database_not_empty"
    detail = "The database is not empty. With --replace, everything in it is deleted first."


class CannotWrite(Conflict):
    """There is no room for the file, no such folder, or a file of that name."""

    code = "cannot_write_backup"


class Done(NamedTuple):
    """What went through: rows by collection."""

    rows: dict[str, int]


def save(file: Path) -> Done:
    """Write a backup, whole or not at all; it is for its owner only, for it holds all that is known about people.

    Raises CannotWrite, PyMongoError.
    """
    if file.exists():
        raise CannotWrite(f"{file} is there already.")
    partial = file.with_name(f"{file.name}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            with one_moment() as session, gzip.open(output, "wb", compresslevel=6) as packed:
                rows = _write(packed.write, records(session))
            output.flush()
            os.fsync(output.fileno())
        partial.rename(file)
    except OSError as error:
        raise CannotWrite(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return Done(rows)


def load(file: Path, *, replace: bool) -> Done:
    """Put back what a backup holds, into an empty database; with `replace`, into one that is emptied first.

    The indexes come last, and without them no process is ready: who kills this half-way does it again with `replace`.
    Raises Damaged, NotEmpty, OSError, PyMongoError.
    """
    for _ in read(file):  # to its end, before anything is touched
        pass
    database: Database[Any] = get_db()
    there = _names(database)
    if not replace:
        _require_empty(database, there)
    for name in there:
        database.drop_collection(name)
    rows: Counter[str] = Counter()
    indexes: dict[str, Mapping[str, Any]] = {}
    for record in read(file):
        name = record["collection"]
        if "indexes" in record:
            indexes[name] = record["indexes"]
        else:
            database.get_collection(name, codec_options=RAW).insert_many(record["rows"])
            rows[name] += len(record["rows"])
    for name, declared in indexes.items():
        for called, index in declared.items():
            options = {key: value for key, value in index.items() if key not in _OF_THE_SERVER}
            database[name].create_index([(field, way) for field, way in index["key"]], name=called, **options)
    return Done(dict(rows))


def _require_empty(database: Database[Any], names: Iterable[str]) -> None:
    for name in names:
        if database[name].find_one({}, {"_id": 1}):
            raise NotEmpty


@contextmanager
def one_moment() -> Iterator[ClientSession]:
    """A session whose reads all see the same moment."""
    client = get_connection()
    with client.start_session(snapshot=True) as session:
        if holds(session):
            yield session
            return
    with client.start_session() as session, session.start_transaction(read_concern=ReadConcern("snapshot")):
        yield session


def holds(session: ClientSession) -> bool:
    """Whether a session goes on seeing what it saw first, tried with a row that comes meanwhile."""
    probe = get_db()[PROBE]
    try:
        probe.insert_one({})
        before = len(list(probe.find({}, session=session)))
        probe.insert_one({})
        return len(list(probe.find({}, session=session))) == before
    except (ConfigurationError, OperationFailure):
        return False
    finally:
        probe.drop()


def records(session: ClientSession | None) -> Iterator[Record]:
    """The collections one after the other: the indexes of each, then its rows in batches."""
    database: Database[Any] = get_db()
    for name in _names(database):
        told = database[name].index_information()
        wanted = {called: {**index, "key": [list(pair) for pair in index["key"]]} for called, index in told.items()}
        yield {"collection": name, "indexes": {called: index for called, index in wanted.items() if called != "_id_"}}
        rows, size = [], 0
        for row in database.get_collection(name, codec_options=RAW).find({}, session=session):
            rows.append(row)
            size += len(row.raw)
            if size >= BATCH:
                yield {"collection": name, "rows": rows}
                rows, size = [], 0
        if rows:
            yield {"collection": name, "rows": rows}


def _names(database: Database[Any]) -> list[str]:
    return sorted(name for name in database.list_collection_names() if not name.startswith(_NOT_OURS))


def _write(write: Callable[[bytes], object], what: Iterable[Record]) -> dict[str, int]:
    digest, rows = hashlib.sha256(), Counter[str]()

    def put(record: Record) -> None:
        packed = bson.encode(record)
        digest.update(packed)
        write(packed)

    put({"format": FORMAT, "made_at": utcnow()})
    for record in what:
        rows[record["collection"]] += len(record.get("rows", ()))
        put(record)
    write(bson.encode({"end": True, "rows": dict(rows), "sha256": digest.hexdigest()}))
    return dict(rows)


def read(file: Path) -> Iterator[Record]:
    """The records of a backup, between its head and its end. Raises Damaged where either is not as it should be."""
    digest, rows = hashlib.sha256(), Counter[str]()
    with gzip.open(file, "rb") as packed:
        head = _next(packed)
        if head is None or _decoded(head).get("format") != FORMAT:
            raise Damaged
        digest.update(head)
        while (raw := _next(packed)) is not None:
            record = _decoded(raw)
            if "end" in record:
                if record["sha256"] != digest.hexdigest() or record["rows"] != dict(rows) or _next(packed) is not None:
                    raise Damaged
                return
            digest.update(raw)
            rows[record["collection"]] += len(record["rows"]) if "rows" in record else 0
            yield record
    raise Damaged


def _next(packed: gzip.GzipFile) -> bytes | None:
    """The next BSON document, which begins with its own length; None at the end. Raises Damaged."""
    try:
        length = packed.read(4)
        if not length:
            return None
        size = int.from_bytes(length, "little")
        whole = length + packed.read(size - 4) if len(length) < size <= MOST else length
    except (EOFError, OSError, zlib.error) as error:
        raise Damaged from error
    if len(whole) != size:
        raise Damaged
    return whole


def _decoded(raw: bytes) -> Record:
    """A record, whose rows stay as they are stored. Raises Damaged."""
    try:
        decoded: Record = bson.decode(raw, RAW) if b"\x04rows\x00" in raw[:200] else bson.decode(raw)  # type: ignore[arg-type]
    except BSONError as error:
        raise Damaged from error
    return decoded
