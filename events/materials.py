"""Verbs of materials: add, change, send a file, remove; who reads which; and no file that nobody needs.

A material is part of its theme day, so its version is the theme day's.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from bson import ObjectId
from gridfs import NoFile
from gridfs.synchronous.grid_file import GridOut

from events import webhooks
from events.documents import Event, open_materials
from events.errors import MaterialGone
from events.material_documents import PUBLIC, Material, MaterialFile, bucket
from events.registration_documents import CONFIRMED, Registration, owner_keys
from events.seating import PUBLISHED
from network_api import audit
from network_api.auth.caller import EDITOR, Caller
from network_api.documents import Page, Row, transactional, utcnow
from network_api.errors import Invalid, NotFound
from network_api.webhooks.telling import tell

UPLOAD_TAKES = timedelta(hours=1)  # at the most
LATE = timedelta(hours=1)  # after which `network-api check` misses the sweep
MOST_AT_ONCE = 100
Found = TypeVar("Found", Material, Row)
_ZIP, _MACROS = b"PK\x03\x04", b"vbaProject.bin"  # names of parts stand in a ZIP as they are
# By which bytes a file begins (and a ZIP of an office document contains), so that a name alone decides nothing.
_SIGNATURES: Mapping[str, tuple[bytes, bytes]] = {
    "application/pdf": (b"%PDF-", b""),
    "image/png": (b"\x89PNG\r\n\x1a\n", b""),
    "image/jpeg": (b"\xff\xd8\xff", b""),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (_ZIP, b"word/"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (_ZIP, b"ppt/"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (_ZIP, b"xl/"),
    "application/vnd.oasis.opendocument.text": (_ZIP, b"application/vnd.oasis.opendocument.text"),
    "application/vnd.oasis.opendocument.presentation": (_ZIP, b"application/vnd.oasis.opendocument.presentation"),
}
TYPES = tuple(_SIGNATURES)


def as_row(event: Row, material: Row) -> Row:
    """A material as it is shown."""
    return {**material, "version": event["version"], "event_id": event["_id"], "has_file": bool(material.get("file_id"))}


def readable(caller: Caller, event: Row, own: Registration | None = None) -> list[Row]:
    """The materials that this caller may read now: editors all, participants what has opened, others what is public of it."""
    if caller.has_role(EDITOR, event["network_id"]):
        return list(event.get("materials", ()))
    takes_part = own.status == CONFIRMED if own else _takes_part(caller, event)
    return [found for found in open_materials(event, utcnow()) if takes_part or found["audience"] == PUBLIC]


def _takes_part(caller: Caller, event: Row) -> bool:
    if not caller.is_signed_in:
        return False
    mine = {"owners": {"$in": owner_keys(caller.member_id, caller.email_key or "")}}
    return any(row["event_id"] == event["_id"] and row["status"] == CONFIRMED for row in Registration.rows(mine))


def find_materials(event: Row, found: Iterable[Row], query: Mapping[str, Any]) -> Page:
    """A page of materials in the order in which they were added."""
    paging = query["paging"]
    after = paging["after"][1] if paging["after"] else None
    known = sorted(found, key=itemgetter("material_id"))
    rest = [material for material in known if after is None or material["material_id"] > after]
    listed = rest[: paging["limit"]]
    last = listed[-1]["material_id"] if len(rest) > len(listed) else None
    items = [as_row(event, material) for material in listed]
    return Page(items, [last, last] if last else None, len(known) if paging["total"] else None)


def one_of(found: Iterable[Found], material_id: ObjectId) -> Found:
    """The material with this id among these, which are rows or parts of a document. Raises NotFound."""
    for material in found:
        if material["material_id"] == material_id:
            return material
    raise NotFound


@transactional
def add(caller: Caller, event: Event, given: Mapping[str, Any]) -> Row:
    """Add a material: a link, or the place for a file. Raises Invalid for too many."""
    event = event.fresh()
    made = Material(**given)
    if len(event.materials) >= MOST_AT_ONCE:
        raise Invalid(errors={"materials": [f"At most {MOST_AT_ONCE}."]})
    stored = _store(caller, event, "material.added", [*event.materials, made])
    if made.url:
        _tell(event, stored, made)
    return as_row(stored, made.to_mongo())


def _tell(event: Event, stored: Row, found: Material) -> None:
    """Tell webhooks of a material that has something behind it from now on."""
    if event.status == PUBLISHED:
        tell(webhooks.MATERIAL, event.network_id, stored["version"], id=found.material_id, event_id=event.pk)


@transactional
def change(caller: Caller, event: Event, material_id: ObjectId, changes: Mapping[str, Any], version: int | None) -> Row:
    """Change a material. Raises StaleVersion, NotFound, Invalid for a link in place of a file."""
    event = event.fresh(version)
    found = one_of(event.materials, material_id)
    if changes.get("url") and found.file_id:
        raise Invalid(errors={"url": ["There is a file already."]})
    return _replace(caller, event, "material.changed", found, changes)


@transactional
def remove(caller: Caller, event: Event, material_id: ObjectId, version: int | None) -> None:
    """Remove a material and its file. Raises StaleVersion, NotFound."""
    event = event.fresh(version)
    found = one_of(event.materials, material_id)
    _let_go(found)
    _store(caller, event, "material.removed", [each for each in event.materials if each.material_id != material_id])


def let_go_of_all(event: Event) -> None:
    """Give up the files of a theme day that is deleted, inside that transaction."""
    for found in event.materials:
        _let_go(found)


def send_file(caller: Caller, event: Event, material_id: ObjectId, filename: str, content_type: str, content: bytes) -> Row:
    """Store the file of a material in place of an earlier one.

    The file is noted, then stored, then made the material's: wherever this is killed, the sweep takes away what is unused.
    Raises Invalid for what is not of the type it says and for a material that is a link, NotFound, MaterialGone.
    """
    _place_for_file(event.fresh(), material_id)
    begins, contains = _SIGNATURES[content_type]
    if not content.startswith(begins) or contains not in content:
        raise Invalid(errors={"file": [f"This is not a file of the type {content_type}."]})
    if begins == _ZIP and _MACROS in content:
        raise Invalid(errors={"file": ["This file has macros in it. Save it without them."]})
    noted = MaterialFile(event_id=event.pk, unused_at=utcnow() + UPLOAD_TAKES).insert()
    bucket().upload_from_stream_with_id(noted.pk, filename, content)
    told = {"file_id": noted.pk, "filename": filename, "content_type": content_type, "size": len(content)}
    return _attach(caller, event, material_id, told)


def _place_for_file(event: Event, material_id: ObjectId) -> Material:
    """The material that a file is for. Raises NotFound, and Invalid for one that is a link."""
    found: Material = one_of(event.materials, material_id)
    if found.url:
        raise Invalid(errors={"file": ["This material is a link."]})
    return found


@transactional
def _attach(caller: Caller, event: Event, material_id: ObjectId, told: Mapping[str, Any]) -> Row:
    event = event.fresh()
    found = _place_for_file(event, material_id)
    kept = MaterialFile.change({"_id": told["file_id"], "unused_at": {"$gt": utcnow()}}, {"$unset": {"unused_at": ""}})
    if kept is None:
        raise MaterialGone
    _let_go(found)
    row = _replace(caller, event, "material.file_sent", found, told)
    if not found.file_id:
        _tell(event, row, found)
    return row


def content_of(found: Row) -> GridOut:
    """The bytes of a material's file, as a stream. Raises NotFound."""
    try:
        return bucket().open_download_stream(found.get("file_id"))
    except NoFile as error:
        raise NotFound from error


def _replace(caller: Caller, event: Event, action: str, found: Material, changes: Mapping[str, Any]) -> Row:
    changed = Material(**{**found.to_mongo(), **changes})
    materials = [changed if each.material_id == found.material_id else each for each in event.materials]
    return as_row(_store(caller, event, action, materials), changed.to_mongo())


def _store(caller: Caller, event: Event, action: str, materials: list[Material]) -> Row:
    stored, differing = event.edit({"materials": materials})
    audit.record(caller.member_id, action, event.pk, network_id=event.network_id, changes=differing)
    row: Row = stored.to_mongo()
    return row


def _let_go(found: Material) -> None:
    if found.file_id:
        MaterialFile.change({"_id": found.file_id}, {"$set": {"unused_at": utcnow()}})


def take_away_unused(now: datetime) -> None:
    """Delete the files that nothing needs: of uploads that came to nothing, and those that others took the place of."""
    for row in MaterialFile.rows({"unused_at": {"$lte": now}}, sort=[("unused_at", 1)], limit=MOST_AT_ONCE):
        with suppress(NoFile):  # its upload never came to an end, or another sweep was here
            bucket().delete(row["_id"])
        MaterialFile.remove({"_id": row["_id"]})
