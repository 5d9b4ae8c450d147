"""The marshmallow base of every schema: shapes of requests and answers, and a dump as fast as plain Python.

A schema is the documented shape. `Schema.dump` reads a stored row (or a document's row) by a plan made once from the
declared fields; `tests/test_schemas.py` holds it equal to marshmallow's own dump. Absent values are written as null, so
that an answer always has the same keys; a field with the metadata `omitted` is left out where the row lacks it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any
from zoneinfo import available_timezones

import marshmallow as ma
from bson import ObjectId
from marshmallow import fields, validate

from network_api.documents import BaseDocument, Row
from network_api.languages import LANGUAGES

ZONES = frozenset(available_timezones())
_EMAIL_MOST = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
_CONTROL = validate.Regexp(r"\A[^\x00-\x1f\x7f\u2028\u2029]*\Z", error="Line breaks and control characters are not allowed.")


STORABLE = r"^[^\x00]*$"  # what a shape says of `no_surrogates`: JSON that UTF-8 cannot write is no JSON


def no_surrogates(value: str) -> None:
    """Refuse text that UTF-8 cannot write (a lone surrogate in a JSON escape) and the null character."""
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ma.ValidationError("The text has a character that cannot be stored.")


class Id(fields.String):
    """An id: 24 hexadecimal digits, an ObjectId inside."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("metadata", {})
        kwargs["metadata"] = {"pattern": "^[0-9a-f]{24}$", "example": "65f1c0ffee65f1c0ffee65f1", **kwargs["metadata"]}
        super().__init__(**kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not ObjectId.is_valid(value):
            raise ma.ValidationError("Not a valid id.")
        return ObjectId(value)


class Instant(fields.AwareDateTime):
    """An instant, RFC 3339 in UTC (`2027-03-04T07:00:00Z`), kept in whole milliseconds."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"example": "2027-03-04T07:00:00Z", **kwargs.get("metadata", {})}
        super().__init__(format="iso", default_timezone=None, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value  # the JSON provider writes it

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        parsed: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            moment = parsed.astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type="datetime") from error
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Day(fields.Date):
    """A day without a time (`2027-12-31`). MongoDB has none and keeps its midnight."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"example": "2027-12-31", **kwargs.get("metadata", {})}
        super().__init__(**kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else _day(value)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


class LanguageMap(fields.Dict):
    """A text for people by language, with at least one of fi, sv and en; `most` is the length of each text."""

    def __init__(self, *, most: int = 20_000, example: str = "Teemapäivä", **kwargs: Any) -> None:
        text = fields.String(validate=[validate.Length(min=1, max=most), no_surrogates])
        by_language = {name: {"type": "string", "minLength": 1, "maxLength": most, "pattern": STORABLE} for name in LANGUAGES}
        shape = {"properties": by_language, "minProperties": 1}
        kwargs["metadata"] = {"example": {"fi": example}, **shape, **kwargs.get("metadata", {})}
        super().__init__(
            keys=fields.String(validate=validate.OneOf(LANGUAGES)),
            values=text,
            validate=validate.Length(min=1, error="At least one language is needed."),
            **kwargs,
        )


class Line(fields.String):
    """One line of plain text: a name, an address, a tag. No line breaks, so it can stand in a mail's header."""

    def __init__(self, *, least: int = 1, most: int = 200, **kwargs: Any) -> None:
        super().__init__(validate=[validate.Length(min=least, max=most), _CONTROL, no_surrogates], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, attr, data, **kwargs)).strip()


class Slug(fields.String):
    """The name of something in an address: small letters a-z and digits, with single hyphens between."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"example": "keski-suomi", **kwargs.get("metadata", {})}
        words = validate.Regexp(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", error="Small letters a-z and digits, with single hyphens between.")
        super().__init__(validate=[validate.Length(max=80), words], **kwargs)


class EmailAddress(fields.Email):
    """An e-mail address, without spaces around it; compared elsewhere without case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"example": "aino@example.org", **kwargs.get("metadata", {})}
        super().__init__(validate=[validate.Length(max=_EMAIL_MOST), _CONTROL], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value.strip() if isinstance(value, str) else value, attr, data, **kwargs))


class Flag(fields.Boolean):
    """Yes or no in a body: true or false, and not what else marshmallow takes for them (0, "on", "t")."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Whole(fields.Integer):
    """A whole number as JSON Schema has it (2020-12 validation, section 6.1.1): 115.0 is one; text and truth values are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


def _known_zone(value: str) -> None:
    if value not in ZONES:
        raise ma.ValidationError("Not an IANA time zone.")


