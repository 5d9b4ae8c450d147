"""Whatever takes a file takes its types only, up to its own largest size."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from flask import Flask

from network_api.networks.documents import Network
from tests.conftest import Api
from tests.world import World, api_rules, arguments_of, make_world, view_of


@pytest.fixture
def world(app: Flask, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network) -> World:
    return make_world(app, signed_in, national, regional, other_region)


def test_every_upload_has_its_types_and_its_largest_size(app: Flask, world: World) -> None:
    uploads = [
        (method, rule, doc)
        for method, rule in api_rules(app)
        if "file" in (doc := getattr(view_of(app, method, rule), "_apidoc", {}))
    ]
    assert len(uploads) >= 5
    token = world.callers["administrator"].token
    for method, rule, doc in uploads:
        said = {"headers": {"Authorization": f"Bearer {token}", "If-Match": "*"}, "method": method}
        shapes = [entry["schema"] for entry in arguments_of(app, method, rule, "query")]
        needed = {name: "x.pdf" for shape in shapes for name, field in shape._declared_fields.items() if field.required}
        path = f"/api/v1{world.path(rule.rule)}?{urlencode(needed)}"
        types = list(doc["manual_doc"]["requestBody"]["content"])
        for other in ("text/html", "application/x-msdownload", "image/svg+xml", "application/zip"):
            answer = app.test_client().open(path, data=b"MZ", content_type=other, **said)
            assert (other in types, answer.status_code) == (False, 415), (rule, other)
        answer = app.test_client().open(path, data=b"x" * (doc["file"] + 1), content_type=types[0], **said)
        assert answer.status_code == 413, rule
