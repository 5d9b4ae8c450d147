"""Bad input: whatever is sent to whatever route, the answer is a 4xx that names the field, nothing is written, never a 500."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from bson import ObjectId
from bson.json_util import dumps
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import fields
from werkzeug.test import TestResponse

from network_api.app import MOST_BODY, documents
from network_api.networks.documents import Network
from network_api.schemas import EmailAddress, Line, Schema
from tests.conftest import Api
from tests.world import World, api_rules, arguments_of, make_world

REPEATABLE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
INJECTION = "Aino\r\nBcc: everybody@example.org"
STRANGE_IDS = ("x", "%00", "65f1c0ffee65f1c0ffee65f", "65f1c0ffee65f1c0ffee65f1a", "z" * 24, "é" * 12, "$ne", "a" * 5000)
NO_JSON = (b"{", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}', b'{"name": "\\ud800"}', b"\xff\xfe{}", b"[" * 100_000)
NO_OBJECT = (b"[]", b'"text"', b"17", b"null", b"true", b"[[[[]]]]")
WRONG_TEXTS = (17, True, ["text"], {"$gt": ""}, "\x00")
OTHERS_OWN = (  # not there for the administrator
    "/api/v1/auth/tokens/<id:token_id>",
    "/api/v1/members/me/introduction",
    "/api/v1/members/me/calendar",
    "/api/v1/issues/<id:issue_id>/comments/<id:comment_id>",
)
LARGEST = (2**31, 2**53 + 1, 2**63, 2**64, 10**30, -(10**30), 1e300)


@pytest.fixture
def world(app: Flask, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network) -> World:
    return make_world(app, signed_in, national, regional, other_region)


@pytest.fixture
def admin(world: World) -> Api:
    """Who reaches everything, so that nothing is turned away before it is read."""
    return world.callers["administrator"]


def bodies(app: Flask) -> Iterator[tuple[str, str, Schema]]:
    """Every method and route that reads a JSON body, with its schema."""
    for method, rule in api_rules(app):
        for entry in arguments_of(app, method, rule, "json"):
            schema = entry["schema"]
            yield method, rule.rule, schema() if isinstance(schema, type) else schema


def lists(app: Flask) -> Iterator[str]:
    """Every route that is read with a query."""
    for method, rule in api_rules(app):
        if method == "GET" and arguments_of(app, method, rule, "query"):
            yield rule.rule


def send(api: Api, method: str, path: str, body: bytes, content_type: str = "application/json") -> TestResponse:
    """A request with a body just as it is."""
    headers = {"Authorization": f"Bearer {api.token}", "If-Match": "*"}
    return api.client.open(f"/api/v1{path}", method=method, data=body, content_type=content_type, headers=headers)


def stored() -> str:
    """All that is stored, to compare."""
    return dumps({document._get_collection_name(): list(document.collection().find().sort("_id", 1)) for document in documents()})


def fault(answer: TestResponse, *statuses: int, field: str | None = None) -> str | None:
    """What is wrong with a refusal, or None."""
    if answer.status_code not in statuses:
        return f"{answer.status_code}, not {statuses}: {answer.get_data(as_text=True)[:200]}"
    if answer.content_type != "application/problem+json" or answer.json["status"] != answer.status_code:
        return f"no problem+json: {answer.content_type}"
    if field is not None and field not in answer.json.get("errors", {}):
        return f"does not name {field}: {answer.json}"
    return None


def example_of(world: World, schema: Schema) -> dict[str, Any]:
    """A good body, about the network of the world."""
    example = type(schema).example(load=True)
    return {**example, "network_id": world.ids["network_id"]} if "network_id" in example else example


NO_BODIES: tuple[tuple[bytes, str, int], ...] = (
    *((raw, "application/json", 400) for raw in NO_JSON),
    *((raw, "application/json", 422) for raw in NO_OBJECT),
    (b"name=Aino", "application/x-www-form-urlencoded", 415),
    (b"{}", "text/plain", 415),
    (b'{"nonsense": 1}', "application/json", 422),
    (b'{"a": "' + b"x" * MOST_BODY + b'"}', "application/json", 413),
)


def test_no_route_takes_what_is_no_body(app: Flask, world: World, admin: Api) -> None:
    before, wrong = stored(), {}
    for method, rule, _ in bodies(app):
        for raw, content_type, status in NO_BODIES:
            if found := fault(send(admin, method, world.path(rule), raw, content_type), status):
                wrong[f"{method} {rule} {content_type} {raw[:30]!r}"] = found
    assert wrong == {}
    assert stored() == before


def test_an_unknown_field_is_named(app: Flask, world: World, admin: Api) -> None:
    before, wrong = stored(), {}
    for method, rule, schema in bodies(app):
        body = json.dumps({**example_of(world, schema), "nonsense": 1}).encode()
        if found := fault(send(admin, method, world.path(rule), body), 422, field="nonsense"):
            wrong[f"{method} {rule}"] = found
    assert wrong == {}
    assert stored() == before


def named(field: fields.Field[Any], name: str) -> str:
    return field.data_key or name


def test_a_text_of_another_type_is_refused_by_name(app: Flask, world: World, admin: Api) -> None:
    before, wrong = stored(), {}
    for method, rule, schema in bodies(app):
        for name, field in schema.load_fields.items():
            if not isinstance(field, fields.String):
                continue
            for value in WRONG_TEXTS:
                body = json.dumps({**example_of(world, schema), named(field, name): value}).encode()
                if (name, value) == ("content_hash", "\x00"):
                    continue  # compared with the true one, never stored
                if found := fault(send(admin, method, world.path(rule), body), 422, field=named(field, name)):
                    wrong[f"{method} {rule} {name}={value!r}"] = found
    assert wrong == {}
    assert stored() == before


def test_no_line_break_gets_into_what_becomes_a_header(app: Flask, world: World, admin: Api) -> None:
    before, wrong, tried = stored(), {}, 0
    for method, rule, schema in bodies(app):
        for name, field in schema.load_fields.items():
            if isinstance(field, Line | EmailAddress):
                tried += 1
                body = json.dumps({**example_of(world, schema), named(field, name): INJECTION}).encode()
                if found := fault(send(admin, method, world.path(rule), body), 422, field=named(field, name)):
                    wrong[f"{method} {rule} {name}"] = found
    assert tried > 5
    assert wrong == {}
    assert stored() == before


def test_numbers_and_lists_and_objects_of_another_kind_are_refused_by_name(app: Flask, world: World, admin: Api) -> None:
    before, wrong = stored(), {}
    for method, rule, schema in bodies(app):
        for name, field in schema.load_fields.items():
            if isinstance(field, fields.String | fields.Date):
                continue
            values: list[Any] = ["\x00", -(10**30), [[["x"]]], {"$where": "1"}]
            if isinstance(field, fields.Integer):
                values.extend(LARGEST)
            for value in values:
                body = json.dumps({**example_of(world, schema), named(field, name): value}).encode()
                answer = send(admin, method, world.path(rule), body)
                if found := fault(answer, 422, field=named(field, name)):
                    wrong[f"{method} {rule} {name}={value!r}"] = found
    assert wrong == {}
    assert stored() == before


def test_a_strange_id_is_a_404(app: Flask, world: World, admin: Api) -> None:
    before, wrong = stored(), {}
    for method, rule in api_rules(app):
        for name, strange in product(rule.arguments, STRANGE_IDS):
            path = world.path(rule.rule, **{name: strange})
            raw = b"" if method == "GET" else json.dumps({"network_id": world.ids["network_id"]}).encode()
            if found := fault(send(admin, method, path, raw), 404):
                wrong[f"{method} {rule.rule} {name}={strange[:30]}"] = found
    assert wrong == {}
    assert stored() == before


def test_a_malformed_id_is_named(world: World, admin: Api) -> None:
    for path, name in (("/networks/x", "network_id"), ("/members/x", "member_id"), ("/events/x", "event_id")):
        assert fault(admin.get(path), 404, field=name) is None
    assert fault(admin.delete("/auth/tokens/x"), 404, field="token_id") is None


def test_an_unknown_query_parameter_is_named_by_every_route(app: Flask, world: World, admin: Api) -> None:
    before, wrong = stored(), {}
    for method, rule in api_rules(app):
        if rule.rule in OTHERS_OWN:
            continue
        answer = send(admin, method, f"{world.path(rule.rule)}?nonsense=1", b"")
        if found := fault(answer, 422, field="nonsense"):
            wrong[f"{method} {rule.rule}"] = found
    assert wrong == {}
    assert stored() == before


def test_a_limit_out_of_bounds_is_named(app: Flask, world: World, admin: Api) -> None:
    wrong = {}
    for rule in lists(app):
        if "limit" not in world_query(app, rule):
            continue
        for value in ("", "x", "0", "101", "-1", "1e3", "%00", "NaN", "9" * 400):
            if found := fault(admin.get(f"{world.path(rule)}?limit={value}"), 422, field="limit"):
                wrong[f"{rule} {value}"] = found
        # Python reads other digits than ASCII's as well: 12 in Arabic-Indic digits is a limit.
        assert admin.get(f"{world.path(rule)}?limit=١٢").status_code == 200
    assert wrong == {}


def world_query(app: Flask, path: str) -> set[str]:
    """The names that a route takes in its query."""
    for method, rule in api_rules(app):
        if method == "GET" and rule.rule == path:
            [entry] = arguments_of(app, method, rule, "query")
            schema = entry["schema"]() if isinstance(entry["schema"], type) else entry["schema"]
            return {field.data_key or name for name, field in schema.load_fields.items()}
    raise LookupError(path)


STRANGE_VALUES = (
    "%00",
    "%ff",
    "%ed%a0%80",
    "x" * 3000,
    "[]",
    "$ne",
    "1e999",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B14:00",
)


def test_a_strange_value_in_a_query_is_never_our_fault(app: Flask, world: World, admin: Api) -> None:
    wrong = {}
    for rule in lists(app):
        for name in world_query(app, rule):
            for value in STRANGE_VALUES:
                with admin.get(f"{world.path(rule)}?{name}={value}") as answer:
                    if answer.status_code != 200 and (found := fault(answer, 422, field=name)):
                        wrong[f"{rule}?{name}={value[:30]}"] = found
                    answer.get_data()
    assert wrong == {}


@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "Basic YWlubzpzYWxhc2FuYQ==", "bearer nws_", "Bearer " + "x" * 10_000, "Bearer nws_é", "\xff"],
)
def test_a_malformed_authorization_is_a_401(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/v1/members/me", headers={"Authorization": header})
    assert fault(answer, 401) is None
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="network-api"'


@pytest.mark.parametrize("header", ["Bearer nws_wrong", "Basic YWlubzpzYWxhc2FuYQ==", "Bearer"])
def test_a_bad_token_is_a_401_also_where_strangers_may(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/v1/networks", headers={"Authorization": header})
    assert fault(answer, 401) is None


HEADER_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=80)


@REPEATABLE
@given(secret=HEADER_TEXT)
def test_no_invented_token_is_let_in(app: Flask, secret: str) -> None:
    for scheme in ("Bearer ", "Bearer nws_", "Bearer nwt_", ""):
        answer = app.test_client().get("/api/v1/members/me", headers={"Authorization": scheme + secret})
        assert fault(answer, 401) is None


@REPEATABLE
@given(text=st.text(min_size=1, max_size=60).filter(lambda text: "/" not in text and text not in (".", "..")))
def test_no_invented_id_finds_anything(app: Flask, text: str) -> None:
    if ObjectId.is_valid(text):
        return
    client = app.test_client()
    for path in ("networks", "members", "events", "newsletters", "manage/registrations", "manage/subscriptions"):
        if (path, text) != ("members", "me"):
            answer = client.get(f"/api/v1/{path}/{_quoted(text)}")
            assert fault(answer, 404) is None


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["2027-03-04T07:00:00Z", "9999-12-31T23:59:59-14:00", "", "fi", INJECTION, "$where", "a.b", "aino@example.org"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["fi", "sv", "$gt", "a.b", "", "name", "type", "\x00"]) | st.text(max_size=5), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(REPEATABLE, max_examples=5)  # each walks over every route that reads a body
@given(data=st.data())
def test_no_invented_body_is_our_fault(app: Flask, world: World, admin: Api, data: st.DataObject) -> None:
    """One or two fields of a good body get a value out of nowhere. It may be taken, or refused by 4xx problem+json."""
    for method, rule, schema in bodies(app):
        if rule.endswith(("/auth/codes", "/test-send")) or not schema.load_fields:
            continue
        names = [named(field, name) for name, field in schema.load_fields.items()]
        changed = data.draw(st.dictionaries(st.sampled_from(names), VALUES, min_size=1, max_size=2), label=rule)
        body = json.dumps({**example_of(world, schema), **changed}).encode()
        answer = send(admin, method, world.path(rule), body)
        if answer.status_code >= 400:
            assert fault(answer, 400, 403, 404, 409, 412, 422) is None, (method, rule, changed, answer.get_data(as_text=True))


def test_a_doubled_slash_is_a_problem_and_no_page(anyone: Api) -> None:
    assert fault(anyone.client.get("/api/v1//networks"), 404) is None


def test_unknown_paths_and_methods_under_api_are_problems_too(anyone: Api) -> None:
    assert fault(anyone.get("/nowhere"), 404) is None
    answer = anyone.delete("/networks")
    assert fault(answer, 405) is None
    assert "GET" in answer.headers["Allow"]