class TimeZone(fields.String):
    """An IANA time zone by name. The document does not list all 600: generators make names of them that collide."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"example": "Europe/Helsinki", **kwargs.get("metadata", {})}
        super().__init__(validate=_known_zone, **kwargs)


class Chosen(fields.String):
    """One of some names that are known once the application is made: the document lists them, the verb checks."""

    def __init__(self, choices: Callable[[], Sequence[str]], **kwargs: Any) -> None:
        self.choices = choices
        super().__init__(**kwargs)


class Derived(fields.Function):
    """An answer's field that is worked out from the whole stored row; read-only."""

    def __init__(self, work_out: Callable[[Row], Any], *, shape: Mapping[str, Any], **kwargs: Any) -> None:
        self.work_out = work_out
        super().__init__(serialize=work_out, dump_only=True, metadata={**shape, **kwargs.pop("metadata", {})}, **kwargs)


def _reader(field: Any) -> Callable[[Any], Any] | None:
    """How the fast dump writes one present value; None where it is written as it is stored."""
    if isinstance(field, Derived):
        return field.work_out
    if isinstance(field, Id):
        return str
    if isinstance(field, Day):
        return _day
    if isinstance(field, fields.Nested):
        nested: Any = field.schema
        dump: Callable[[Any], Any] = nested.dump_rows if field.many else nested.dump_row
        return dump
    if isinstance(field, fields.List) and (inner := _reader(field.inner)):
        return lambda values: [inner(value) for value in values]
    return None


class Schema(ma.Schema):
    """The base of ours: unknown fields are refused, and dumping reads stored rows."""

    class Meta:
        """Whatever a request has beyond the declared fields is an error that names it."""

        unknown = ma.RAISE

    _plan: list[tuple[str, str | None, Callable[[Any], Any] | None]] | None = None

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Absent is null; what may be left out stays absent."""
        name = next(n for n, f in self.dump_fields.items() if (f.attribute or n) == attr)
        return obj.get(attr, default if "omitted" in self.dump_fields[name].metadata else None)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """The answer for a row, a document, or a list of them."""
        return self.dump_rows(obj) if (self.many if many is None else many) else self.dump_row(obj)

    def dump_rows(self, rows: Any) -> list[dict[str, Any]]:
        """The answers for several rows."""
        return [self.dump_row(row) for row in rows]

    def dump_row(self, row: Any) -> dict[str, Any]:
        """The answer for one row."""
        if isinstance(row, BaseDocument):
            row = row.to_mongo()
        plan = self._plan
        if plan is None:
            dumped = [(field.data_key or name, name, field) for name, field in self.dump_fields.items()]
            plan = self._plan = [(key, self._stored_as(name, field), _reader(field)) for key, name, field in dumped]
            self._optional = [(key, field.attribute or name) for key, name, field in dumped if "omitted" in field.metadata]
        answer = {}
        for key, stored, read in plan:
            value = row if stored is None else row.get(stored)
            answer[key] = value if read is None or value is None else read(value)
        for name, key in self._optional:
            if key not in row:
                del answer[name]
        return answer

    @staticmethod
    def _stored_as(name: str, field: Any) -> str | None:
        """The stored field that it shows; None where it is worked out from the whole row."""
        return None if isinstance(field, Derived) else field.attribute or name

    @staticmethod
    def etag(row: Row) -> str:
        """What the ETag of a single resource says between its quotes."""
        return str(row["version"])

    @classmethod
    def example(cls, *, load: bool = False) -> dict[str, Any]:
        """An example of this shape, put together from the examples of its fields; of a request where `load`."""
        schema = cls()
        chosen = schema.load_fields if load else schema.dump_fields
        return {f.data_key or name: _example(f, load) for name, f in chosen.items() if not (load and f.metadata.get("rare"))}


def _example(field: Any, load: bool) -> Any:
    if "example" in field.metadata:
        return field.metadata["example"]
    if isinstance(field, fields.Nested):
        nested: Any = field.schema
        one = nested.example(load=load)
        return [one] if field.many else one
    if isinstance(field, fields.List):
        return [_example(field.inner, load)]
    choices = next((check.choices for check in _checks(field) if isinstance(check, validate.OneOf)), None)
    if choices:
        return next(iter(choices))
    kinds = {fields.Boolean: True, fields.Integer: 1, fields.Float: 1.0, fields.Dict: {}, fields.Email: "aino@example.org"}
    return next((value for kind, value in kinds.items() if isinstance(field, kind)), "teksti")


def _checks(field: Any) -> list[Any]:
    given = field.validate
    return [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]


row_id = itemgetter("_id")


class Resource(Schema):
    """The base of an answer for one stored document."""

    id = Id(attribute="_id", dump_only=True)
    created_at = Instant(dump_only=True)
    updated_at = Instant(dump_only=True)


class Nothing(Schema):
    """The body of an action: an empty object, or none."""


class PageQuery(Schema):
    """The query of a list; becomes `paging`, the arguments of `BaseDocument.page`."""

    limit = fields.Integer(
        load_default=25, validate=validate.Range(1, 100), metadata={"description": "How many at the most.", "example": 25}
    )
    cursor = fields.String(load_default=None, metadata={"description": "Where to go on: `next` of the page before."})
    total = fields.Boolean(load_default=False, metadata={"description": "Whether to count them all.", "example": True})
