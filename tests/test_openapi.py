"""The OpenAPI document: valid, complete, and true in its examples."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

METHODS = ("get", "post", "put", "patch", "delete")
ALWAYS, WITH_A_BODY, WITH_IF_MATCH = {"401", "403", "404", "422", "429"}, {"400", "413", "415"}, {"412", "428"}


class Operation(NamedTuple):
    """One method of one path, with what the document says about it."""

    method: str
    path: str
    said: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def takes_if_match(self) -> bool:
        return any(parameter.get("name") == "If-Match" for parameter in self.said.get("parameters", ()))


@pytest.fixture(scope="module")
def document(shared_app: Flask) -> dict[str, Any]:
    """The document as clients get it."""
    found: dict[str, Any] = shared_app.test_client().get("/api/v1/openapi.json").get_json()
    return found


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation of the document."""
    return [Operation(m, path, item[m]) for path, item in document["paths"].items() for m in METHODS if m in item]


def examples_of(said: Any) -> Iterator[Any]:
    """Every example below a parameter, a body or an answer."""
    if isinstance(said, dict):
        if "example" in said:
            yield said["example"]
        yield from said.get("examples", ())
        for name, below in said.items():
            if name not in ("example", "examples"):
                yield from examples_of(below)
    elif isinstance(said, list):
        for below in said:
            yield from examples_of(below)


