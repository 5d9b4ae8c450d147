"""`make fuzz`: every operation of the API document is sent what is nearly right, and what is not; none may answer with a 5xx."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from network_api.networks.documents import Network
from tests.profiles import LONG
from tests.world import World, make_world

METHODS = ("get", "post", "put", "patch", "delete")
ODD = ("", "\x00", "$ne", "a.b", "é" * 300)
TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(ODD))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
Document = Mapping[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]


def resolved(document: Document, said: Any) -> Any:
    """What a reference stands for, or the thing itself."""
    while "$ref" in said:
        found: Any = document
        for part in said["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        said = found
    return said


def values(document: Document, schema: Any, depth: int = 4) -> st.SearchStrategy[Any]:
    """Values of a shape, and now and then something else."""
    shape = resolved(document, schema)
    kind = shape.get("type")
    kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    known: list[st.SearchStrategy[Any]] = [st.sampled_from(shape["enum"])] if shape.get("enum") else []
    known += [st.just(shape["example"])] if "example" in shape else []
    if kind == "object" and shape.get("properties") and depth:
        parts = {name: values(document, part, depth - 1) for name, part in shape["properties"].items()}
        needed = {name: part for name, part in parts.items() if name in shape.get("required", ())}
        known.append(st.fixed_dictionaries(needed, optional={name: part for name, part in parts.items() if name not in needed}))
    elif kind == "array" and depth:
        known.append(st.lists(values(document, shape.get("items", {}), depth - 1), max_size=3))
    plain = {"integer": st.integers(), "number": st.floats(allow_nan=False), "boolean": st.booleans(), "string": TEXTS}
    known += [plain[kind]] if kind in plain else []
    return st.one_of(*known, JSON)


def request_to(draw: Draw, document: Document, ids: Mapping[str, str]) -> tuple[str, str, Any]:
    """A method, an address below `/api/v1` and a body."""
    path = draw(st.sampled_from(sorted(document["paths"])))
    item = document["paths"][path]
    method = draw(st.sampled_from([name for name in METHODS if name in item]))
    said, address, query = item[method], path, {}
    for found in [*item.get("parameters", ()), *said.get("parameters", ())]:
        parameter = resolved(document, found)
        name = parameter["name"]
        if parameter["in"] == "path":
            value = draw(st.one_of(st.just(ids.get(name, "x")), st.just(ids.get(name, "x")), TEXTS.filter(bool)))
            address = address.replace(f"{{{name}}}", quote(value, safe=""))
        elif parameter["in"] == "query" and draw(st.booleans()):
            query[name] = draw(values(document, parameter.get("schema", {})))
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    content = draw(values(document, body)) if body else None
    asked = urlencode({name: str(value) for name, value in query.items()})
    return method.upper(), f"{address.removeprefix('/api/v1')}?{asked}", content


@pytest.fixture
def world(app: Flask, signed_in: Callable[..., Any], national: Network, regional: Network, other_region: Network) -> World:
    return make_world(app, signed_in, national, regional, other_region)


@pytest.mark.fuzz
def test_no_operation_of_the_document_fails_whatever_it_is_sent(world: World) -> None:
    admin = world.callers["administrator"]
    document = admin.get("/openapi.json").json
    ids = {**world.ids, "token": world.ids["registration_token"]}

    @settings(LONG, max_examples=4_000)
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        method, address, body = request = request_to(data.draw, document, ids)
        headers = {"Authorization": f"Bearer {admin.token}", "If-Match": "*", "Content-Type": "application/json"}
        raw = b"" if method == "GET" else json.dumps(body).encode()
        with admin.client.open(f"/api/v1{address}", method=method, data=raw, headers=headers) as answer:
            assert answer.status_code < 500, (request, answer.get_data(as_text=True))
            if answer.status_code >= 400:
                assert answer.content_type == "application/problem+json", request

    ask()
