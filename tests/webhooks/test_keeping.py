"""Keeping webhooks: who may, where to, secrets, pausing, and what the log says."""

from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bson import ObjectId

from network_api.audit import AuditEntry
from network_api.documents import Problem, utcnow
from network_api.networks.documents import Network
from network_api.webhooks import signing
from network_api.webhooks.checking import check
from network_api.webhooks.documents import Webhook
from network_api.webhooks.keeping import tidy_secrets
from tests.conftest import Api

NEW = {"name": "Nettisivut", "url": "https://www.example.org/hook"}


@pytest.fixture
def kerttu(signed_in: Callable[..., Api], regional: Network) -> Api:
    """The coordinator of the region."""
    return signed_in("kerttu@example.org", regional, "coordinator")


def make(caller: Api, network: Network, **given: Any) -> dict[str, Any]:
    answer = caller.post("/webhooks", {"network_id": str(network.pk), **NEW, **given})
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def test_the_secret_is_shown_once_and_stored_encrypted(kerttu: Api, regional: Network) -> None:
    made = make(kerttu, regional)
    assert (made["types"], made["state"], made["failing_since"], made["replaying"]) == (["*"], "active", None, False)
    assert made["secret"].startswith("whsec_")
    assert 24 <= len(b64decode(made["secret"].removeprefix("whsec_"))) <= 64  # Standard Webhooks, "Signature scheme"
    read = kerttu.get(f"/webhooks/{made['id']}")
    assert "secret" not in read.json
    stored = Webhook.row({"_id": ObjectId(made["id"])})
    assert made["secret"] not in str(stored)
    assert b64decode(made["secret"].removeprefix("whsec_")) not in stored["secrets"][0]["sealed"]
    assert list(check()) == []


def test_an_older_secret_signs_too_for_a_day(kerttu: Api, regional: Network) -> None:
    first = make(kerttu, regional)
    path = f"/webhooks/{first['id']}"
    second = kerttu.post(f"{path}/rotate-secret").json
    assert second["older_secret_until"] is not None
    webhook = Webhook.get(first["id"])
    assert webhook.signed_by(utcnow()) == [second["secret"], first["secret"]]
    third = kerttu.post(f"{path}/rotate-secret").json
    later = utcnow() + timedelta(hours=24, minutes=1)
    webhook = webhook.fresh()
    assert webhook.signed_by(utcnow()) == [third["secret"], second["secret"], first["secret"]]
    assert webhook.signed_by(later) == [third["secret"]]
    with time_machine.travel(later, tick=False):
        tidy_secrets()
    assert len(webhook.fresh().secrets) == 1
    assert kerttu.get(path).json["older_secret_until"] is None


def test_a_new_secret_key_of_the_platform_opens_what_the_older_one_has_sealed(
    kerttu: Api, regional: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(kerttu, regional)
    config = kerttu.client.application.config
    older = config["SECRET_KEY"]
    monkeypatch.setitem(config, "SECRET_KEY", "another secret of the tests, long enough")
    webhook = Webhook.get(made["id"])
    with pytest.raises(signing.SecretLost):
        webhook.signed_by(utcnow())
    assert list(check()) == [Problem("webhook_secret", "Nettisivut", "a secret that a known SECRET_KEY opens", "none")]
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [older])
    assert webhook.signed_by(utcnow()) == [made["secret"]]
    tidy_secrets()
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [])
    assert webhook.fresh().signed_by(utcnow()) == [made["secret"]]


@pytest.mark.parametrize(
    "url",
    [
        *("http://www.example.org/hook", "ftp://www.example.org/", "www.example.org", "https://", "https://127.0.0.1/"),
        *("https://localhost/", "https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[fd00::1]/"),
        *("https://user:secret@www.example.org/", "https://www.example.org/#hook", "https://www.example.org/" + "x" * 2000),
    ],
)
def test_only_https_on_the_public_internet_is_told(kerttu: Api, regional: Network, url: str) -> None:
    answer = kerttu.post("/webhooks", {"network_id": str(regional.pk), **NEW, "url": url})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["url"])


@pytest.mark.parametrize(("url", "status"), [("http://127.0.0.1:9/", 201), ("http://localhost/", 201), ("http://10.0.0.1/", 422)])
def test_in_trials_this_machine_is_told_too(
    kerttu: Api, regional: Network, monkeypatch: pytest.MonkeyPatch, url: str, status: int
) -> None:
    monkeypatch.setitem(kerttu.client.application.config, "WEBHOOKS_ON_LOOPBACK", True)
    assert kerttu.post("/webhooks", {"network_id": str(regional.pk), **NEW, "url": url}).status_code == status