def resolved(document: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for, or the thing itself."""
    while "$ref" in said:
        found: Any = document
        for part in said["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        said = found
    return said


def without(operations: list[Operation], name: str) -> list[str]:
    return [str(operation) for operation in operations if not operation.said.get(name)]


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_no_operation_of_the_api_is_undocumented(shared_app: Flask, operations: list[Operation]) -> None:
    documented = {(operation.method, operation.path) for operation in operations}
    served = {
        (method.lower(), re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in shared_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.startswith(("docs.", "api-docs."))
    }
    assert served == documented


@pytest.mark.parametrize("name", ["summary", "operationId", "tags", "security", "responses"])
def test_every_operation_has_its(operations: list[Operation], name: str) -> None:
    assert without(operations, name) == []


def shapes_of(said: Any) -> Iterator[dict[str, Any]]:
    """Every schema below a part of the document."""
    if isinstance(said, dict):
        yield said
        for below in said.values():
            yield from shapes_of(below)
    elif isinstance(said, list):
        for below in said:
            yield from shapes_of(below)


def test_patterns_are_those_of_json_schema(document: dict[str, Any]) -> None:
    r"""ECMA-262 takes Python's `\A` and `\Z` for the letters."""
    patterns = {shape["pattern"] for shape in shapes_of(document) if isinstance(shape.get("pattern"), str)}
    assert patterns
    assert [pattern for pattern in patterns if r"\A" in pattern or r"\Z" in pattern] == []


def test_a_text_by_language_is_of_the_known_languages_and_has_at_least_one(document: dict[str, Any]) -> None:
    text = document["components"]["schemas"]["IntroductionRequest"]["properties"]["text"]
    validator = OAS31Validator(text)
    assert validator.is_valid({"fi": "Hei"})
    assert [wrong for wrong in ({}, {"de": "Hallo"}, {"fi": ""}) if validator.is_valid(wrong)] == []


def test_a_body_is_required_where_something_in_it_is(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert paths["/api/v1/auth/codes"]["post"]["requestBody"]["required"]
    assert not paths["/api/v1/members/me"]["patch"]["requestBody"]["required"]
    assert not paths["/api/v1/events/{event_id}/publish"]["post"]["requestBody"]["required"]


def test_an_idempotency_key_has_its_lengths(document: dict[str, Any]) -> None:
    said = document["paths"]["/api/v1/auth/codes"]["post"]["parameters"]
    key = next(parameter for parameter in said if parameter.get("name") == "Idempotency-Key")
    assert key["schema"] == {"type": "string", "minLength": 1, "maxLength": 255}


def test_answers_that_depend_on_the_state_of_things_are_documented(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert "409" in paths["/api/v1/registrations/{registration_id}/certificate.pdf"]["get"]["responses"]
    assert "409" in paths["/api/v1/manage/registrations/{token}/certificate.pdf"]["get"]["responses"]
    assert "200" in paths["/api/v1/registrations/{registration_id}/check-in"]["post"]["responses"]


def test_an_introduction_may_be_of_somebody_without_organisation_and_region(document: dict[str, Any]) -> None:
    for name in ("Introduction", "OwnIntroduction"):
        said = document["components"]["schemas"][name]["properties"]
        assert {"type": "null"} in said["organisation"]["anyOf"]
        assert "null" in said["region"]["type"]


def test_operation_ids_are_unique_names(operations: list[Operation]) -> None:
    names = [operation.said["operationId"] for operation in operations]
    assert sorted({name for name in names if names.count(name) > 1 or not name.isidentifier()}) == []


def test_every_tag_is_described(document: dict[str, Any], operations: list[Operation]) -> None:
    described = {tag["name"] for tag in document["tags"] if tag.get("description")}
    assert {tag for operation in operations for tag in operation.said["tags"]} == described


def test_every_operation_that_takes_or_gives_anything_has_an_example(
    document: dict[str, Any], operations: list[Operation]
) -> None:
    bare = []
    for operation in operations:
        above = document["paths"][operation.path].get("parameters", [])
        answers = [
            said["content"] for status, said in operation.said["responses"].items() if status[0] == "2" and "content" in said
        ]
        parts = [*above, *operation.said.get("parameters", ()), *answers, *filter(None, [operation.said.get("requestBody")])]
        if parts and not any(True for _ in examples_of([resolved(document, part) for part in parts])):
            bare.append(str(operation))
    assert bare == []


def test_every_body_has_an_example(operations: list[Operation]) -> None:
    bare = [
        f"{operation} {content_type}"
        for operation in operations
        for body in (operation.said.get("requestBody"), *operation.said["responses"].values())
        if body
        for content_type, said in body.get("content", {}).items()
        if content_type == "application/json" and "example" not in said and "examples" not in said
    ]
    assert bare == []


def test_every_operation_names_every_error_it_can_answer(document: dict[str, Any], operations: list[Operation]) -> None:
    missing = {}
    for operation in operations:
        wanted = {"default"} | ALWAYS
        wanted |= WITH_A_BODY if "requestBody" in operation.said else set()
        wanted |= WITH_IF_MATCH if operation.takes_if_match else set()
        wanted |= {"409"} if operation.method != "get" else set()
        if lacking := wanted - operation.said["responses"].keys():
            missing[str(operation)] = sorted(lacking)
    assert missing == {}


def test_every_error_is_problem_json_with_an_example(document: dict[str, Any], operations: list[Operation]) -> None:
    wrong = set()
    for operation in operations:
        for status, said in operation.said["responses"].items():
            content = resolved(document, said).get("content", {})
            if status.startswith(("4", "5")) and "example" not in content.get("application/problem+json", {}):
                wrong.add(f"{operation} {status}")
    assert wrong == set()


def test_only_what_strangers_may_do_is_documented_as_open(shared_app: Flask, operations: list[Operation]) -> None:
    """The security that the document asks for is what a stranger's request meets."""
    client, wrong = shared_app.test_client(), []
    for operation in operations:
        path = re.sub(r"\{[^}]+\}", "65f1c0ffee65f1c0ffee65f1", operation.path)
        answer = client.open(path, method=operation.method.upper())
        if (answer.status_code == 401) != ({} not in operation.said["security"]):
            wrong.append(f"{operation}: {answer.status_code}")
    assert wrong == []


def test_each_example_fits_the_schema_beside_it(document: dict[str, Any], operations: list[Operation]) -> None:
    wrong = []
    for operation in operations:
        success = [said for status, said in operation.said["responses"].items() if status.startswith("2")]
        for body in (operation.said.get("requestBody"), *success):
            for said in (body or {}).get("content", {}).values():
                if "example" in said:
                    schema = {**said["schema"], "components": document["components"]}
                    errors = OAS31Validator(schema).iter_errors(said["example"])
                    wrong.extend(f"{operation}: {error.json_path}: {error.message}" for error in errors)
    assert wrong == []


def test_each_example_of_a_request_loads_through_its_schema(shared_app: Flask) -> None:
    loaded, wrong = 0, {}
    for rule in shared_app.url_map.iter_rules():
        view = getattr(shared_app.view_functions[rule.endpoint], "view_class", None)
        for method in METHODS:
            arguments = getattr(getattr(view, method, None), "_apidoc", {}).get("arguments", {})
            for given in arguments.get("parameters", ()):
                if "example" in given:
                    loaded += 1
                    schema = given["schema"]() if isinstance(given["schema"], type) else given["schema"]
                    if errors := schema.validate(given["example"]):
                        wrong[f"{method.upper()} {rule.rule}"] = errors
    assert loaded
    assert wrong == {}


def test_the_interactive_page_and_its_assets_come_from_this_server(shared_app: Flask) -> None:
    client = shared_app.test_client()
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.get_data(as_text=True))
    assert linked
    for address in linked:
        assert address.startswith("/"), address
        with client.get(address) as asset:
            assert asset.status_code == 200, address
