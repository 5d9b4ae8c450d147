"""Series: theme days that belong together, such as those of a year, made after one of them."""

from typing import Any, ClassVar

from mongoengine import DictField, IntField, ObjectIdField

from network_api.documents import BaseDocument


class Series(BaseDocument):
    """A network's series. New theme days of it are drafted as copies of the template, which is a theme day too."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "series",
        "indexes": [("created_at", "_id"), ("network_id", "created_at", "_id")],
    }

    network_id = ObjectIdField(required=True)
    title = DictField(required=True)
    description = DictField(default=None)
    template_id = ObjectIdField(required=True)
    drafted = IntField(required=True, default=0)  # counts draftings, so that two at once meet
