"""Fields of requests about theme days."""

import re
from datetime import datetime
from typing import Any

import marshmallow as ma
from flask import current_app
from marshmallow import fields, validate

from network_api.schemas import Instant, LanguageMap, Whole, no_surrogates

_MOST_SEATS = 100_000
_MOST_DEPTH, _MOST_PARTS = 5, 200
_YEARS = r"^2[01]\d\d-"
_LARGEST = 2**53  # beyond it JSON's readers disagree about a number


class Seating(Whole):
    """A number of seats; null for no limit."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {
            "example": 40,
            "description": "Null: no limit. Absent: this mode is not offered.",
            **kwargs.get("metadata", {}),
        }
        super().__init__(validate=validate.Range(0, _MOST_SEATS), allow_none=True, **kwargs)


class EventTime(Instant):
    """An instant within the years that calendars and time zones can write, as it is written."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"pattern": _YEARS, **kwargs.get("metadata", {})}
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not re.match(_YEARS, value):
            raise ma.ValidationError("Between the years 2000 and 2199.")
        return moment


class FileName(fields.String):
    """What a file is called: one line, no slashes of either kind."""

    def __init__(self, **kwargs: Any) -> None:
        plain = validate.Regexp(r"\A[^/\\\x00-\x1f\x7f\u2028\u2029]*\Z", error="A name of one line, without slashes.")
        super().__init__(validate=[validate.Length(1, 200), plain, no_surrogates], **kwargs)


class Entry(fields.Dict):
    """One entry of a list that is kept as it was given: plain JSON of a modest size that can be stored."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found: Any = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's has no types
        if _count_parts(found, _MOST_DEPTH) > _MOST_PARTS:
            raise ma.ValidationError("This is too much.")
        return found


def _count_parts(value: Any, depth: int) -> int:
    """How many values there are in all. Raises ValidationError for what cannot be stored, or nests too deep."""
    if isinstance(value, str):
        no_surrogates(value)
    if isinstance(value, (int, float)) and abs(value) > _LARGEST:
        raise ma.ValidationError("This number is too large.")
    if not isinstance(value, (dict, list)):
        return 1
    if not depth:
        raise ma.ValidationError("This is nested too deep.")
    if isinstance(value, list):
        return 1 + sum(_count_parts(part, depth - 1) for part in value)
    for name in value:
        if not isinstance(name, str) or not 0 < len(name) <= 100 or name.startswith("$") or "." in name or "\0" in name:
            raise ma.ValidationError("A name has 1 to 100 characters, no full stop, and no $ at its beginning.")
    return 1 + sum(_count_parts(part, depth - 1) for part in value.values())


class Reason(LanguageMap):
    """A text by language; a plain text counts as one in the platform's own language."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        given = {current_app.config["DEFAULT_LANGUAGE"]: value} if isinstance(value, str) else value
        return super()._deserialize(given, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's has no types
