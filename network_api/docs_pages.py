"""The API's document and its interactive page; every asset is served by the application itself."""

from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Blueprint, Response, render_template, request, send_from_directory

blueprint = Blueprint("docs", __name__)
ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
VERSION = (ASSETS / "VERSION").read_text().strip()  # in each asset's address, so that browsers keep none of an older one

ID_PARAMETER = {"type": "string", "pattern": "^[0-9a-f]{24}$", "examples": ["65f1c0ffee65f1c0ffee65f1"]}
TEXT_PARAMETER = {"type": "string", "minLength": 1, "examples": ["65f1c0ffee65f1c0ffee65f1.Zm9vYmFyYmF6cXV4"]}
SETTINGS = {
    "API_TITLE": "Network API",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
}
API_DOCUMENT: dict[str, Any] = {
    "info": {
        "description": "Networks of job coaches, their theme days and their newsletter. "
        "Errors are application/problem+json (RFC 9457). [Guides, one for each job](/guides).",
        "license": {"name": "MIT", "identifier": "MIT"},
    },
    "servers": [{"url": "/", "description": "This server"}],
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}


@blueprint.get("/api/v1/docs")
def page() -> Response:
    """The interactive page."""
    response = Response(render_template("docs.html", version=VERSION))
    # Swagger UI styles its own elements; scripts still come from this server only.
    policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


@blueprint.get("/api/v1/docs/assets/<path:name>")
def asset(name: str) -> Response:
    """A file of Swagger UI."""
    return send_from_directory(ASSETS, name, max_age=86400)
