"""The audit log: who changed what, when, from what to what. Written in the transaction of the change itself.

It is append-only. What was written is soon sealed into a chain (`network_api.audit_chain`), so that nobody can change it
unseen. Only the values of `changes` can go, when nobody may know them any more; that they went is an entry of its own.
"""

from collections.abc import Mapping
from typing import Any, Never

from bson import ObjectId
from mongoengine import DictField, IntField, ObjectIdField, StringField

from network_api.documents import BaseDocument, Row, session, transactional

FORGOTTEN = "audit.values_forgotten"


class AppendOnly(TypeError):
    """Code of ours tries to change or delete what has been written down."""


class AuditEntry(BaseDocument):
    """One write by a coordinator, editor or administrator.

    `block`, `salt` and `commitment` come with the seal. The salt goes with the values, so that nobody can find them out by
    trying what would give the commitment.
    """

    meta = {"collection": "audit_log", "indexes": [("target_id", "_id"), ("network_id", "_id"), ("block", "_id")]}

    actor_id = ObjectIdField()  # empty for the platform itself
    action = StringField(required=True)  # noun.verb, such as event.published
    target_id = ObjectIdField(required=True)
    network_id = ObjectIdField()
    changes = DictField()
    block = IntField()  # empty until it is sealed
    salt = StringField()
    commitment = StringField()

    @classmethod
    def alter(cls, where: Mapping[str, Any], update: Mapping[str, Any]) -> Never:
        """Raises AppendOnly."""
        raise AppendOnly

    @classmethod
    def remove(cls, where: Mapping[str, Any]) -> Never:
        """Raises AppendOnly."""
        raise AppendOnly

    @property
    def has_values(self) -> bool:
        """Whether it still tells from what to what something was changed."""
        return any(value is not None for change in self.changes.values() for value in change.values())


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


@transactional
def forget_values(target_id: ObjectId) -> None:
    """Take the values out of the entries about a target, once nobody may know them; who changed which fields, and when, stays."""
    told = [row for row in AuditEntry.rows({"target_id": target_id}) if AuditEntry.wrap(row).has_values]
    for row in told:
        _forget(row)
    if any(row.get("block") for row in told):
        record(None, FORGOTTEN, target_id)


def _forget(row: Row) -> None:
    forgotten = {name: {"before": None, "after": None} for name in row["changes"]}
    gone = {"$set": {"changes": forgotten}, "$unset": {"salt": ""}}
    AuditEntry.collection().update_one({"_id": row["_id"]}, gone, session=session())