def test_types_are_those_of_the_catalogue(kerttu: Api, regional: Network) -> None:
    given = {"network_id": str(regional.pk), **NEW}
    for types in ([], ["nonsense"], ["webhook.test", 1]):
        answer = kerttu.post("/webhooks", {**given, "types": types})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["types"]), types
    assert make(kerttu, regional, types=["webhook.test"])["types"] == ["webhook.test"]


def test_an_administrator_names_a_network_that_there_is(signed_in: Callable[..., Api], regional: Network) -> None:
    admin = signed_in("admin@example.org", administrator=True)
    answer = admin.post("/webhooks", {"network_id": str(ObjectId()), **NEW})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["network_id"])


def test_coordinators_see_the_webhooks_of_their_networks(
    kerttu: Api, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network
) -> None:
    lapland = signed_in("lappi@example.org", other_region, "coordinator")
    theirs, ours = make(lapland, other_region), [make(kerttu, regional) for _ in range(3)]
    assert [item["id"] for item in kerttu.get("/webhooks").json["items"]] == [made["id"] for made in ours]
    assert kerttu.get(f"/webhooks?network={other_region.pk}").json["items"] == []
    first = kerttu.get("/webhooks?limit=2&total=true").json
    assert (len(first["items"]), first["total"]) == (2, 3)
    assert [item["id"] for item in kerttu.get(f"/webhooks?limit=2&cursor={first['next']}").json["items"]] == [ours[2]["id"]]
    for caller in (signed_in("kansallinen@example.org", national, "coordinator"), signed_in("a@example.org", administrator=True)):
        assert len(caller.get("/webhooks").json["items"]) == 4
        assert [item["id"] for item in caller.get(f"/webhooks?network={other_region.pk}").json["items"]] == [theirs["id"]]


def test_an_edit_needs_the_version_and_is_logged(kerttu: Api, regional: Network) -> None:
    path = f"/webhooks/{make(kerttu, regional)['id']}"
    tag = kerttu.get(path).headers["ETag"]
    assert kerttu.get(path, If_None_Match=tag).status_code == 304
    changed = kerttu.patch(path, {"types": ["webhook.test"], "name": "Uusi"}, If_Match=tag)
    assert (changed.status_code, changed.json["name"]) == (200, "Uusi")
    assert kerttu.patch(path, {"name": "x"}, If_Match=tag).status_code == 412
    assert kerttu.delete(path, If_Match=tag).status_code == 412
    assert kerttu.delete(path, If_Match=changed.headers["ETag"]).status_code == 204
    assert kerttu.get(path).status_code == 404
    logged = AuditEntry.rows({"network_id": regional.pk}, sort=[("_id", 1)])
    assert [entry["action"] for entry in logged] == ["webhook.made", "webhook.changed", "webhook.removed"]
    assert logged[1]["changes"]["name"] == {"before": "Nettisivut", "after": "Uusi"}


def test_pausing_and_resuming_are_moves(kerttu: Api, regional: Network) -> None:
    path = f"/webhooks/{make(kerttu, regional)['id']}"
    moves = [(step, kerttu.post(f"{path}/{step}")) for step in ("resume", "pause", "pause", "test", "replay", "resume")]
    assert [(step, answer.status_code, answer.json.get("code")) for step, answer in moves] == [
        ("resume", 409, "wrong_state"),
        ("pause", 200, None),
        ("pause", 409, "wrong_state"),
        ("test", 409, "webhook_not_active"),
        ("replay", 409, "webhook_not_active"),
        ("resume", 200, None),
    ]


def test_a_replay_runs_once_at_a_time(kerttu: Api, regional: Network) -> None:
    path = f"/webhooks/{make(kerttu, regional)['id']}"
    begun = kerttu.post(f"{path}/replay", {"since": "1900-01-01T00:00:00Z"})
    assert (begun.status_code, begun.json["replaying"]) == (202, True)
    again = kerttu.post(f"{path}/replay")
    assert (again.status_code, again.json["code"]) == (409, "replay_running")


def test_a_network_that_is_deleted_takes_its_webhooks_along(signed_in: Callable[..., Api], other_region: Network) -> None:
    admin = signed_in("admin@example.org", administrator=True)
    made = make(admin, other_region)
    assert admin.delete(f"/networks/{other_region.pk}", If_Match="*").status_code == 204
    assert admin.get(f"/webhooks/{made['id']}").status_code == 404
