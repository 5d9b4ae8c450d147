"""Messages: what has happened, as webhooks are told it. They hold ids and no more, and are kept to be told again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
from bson import ObjectId
from flask import current_app
from mongoengine import BooleanField, DateTimeField, DictField, ObjectIdField, StringField

from network_api.documents import BaseDocument

_AS_JSON = orjson.OPT_UTC_Z


class WebhookMessage(BaseDocument):
    """One thing that has happened in a network, or a test for one webhook alone. `spread` once its deliveries are written."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "webhook_messages",
        "indexes": [("spread", "_id"), {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    type = StringField(required=True)
    network_id = ObjectIdField(required=True)
    webhook_id = ObjectIdField()
    data = DictField(required=True)
    spread = BooleanField(required=True, default=False)
    expires_at = DateTimeField(required=True)

    @property
    def name(self) -> str:
        """The `webhook-id`: the same for every webhook and at every attempt."""
        return f"msg_{self.pk}"

    @property
    def body(self) -> bytes:
        """The payload: the same bytes at every attempt."""
        told = {"type": self.type, "timestamp": self.created_at, "data": dict(self.data)}
        return orjson.dumps(told, default=str, option=_AS_JSON)


def kept_until(now: datetime) -> datetime:
    """Until when what is told now can be told again."""
    return now + timedelta(days=current_app.config["RETAIN_WEBHOOKS_DAYS"])


def data_of(network_id: ObjectId, version: int, path: str, ids: Mapping[str, ObjectId]) -> dict[str, Any]:
    """The data of a message: ids, and where the API shows the thing; nothing that it says."""
    named = {"id": ids["id"], "network_id": network_id, **ids}
    url = f"{current_app.config['PUBLIC_URL']}/api/v1/{path.format(**named)}"
    return {**named, "version": version, "url": url}
