"""Errors as answers: `application/problem+json` (RFC 9457), for what a rule refuses and for what HTTP does."""

from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Response, current_app
from werkzeug.exceptions import HTTPException

from network_api import request_ids
from network_api.errors import DomainError

PROBLEM_TYPE = "application/problem+json"


class ProblemSchema(ma.Schema):
    """An error as RFC 9457 has it; `code` is stable, `errors` names the fields at fault, `request_id` finds it in our logs."""

    type = ma.fields.String(required=True, metadata={"example": "about:blank"})
    title = ma.fields.String(required=True, metadata={"example": "Conflict"})
    status = ma.fields.Integer(required=True, metadata={"example": 409})
    detail = ma.fields.String(metadata={"example": "All seats are taken."})
    code = ma.fields.String(required=True, metadata={"example": "event_full"})
    request_id = ma.fields.String(metadata={"example": "0f3c6ad2b1e94f6f8d1c7a5b2e904d31"})
    errors = ma.fields.Dict(metadata={"example": {"email": ["Not a valid email address."]}})


def problem(status: int, code: str, detail: str, *, errors: Any = None, headers: dict[str, str] | None = None) -> Response:
    """An `application/problem+json` answer."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    if named := request_ids.current():
        body["request_id"] = named
    if errors:
        body["errors"] = errors
    response = current_app.response_class(current_app.json.dumps(body), status=status, mimetype=PROBLEM_TYPE)
    response.headers.extend(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="network-api"'  # RFC 6750, section 3
    return response


def domain_problem(error: DomainError) -> Response:
    """The answer for a rule that said no."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
    return problem(error.status, error.code, error.detail, errors=error.errors, headers=headers)


def http_problem(error: HTTPException) -> Response:
    """The answer for an HTTP error of Flask, werkzeug or webargs."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    data = getattr(error, "data", None) or {}
    messages = data.get("messages") or {}
    fields: dict[str, Any] = {}
    for location in messages.values() if isinstance(messages, dict) else ():
        fields.update(location if isinstance(location, dict) else {"_body": location})
    headers = dict(data.get("headers") or {})
    headers.update({k: v for k, v in error.get_headers() if k.lower() in ("allow", "retry-after")})
    detail = "Some fields are not valid." if fields else (error.description or HTTPStatus(status).phrase)
    code = "invalid" if status == HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus(status).name.lower()
    return problem(status, code, detail, errors=fields, headers=headers)
