"""What the OpenAPI document says of an operation besides what people write: its errors, its headers, who may, and its name."""

import re
from http import HTTPStatus
from typing import Any

from marshmallow.fields import Dict

from network_api.schemas import STORABLE, Chosen, LanguageMap, no_surrogates


def as_json_schema(converter: Any, field: Any, *, ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What apispec leaves to mend: patterns are by ECMA-262, which knows no `\\A` and `\\Z`; texts that cannot be stored;
    choices; which keys a map has, a language map no others."""
    mended: dict[str, Any] = {}
    if "pattern" in ret:
        mended["pattern"] = re.sub(r"^\\A(.*)\\Z$", r"^\1$", ret["pattern"])
    elif no_surrogates in field.validators:
        mended["pattern"] = STORABLE
    if isinstance(field, Chosen):
        mended["enum"] = list(field.choices())
    if isinstance(field, LanguageMap):
        mended["additionalProperties"] = False
    elif isinstance(field, Dict) and field.key_field:
        mended["propertyNames"] = converter.field2property(field.key_field)
    return mended


def document_errors(doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
    """Every error an operation can answer, and the security it asks for, from the decorators it wears."""
    access = doc_info.get("access")
    if access is None:
        return doc
    public = getattr(access["rule"], "is_public", False)
    statuses = [401, 403, 404, 422, 429]  # a bad token is a 401, and one without the scope a 403, also where strangers may
    statuses += [400, 413, 415] if "requestBody" in doc or doc_info.get("file") else []
    statuses += [409] if method != "get" else []
    statuses += [412, 428] if doc_info.get("if_match") else []
    statuses += [304] if doc_info.get("tagged") and method == "get" else []
    answers = doc.setdefault("responses", {})
    for status in sorted(statuses):
        answers.setdefault(str(status), HTTPStatus(status).name)
    answers.setdefault("default", "DEFAULT_ERROR")
    if doc_info.get("tagged"):
        for status in doc_info["success_status_codes"]:
            answers[status].setdefault("headers", {})["ETag"] = "ETAG"
    doc["operationId"] = _operation_id(method, access["view"])
    doc["security"] = [{}, {"bearer": []}] if public else [{"bearer": []}]
    doc["parameters"] = [*doc.get("parameters", []), *_header_parameters(method, doc_info)]
    return doc


def _operation_id(method: str, view: str) -> str:
    """`patch_network` for `NetworkItem.patch`: what a generated client calls the operation."""
    name = view.split(".")[-2].removesuffix("Item")
    return method + re.sub(r"(?<!^)(?=[A-Z])|^", "_", name).lower()


def _header_parameters(method: str, doc_info: dict[str, Any]) -> list[Any]:
    parameters: list[Any] = ["IF_NONE_MATCH"] if doc_info.get("tagged") and method == "get" else []
    if doc_info.get("if_match"):
        parameters.append(_header("If-Match", "The ETag that was read.", required=True, example='"1"'))
    if method == "post":
        meaning = "The same key and body within 24 hours get the first answer again."
        parameters.append(_header("Idempotency-Key", meaning, example="b6f1c0ff-7d3e", minLength=1, maxLength=255))
    return parameters


def _header(name: str, meaning: str, *, example: str, required: bool = False, **shape: int) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": meaning,
        "schema": {"type": "string", **shape},
        "example": example,
    }
