"""What helps people take part, and what they eat: kept apart from their registrations, for few readers and a short time."""

from collections.abc import Mapping
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import ObjectIdField, StringField

from network_api.documents import BaseDocument

NEEDS = ("needs", "diet")


class Needs(BaseDocument):
    """One person's needs; the id is that of their registration. It may tell of their health (GDPR, article 9)."""

    meta: ClassVar[dict[str, Any]] = {"collection": "registration_needs", "indexes": [("event_id", "_id")]}

    event_id = ObjectIdField(required=True)
    needs = StringField()
    diet = StringField()

    @classmethod
    def keep(cls, registration_id: ObjectId, event_id: ObjectId, given: Mapping[str, str | None]) -> None:
        """Store what is given in place of what was; where nothing is left, nothing is kept."""
        found = cls.first({"_id": registration_id})
        if found is None:
            if any(given.values()):
                cls(id=registration_id, event_id=event_id, **given).insert()
            return
        kept, _ = found.edit(given)
        if not (kept.needs or kept.diet):
            cls.remove({"_id": registration_id})
