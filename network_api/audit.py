"""The audit log: who changed what, when, from what to what. Written in the transaction of the change itself."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from mongoengine import DictField, ObjectIdField, StringField

from network_api.documents import BaseDocument


class AuditEntry(BaseDocument):
    """One write by a coordinator, editor or administrator."""

    meta = {"collection": "audit_log", "indexes": [("target_id", "_id"), ("network_id", "_id")]}

    actor_id = ObjectIdField()  # empty for the platform itself
    action = StringField(required=True)  # noun.verb, such as event.published
    target_id = ObjectIdField(required=True)
    network_id = ObjectIdField()
    changes = DictField()


def record(
    actor_id: ObjectId | None,
    action: str,
    target_id: ObjectId,
    *,
    network_id: ObjectId | None = None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Note one write. `changes` is `{field: {"before": ..., "after": ...}}`, as `BaseDocument.edit` returns it."""
    AuditEntry(actor_id=actor_id, action=action, target_id=target_id, network_id=network_id, changes=dict(changes or {})).insert()


def forget_values(target_id: ObjectId) -> None:
    """Take the values out of the entries about a target, once nobody may know them; who changed which fields, and when, stays."""
    for row in AuditEntry.rows({"target_id": target_id}):
        forgotten = {name: {"before": None, "after": None} for name in row.get("changes") or ()}
        AuditEntry.alter({"_id": row["_id"]}, {"$set": {"changes": forgotten}})
