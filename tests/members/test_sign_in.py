"""Signing in: one-time codes, sessions, API tokens."""

import re
from collections.abc import Callable

from network_api.auth.documents import CODE_TRIES, CODES_PER_HOUR, AccessToken
from tests.conftest import Api
from tests.mailserver import Mailbox


def code_for(anyone: Api, mailbox: Mailbox, deliver: Callable[[], None], address: str) -> str:
    assert anyone.post("/auth/codes", {"email": address}).status_code == 202
    deliver()
    found = re.search(r"\b\d{6}\b", mailbox.text_to(address))
    assert found
    return found[0]


def test_a_mailed_code_opens_a_session(anyone: Api, mailbox: Mailbox, deliver: Callable[[], None]) -> None:
    code = code_for(anyone, mailbox, deliver, "Aino@example.org")
    session = anyone.post("/auth/sessions", {"email": "aino@example.org", "code": code})
    assert session.status_code == 201
    me = Api(anyone.client, session.json["token"]).get("/members/me")
    assert me.json["email"] == "aino@example.org"


def test_a_code_works_once(anyone: Api, mailbox: Mailbox, deliver: Callable[[], None]) -> None:
    body = {"email": "aino@example.org", "code": code_for(anyone, mailbox, deliver, "aino@example.org")}
    assert anyone.post("/auth/sessions", body).status_code == 201
    again = anyone.post("/auth/sessions", body)
    assert (again.status_code, again.json["code"]) == (401, "wrong_code")


def test_five_wrong_tries_use_a_code_up(anyone: Api, mailbox: Mailbox, deliver: Callable[[], None]) -> None:
    code = code_for(anyone, mailbox, deliver, "aino@example.org")
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(CODE_TRIES):
        assert anyone.post("/auth/sessions", {"email": "aino@example.org", "code": wrong}).status_code == 401
    assert anyone.post("/auth/sessions", {"email": "aino@example.org", "code": code}).status_code == 401


def test_known_and_unknown_addresses_are_answered_alike(anyone: Api, signed_in: Callable[..., Api]) -> None:
    signed_in("known@example.org")
    known, unknown = (anyone.post("/auth/codes", {"email": f"{who}@example.org"}) for who in ("known", "unknown"))
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data) == (202, b"")


def test_a_mailbox_is_not_flooded(anyone: Api, mailbox: Mailbox, deliver: Callable[[], None]) -> None:
    for _ in range(CODES_PER_HOUR + 3):
        assert anyone.post("/auth/codes", {"email": "aino@example.org"}).status_code == 202
    deliver()
    assert len(mailbox.to("aino@example.org")) == CODES_PER_HOUR


def test_signing_out_ends_the_session(signed_in: Callable[..., Api]) -> None:
    aino = signed_in("aino@example.org")
    assert aino.delete("/auth/sessions/current").status_code == 204
    assert aino.get("/members/me").status_code == 401


def test_an_api_token_does_what_its_scopes_say_and_no_more(signed_in: Callable[..., Api]) -> None:
    aino = signed_in("aino@example.org")
    made = aino.post("/auth/tokens", {"name": "Reader", "scopes": ["members:read"]})
    assert made.status_code == 201
    token = Api(aino.client, made.json["token"])
    assert token.get("/members/me").status_code == 200
    assert token.patch("/members/me", {"name": "Aino"}).status_code == 403
    assert token.get("/auth/tokens").status_code == 403
    assert Api(aino.client, aino.post("/auth/tokens", {"name": "None"}).json["token"]).get("/networks").status_code == 403


def test_a_withdrawn_token_is_a_401(signed_in: Callable[..., Api]) -> None:
    aino = signed_in("aino@example.org")
    made = aino.post("/auth/tokens", {"name": "Reader", "scopes": ["members:read"]}).json
    assert aino.get("/auth/tokens").json["items"][0]["name"] == "Reader"
    assert aino.delete(f"/auth/tokens/{made['id']}").status_code == 204
    assert Api(aino.client, made["token"]).get("/members/me").status_code == 401


def test_secrets_are_stored_as_hashes_only(signed_in: Callable[..., Api]) -> None:
    aino = signed_in("aino@example.org")
    made = aino.post("/auth/tokens", {"name": "Reader"}, Idempotency_Key="once").json
    again = aino.post("/auth/tokens", {"name": "Reader"}, Idempotency_Key="once").json
    assert again["token"] == made["token"]
    database = AccessToken.collection().database
    for name in database.list_collection_names():
        for row in database[name].find():
            assert made["token"] not in str(row), name
