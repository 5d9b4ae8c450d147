"""What webhooks can tell: the message types of all features, and how the API document describes them."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from network_api.feature import Feature, MessageType, features

ALL = "*"
TEST = MessageType("webhook.test", "Somebody asked for a test; no other webhook hears of it.", "webhooks/{id}")
SIGNATURE = "Space-separated `v1,<base64>` of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`, one for each secret."
_ID = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
_EXAMPLE_ID = "65f1c0ffee65f1c0ffee65f1"
_HEADERS = {
    "webhook-id": ("Which message this is: the same at every attempt.", f"msg_{_EXAMPLE_ID}"),
    "webhook-timestamp": ("When this attempt was made, in seconds since 1970.", "1798787696"),
    "webhook-signature": (SIGNATURE, "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
}


def types_of(listed: Iterable[Feature]) -> list[MessageType]:
    """The message types of these features."""
    return list(chain.from_iterable(feature.webhooks for feature in listed))


def names() -> list[str]:
    """What a webhook can ask for: everything, or types by name."""
    return [ALL, *sorted(kind.name for kind in types_of(features()))]


def documented(listed: Iterable[Feature]) -> dict[str, Any]:
    """The `webhooks` of the OpenAPI document (version 3.1): each type with the request that brings it."""
    return {kind.name: {"post": _operation(kind)} for kind in types_of(listed)}


def _operation(kind: MessageType) -> dict[str, Any]:
    headers = [
        {"name": name, "in": "header", "required": True, "description": meaning, "schema": {"type": "string"}, "example": example}
        for name, (meaning, example) in _HEADERS.items()
    ]
    content = {"schema": _schema(kind), "example": example_of(kind)}
    taken = "Any 2xx: it is taken. 410: no more of these, ever. Anything else, or nothing within the time: it comes again."
    return {
        "operationId": "hear_" + kind.name.replace(".", "_"),
        "summary": kind.meaning,
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"2XX": {"description": taken}},
    }


def _schema(kind: MessageType) -> dict[str, Any]:
    told = {
        "id": _ID,
        "network_id": _ID,
        **dict.fromkeys(kind.ids, _ID),
        "version": {"type": "integer"},
        "url": {"type": "string", "format": "uri"},
    }
    data = {"type": "object", "required": list(told), "properties": told}
    properties = {"type": {"const": kind.name}, "timestamp": {"type": "string", "format": "date-time"}, "data": data}
    return {"type": "object", "required": list(properties), "properties": properties}


def example_of(kind: MessageType) -> dict[str, Any]:
    """A message of this type."""
    ids = dict.fromkeys(("id", "network_id", *kind.ids), _EXAMPLE_ID)
    url = f"https://network.example.org/api/v1/{kind.path.format(**ids)}"
    return {"type": kind.name, "timestamp": "2027-03-04T07:00:00Z", "data": {**ids, "version": 1, "url": url}}
