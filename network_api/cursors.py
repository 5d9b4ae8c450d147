"""Opaque cursors: the place where the next page goes on, bound to the query that it belongs to."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

import bson
from bson import ObjectId
from bson.errors import BSONError

from network_api.errors import Invalid

_SCALARS = (str, int, float, bool, datetime, ObjectId, type(None))
_CODEC: Any = bson.CodecOptions(tz_aware=True)


def fingerprint(path: str, arguments: dict[str, list[str]]) -> bytes:
    """What the rows of a list depend on, cut to eight bytes: a cursor of another list or filter is refused."""
    relevant = sorted((name, values) for name, values in arguments.items() if name not in ("cursor", "limit", "total"))
    return hashlib.sha256(repr((path, relevant)).encode()).digest()[:8]


def begin(wanted: dict[str, Any], query: bytes) -> None:
    """Put `paging`, the arguments of `BaseDocument.page`, in the place of `limit`, `cursor` and `total`. Raises Invalid."""
    cursor = wanted.pop("cursor")
    after = None if cursor is None else decode(cursor, query)
    wanted["paging"] = {"limit": wanted.pop("limit"), "total": wanted.pop("total"), "after": after}


def encode(place: list[Any], query: bytes) -> str:
    """The cursor for a place as `documents.Page.next` gives it."""
    return urlsafe_b64encode(bson.encode({"p": place, "q": query})).decode().rstrip("=")


def decode(cursor: str, query: bytes) -> list[Any]:
    """The place that a cursor names. Raises Invalid, naming `cursor`, for anything we did not write for this query."""
    try:
        content = bson.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), codec_options=_CODEC)
        place = content["p"]
        genuine = (
            content["q"] == query
            and isinstance(place, list)
            and len(place) == 2
            and all(isinstance(part, _SCALARS) for part in place)
        )
    except (ValueError, BSONError, KeyError, TypeError):
        genuine = False
    if not genuine:
        raise Invalid("This cursor does not belong to this list.", errors={"cursor": ["Not a cursor of this list."]})
    return list(place)
