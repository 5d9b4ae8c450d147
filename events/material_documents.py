"""Materials and recordings of a theme day: links and files, open before, at or after it, to everybody or to participants."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from bson import ObjectId
from gridfs import GridFSBucket
from mongoengine import DateTimeField, DictField, IntField, ObjectIdField, StringField
from mongoengine.connection import get_db

from network_api.documents import BaseDocument, Part, Row

MATERIAL, RECORDING = MATERIAL_KINDS = ("material", "recording")
PUBLIC, PARTICIPANTS = MATERIAL_AUDIENCES = ("public", "participants")
BEFORE, AT_START, AFTER = OPENINGS = ("before", "at_start", "after")
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Material(Part):
    """One material: a link (`url`), or a file once it has been sent. `opens_at` is a time of its own, in place of `opens`."""

    material_id = ObjectIdField(required=True, default=ObjectId)
    title = DictField(required=True)
    kind = StringField(required=True, choices=MATERIAL_KINDS, default=MATERIAL)
    audience = StringField(required=True, choices=MATERIAL_AUDIENCES, default=PARTICIPANTS)
    opens = StringField(required=True, choices=OPENINGS, default=BEFORE)
    opens_at = DateTimeField()
    url = StringField()
    file_id = ObjectIdField()
    filename = StringField()
    content_type = StringField()
    size = IntField()


class MaterialFile(BaseDocument):
    """A file in GridFS. Noted before it is stored, so that none is ever left that nobody knows of.

    `unused_at` says from when on nothing needs it: an hour after its upload began, unless it has become somebody's by then;
    or the moment at which another one took its place.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "material_files",
        "indexes": [{"fields": ["unused_at"], "sparse": True}],
    }

    event_id = ObjectIdField(required=True)
    unused_at = DateTimeField()


def is_open(material: Row, event: Row, now: datetime) -> bool:
    """Whether a material (its row) of a theme day has opened, and has something behind it: a file has to be sent first."""
    opens_at: datetime = material.get("opens_at") or _opening(material["opens"], event)
    return bool(material.get("url") or material.get("file_id")) and opens_at <= now


def _opening(opens: str, event: Row) -> datetime:
    moment: datetime = {BEFORE: _EVER, AT_START: event["starts_at"], AFTER: event["ends_at"]}[opens]
    return moment


def bucket() -> GridFSBucket:
    """Where the bytes are."""
    return GridFSBucket(get_db(), bucket_name="materials")
