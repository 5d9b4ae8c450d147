"""Series: theme days that belong together, such as those of a year, made after one of them."""

from typing import Any, ClassVar, Self

from bson import ObjectId
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
    joined = IntField(required=True, default=0)  # counts when theme days became its own, so that two at once meet

    @classmethod
    def join(cls, network_id: ObjectId, series_id: ObjectId) -> Self | None:
        """Note that theme days of its network become its own; None where it is no series of that network.

        In the transaction that makes them so: of two at once the second sees what the first has drafted, and of one that is
        deleted meanwhile no theme day stays.
        """
        return cls.change({"_id": series_id, "network_id": network_id}, {"$inc": {"joined": 1}})
