"""The fast dump of every answer equals marshmallow's own, for rows with values, without, and in lists."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
import pytest
from bson import ObjectId
from flask import Flask
from marshmallow import fields

from network_api.api import OrjsonProvider
from network_api.schemas import Day, Derived, Flag, Id, Instant, Schema, Whole
from tests.conftest import Api
from tests.world import api_rules, view_of

NOW = datetime(2027, 3, 4, 7, 0, 0, 123000, tzinfo=UTC)


def answers(app: Flask) -> dict[str, type[Schema]]:
    """The schema of every answer of the API, and those nested in them, by name."""
    found: dict[str, type[Schema]] = {}
    for method, rule in api_rules(app):
        for said in view_of(app, method, rule)._apidoc.get("response", {}).get("responses", {}).values():
            for entry in said:
                if isinstance(entry, dict) and entry.get("schema") is not None:
                    collect(entry["schema"], found)
    return found


def collect(schema: Any, found: dict[str, type[Schema]]) -> None:
    kind = schema if isinstance(schema, type) else type(schema)
    if kind.__name__ not in found:
        found[kind.__name__] = kind
        for field in kind().dump_fields.values():
            inner = field.inner if isinstance(field, fields.List) else field
            if isinstance(inner, fields.Nested):
                collect(inner.schema, found)


def row_of(schema: Schema) -> dict[str, Any]:
    """A stored row that this schema can answer with: the derived fields get what they are worked out from."""
    row: dict[str, Any] = dict(STORED.get(type(schema).__name__, {}))
    for name, field in schema.dump_fields.items():
        if not isinstance(field, Derived):
            row.setdefault(field.attribute or name, value_of(field))
    return row


def value_of(field: Any) -> Any:
    """A value as MongoDB would give it back."""
    if isinstance(field, fields.Nested):
        return [row_of(field.schema)] if field.many else row_of(field.schema)
    if isinstance(field, fields.List):
        return [value_of(field.inner), value_of(field.inner)]
    return next((value for kind, value in VALUES.items() if isinstance(field, kind)), "teksti")


VALUES: dict[type[fields.Field[Any]], Any] = {
    Id: ObjectId("65f1c0ffee65f1c0ffee65f1"),
    Instant: NOW,
    Day: NOW.replace(hour=0),  # MongoDB keeps a day as its midnight
    fields.Boolean: True,
    fields.Integer: 7,
    fields.Float: 0.5,
    fields.Dict: {"fi": "Teemapäivä", "sv": "Temadag"},
}
INTRODUCTION = {
    "text": {"fi": "Hei"},
    "offers": ["CV-klinikka"],
    "wishes": [],
    "consent": {"audience": "public", "given_at": NOW, "wording": "2026-11"},
    "publish_in_newsletter": True,
    "introduced_at": NOW,
}
EVENT = {
    "status": "published",
    "starts_at": NOW,
    "ends_at": NOW,
    "opens_at": NOW,
    "closes_at": NOW,
    "is_full": False,
    "seats_version": 3,
    "seats": {
        "onsite": {"capacity": 40, "available": 28, "taken": 12, "offered": 0, "waiting": 0},
        "remote": {"taken": 1, "offered": 0, "waiting": 0},
    },
}
# What derived fields read, for the schemas that have any.
STORED: dict[str, dict[str, Any]] = {
    "IntroductionSchema": {"introduction": INTRODUCTION},
    "OwnIntroductionSchema": {"introduction": INTRODUCTION},
    "EventSchema": EVENT,
    "LinkSchema": {"days": {"2026-11-24": 14}},
    "NewsletterSchema": {"timezone": "Europe/Helsinki", "cadence": {"day": 15, "time": "09:00"}},
}


def both(schema: Schema, given: Any, *, many: bool = False) -> tuple[Any, Any]:
    """The two dumps, each as the JSON that a client would get."""
    provider = OrjsonProvider(Flask(__name__))
    fast, slow = schema.dump(given, many=many), ma.Schema.dump(schema, given, many=many)
    return tuple(json.loads(provider.dumps(dumped)) for dumped in (fast, slow))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def schemas(shared_app: Flask) -> dict[str, type[Schema]]:
    found = answers(shared_app)
    assert {"NetworkSchema", "MemberSchema", "NetworkPageSchema", "OrganisationSchema", "ConsentSchema"} <= found.keys()
    return found


def test_with_values_both_dumps_are_equal(schemas: dict[str, type[Schema]]) -> None:
    for name, kind in schemas.items():
        fast, slow = both(kind(), row_of(kind()))
        assert fast == slow, name


def test_with_nulls_both_dumps_are_equal(schemas: dict[str, type[Schema]]) -> None:
    for name, kind in schemas.items():
        schema = kind()
        needed = STORED.get(name, {})
        row = {key: needed.get(key) for key in row_of(schema)}
        fast, slow = both(schema, row)
        assert fast == slow, name


def test_with_absent_values_both_dumps_are_equal_and_the_keys_stay(schemas: dict[str, type[Schema]]) -> None:
    for name, kind in schemas.items():
        schema = kind()
        fast, slow = both(schema, dict(STORED.get(name, {})))
        assert fast == slow, name
        always = {field.data_key or key for key, field in schema.dump_fields.items() if "omitted" not in field.metadata}
        assert always <= fast.keys(), name


def test_lists_of_rows_are_dumped_alike(schemas: dict[str, type[Schema]]) -> None:
    for name, kind in schemas.items():
        schema = kind()
        fast, slow = both(schema, [row_of(schema), dict(STORED.get(name, {}))], many=True)
        assert fast == slow, name
        assert len(fast) == 2


def test_times_days_and_ids_are_written_as_the_contract_says() -> None:
    class Shape(Schema):
        id = Id(attribute="_id")
        at = Instant()
        on = Day()

    row = {"_id": ObjectId("65f1c0ffee65f1c0ffee65f1"), "at": NOW, "on": NOW}
    dumped = OrjsonProvider(Flask(__name__)).dumps(Shape().dump(row))
    assert json.loads(dumped) == {"id": "65f1c0ffee65f1c0ffee65f1", "at": "2027-03-04T07:00:00Z", "on": "2027-03-04"}


def test_the_comparison_would_notice_a_difference() -> None:
    """The negative control."""

    class Wrong(Schema):
        at = fields.Integer()

        def dump_row(self, row: Any) -> dict[str, Any]:
            return {"at": 8}

    fast, slow = both(Wrong(), {"at": 7})
    assert fast != slow


def test_a_day_comes_back_as_it_was_given(signed_in: Callable[..., Api]) -> None:
    admin = signed_in("admin@example.org", administrator=True)
    body = {"name": {"fi": "Lapin verkosto"}, "kind": "regional", "coordination_ends_on": "2027-12-31"}
    made = admin.post("/networks", body)
    assert made.json["coordination_ends_on"] == "2027-12-31"
    assert admin.get(f"/networks/{made.json['id']}").json == made.json


class Asked(Schema):
    agreed = Flag(required=True)
    seats = Whole(required=True)


@pytest.mark.parametrize("agreed", [0, 1, "true", "on", "", None])
def test_only_true_and_false_are_an_answer_to_a_question(agreed: Any) -> None:
    assert Asked().validate({"agreed": agreed, "seats": 2}).keys() == {"agreed"}


@pytest.mark.parametrize("seats", [True, "2", 2.5, 2.6e-42, None])
def test_only_a_whole_number_is_one(seats: Any) -> None:
    assert Asked().validate({"agreed": True, "seats": seats}).keys() == {"seats"}


@pytest.mark.parametrize("seats", [2, 2.0])
def test_a_number_without_a_fraction_is_whole_however_it_is_written(seats: float) -> None:
    assert Asked().load({"agreed": True, "seats": seats})["seats"] == 2
