"""Materials and recordings of a theme day: links and files, open before, at or after it, to everybody or to participants."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from bson import ObjectId
from gridfs import GridFSBucket
from mongoengine import DateTimeField, DictField, IntField, ObjectIdField, StringField
from mongoengine.connection import get_db

from network_api.documents import BaseDocument, Part

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

    def opening(self, starts_at: datetime, ends_at: datetime) -> datetime:
        """When it opens."""
        found: datetime = self.opens_at or {BEFORE: _EVER, AT_START: starts_at, AFTER: ends_at}[self.opens]
        return found

    @property
    def has_content(self) -> bool:
        """Whether there is something behind it: a file has to be sent first."""
        return bool(self.url or self.file_id)


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


def bucket() -> GridFSBucket:
    """Where the bytes are."""
    return GridFSBucket(get_db(), bucket_name="materials")
