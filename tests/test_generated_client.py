"""A client that openapi-python-client makes from the document registers for a theme day on a real server."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from events.materials import TYPES
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.mailserver import Mailbox

FILES = (
    "message/rfc822",
    "text/csv",
    "text/tab-separated-values",
    "application/vnd.ms-excel",
    *TYPES,
)  # the generator knows files by one name only
CONFIGURATION = "post_hooks: []\npackage_name_override: network_client\ncontent_type_overrides:\n" + "".join(
    f"  {content_type}: application/octet-stream\n" for content_type in FILES
)

# What a user of the generated client writes: a coordinator arranges a theme day, a guest registers for it.
PROGRAM = """
import datetime, json, sys
from network_client import AuthenticatedClient, Client
from network_client.api.events import get_events, post_event_publish, post_events
from network_client.api.registrations import get_registrations, post_registrations
from network_client.models import (
    Capacity, EventRequest, EventRequestTitle, Nothing, Organisation, OrganisationType, Problem, RegistrationRequest,
    RegistrationRequestMode,
)

address, token, network_id = sys.argv[1:]
coordinator = AuthenticatedClient(base_url=address, token=token, raise_on_unexpected_status=True)
guest = Client(base_url=address, raise_on_unexpected_status=True)
starts_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
title = EventRequestTitle.from_dict({"fi": "Teemapäivä"})
draft = post_events.sync(
    client=coordinator,
    body=EventRequest(
        network_id=network_id, title=title, starts_at=starts_at, ends_at=starts_at + datetime.timedelta(hours=6),
        capacity=Capacity(onsite=1),
    ),
)
post_event_publish.sync(draft.id, client=coordinator, body=Nothing())
[found] = get_events.sync(client=guest, from_=datetime.datetime.now(datetime.UTC)).items
workplace = Organisation(name="Esimerkkiyhdistys ry", type_=OrganisationType.ASSOCIATION)

def register(email):
    wanted = RegistrationRequest(
        mode=RegistrationRequestMode.ONSITE, name="Aino Virtanen", email=email, organisation=workplace
    )
    return post_registrations.sync(found.id, client=guest, body=wanted, idempotency_key=email)

first, again, late = register("aino@example.org"), register("aino@example.org"), register("late@example.org")
assert isinstance(late, Problem), late
seen = get_registrations.sync(found.id, client=coordinator, total=True)
print(json.dumps({
    "id": first.id, "status": first.status.value, "again": again.id, "late": late.code,
    "phase": get_events.sync(client=guest).items[0].phase.value, "total": seen.total,
}))
"""


@pytest.fixture(scope="module")
def client_folder(shared_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the client that was generated from the document, without a warning."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_bytes(shared_app.test_client().get("/api/v1/openapi.json").data)
    (folder / "configuration.yml").write_text(CONFIGURATION)
    generator = Path(sys.executable).with_name("openapi-python-client")
    made = subprocess.run(
        [
            *(generator, "generate", "--path", "openapi.json", "--config", "configuration.yml"),
            *("--meta", "none", "--output-path", "network_client", "--fail-on-warning"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "WARNING" not in (made.stdout + made.stderr).upper()
    return folder


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application behind a real socket."""
    serving = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_the_generated_client_registers_for_a_theme_day(
    client_folder: Path,
    server: str,
    signed_in: Callable[..., Api],
    regional: Network,
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    coordinator = signed_in("koordinaattori@example.org", regional, "coordinator")
    used = subprocess.run(
        [sys.executable, "-c", PROGRAM, server, str(coordinator.token), str(regional.pk)],
        cwd=client_folder,
        env={**os.environ, "PYTHONPATH": str(client_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.returncode == 0, used.stderr
    told = json.loads(used.stdout)
    assert told == {
        "id": told["id"],
        "status": "confirmed",
        "again": told["id"],
        "late": "event_full",
        "phase": "full",
        "total": 1,
    }
    deliver()
    assert len(mailbox.to("aino@example.org")) == 1
