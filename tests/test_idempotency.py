"""The Idempotency-Key: a POST that is sent twice happens once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from network_api import idempotency
from network_api.documents import utcnow
from network_api.idempotency import IN_FLIGHT_FOR, KEPT_FOR, IdempotentAnswer
from network_api.networks import actions
from network_api.networks.documents import Network
from tests.conftest import Api

NEW = {"name": {"fi": "Lapin työhönvalmentajat"}, "kind": "regional"}
OTHER = {"name": {"fi": "Kainuun työhönvalmentajat"}, "kind": "regional"}


@pytest.fixture
def admin(signed_in: Callable[..., Api]) -> Api:
    return signed_in("admin@example.org", administrator=True)


def make(api: Api, body: dict[str, Any], key: str, **headers: str) -> TestResponse:
    return api.post("/networks", body, Idempotency_Key=key, **headers)


def kept() -> dict[str, Any]:
    row = IdempotentAnswer.collection().find_one()
    assert row is not None
    return row


def begun_before(by: timedelta) -> None:
    """As if the one request had begun long ago and never answered."""
    ago = utcnow() - by
    IdempotentAnswer.collection().update_one({}, {"$set": {"started_at": ago}, "$unset": {"answer": ""}})


def test_the_same_key_and_body_get_the_first_answer_again(admin: Api) -> None:
    first, again = make(admin, NEW, "k"), make(admin, NEW, "k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert (again.headers["ETag"], again.content_type) == (first.headers["ETag"], first.content_type)
    assert "Idempotent-Replayed" in again.headers
    assert "Idempotent-Replayed" not in first.headers
    assert Network.collection().count_documents({}) == 1


def test_a_refusal_is_replayed_too(admin: Api) -> None:
    make(admin, NEW, "k")
    refused = make(admin, NEW, "other")
    assert refused.status_code == 409
    Network.collection().delete_many({})
    assert make(admin, NEW, "other").status_code == 409


def test_another_body_under_the_key_is_refused(admin: Api) -> None:
    make(admin, NEW, "k")
    answer = make(admin, OTHER, "k")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert Network.collection().count_documents({}) == 1


def test_another_caller_is_another_key(admin: Api, signed_in: Callable[..., Api]) -> None:
    assert make(admin, NEW, "k").status_code == 201
    second = signed_in("second@example.org", administrator=True)
    assert make(second, OTHER, "k").status_code == 201


def test_strangers_are_told_apart_by_address(app: Flask) -> None:
    body = {"email": "aino@example.org"}
    for address in ("192.0.2.1", "192.0.2.2"):
        client: FlaskClient = app.test_client()
        answer = client.post(
            "/api/v1/auth/codes", json=body, headers={"Idempotency-Key": "k"}, environ_base={"REMOTE_ADDR": address}
        )
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (202, False)


def test_another_path_is_another_key(admin: Api) -> None:
    assert make(admin, NEW, "k").status_code == 201
    assert admin.post("/auth/tokens", {"name": "Reader"}, Idempotency_Key="k").status_code == 201


def test_while_the_first_is_in_flight_the_second_is_told_to_wait(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request is sent while the first is inside its verb."""
    meanwhile: list[TestResponse] = []
    real = actions.make_network

    def slowly(*args: Any) -> Any:
        meanwhile.append(make(admin, NEW, "k"))
        return real(*args)

    monkeypatch.setattr(actions, "make_network", slowly)
    assert make(admin, NEW, "k").status_code == 201
    [second] = meanwhile
    assert (second.status_code, second.json["code"]) == (409, "idempotency_key_in_flight")
    assert int(second.headers["Retry-After"]) >= 1


def test_a_failure_of_ours_frees_the_key(app: Flask, admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("a fault")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "make_network", fail)
        answer = make(admin, NEW, "k")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert IdempotentAnswer.collection().count_documents({}) == 0
    assert make(admin, NEW, "k").status_code == 201


def test_a_key_whose_request_was_killed_can_be_used_again_after_a_minute(admin: Api) -> None:
    make(admin, NEW, "k")
    Network.collection().delete_many({})
    begun_before(IN_FLIGHT_FOR - timedelta(seconds=10))
    assert make(admin, NEW, "k").status_code == 409
    begun_before(IN_FLIGHT_FOR + timedelta(seconds=1))
    assert make(admin, NEW, "k").status_code == 201
    assert "answer" in kept()


def test_a_request_that_was_given_up_does_not_answer_for_the_one_that_took_over(
    admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = actions.make_network

    def too_slowly(*args: Any) -> Any:
        begun_before(IN_FLIGHT_FOR + timedelta(seconds=1))
        monkeypatch.setattr(actions, "make_network", real)
        with ThreadPoolExecutor(1) as another:
            assert another.submit(make, admin, NEW, "k").result().status_code == 201
        return real(*args)

    monkeypatch.setattr(actions, "make_network", too_slowly)
    assert make(admin, NEW, "k").json["code"] == "idempotency_key_in_flight"
    assert make(admin, NEW, "k").status_code == 201  # and its answer is the one that was kept


@pytest.mark.parametrize("guarded", [True, False])
def test_what_it_was_about_to_do_is_not_done_any_more(admin: Api, monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    """What the second did, and was then undone, would come back. Without the guard it does, which is the negative control."""
    real = actions.make_network
    if not guarded:
        monkeypatch.setattr(idempotency, "_require", lambda own: None)

    def far_too_slowly(*args: Any) -> Any:
        begun_before(IN_FLIGHT_FOR + timedelta(seconds=1))
        monkeypatch.setattr(actions, "make_network", real)
        with ThreadPoolExecutor(1) as another:
            assert another.submit(make, admin, NEW, "k").result().status_code == 201
        Network.collection().delete_many({})
        return real(*args)

    monkeypatch.setattr(actions, "make_network", far_too_slowly)
    answer = make(admin, NEW, "k")
    assert (answer.status_code, Network.collection().count_documents({})) == ((409, 0) if guarded else (201, 1))


def test_after_a_day_the_key_is_new(admin: Api) -> None:
    make(admin, NEW, "k")
    over = utcnow() - timedelta(seconds=1)
    IdempotentAnswer.collection().update_one({}, {"$set": {"expires_at": over, "started_at": over - KEPT_FOR}})
    assert make(admin, OTHER, "k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(admin: Api, key: str) -> None:
    answer = make(admin, NEW, key)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json["errors"]
    assert Network.collection().count_documents({}) == 0


def test_who_may_not_is_told_so_before_any_key_is_looked_at(anyone: Api) -> None:
    assert make(anyone, NEW, "x" * 256).status_code == 401
    assert IdempotentAnswer.collection().count_documents({}) == 0


def test_a_kept_answer_is_encrypted_under_the_callers_key(admin: Api) -> None:
    secret = admin.post("/auth/tokens", {"name": "Reader"}, Idempotency_Key="the-callers-own").json["token"]
    row = str(kept())
    assert secret not in row
    assert "Reader" not in row
    assert "the-callers-own" not in row
