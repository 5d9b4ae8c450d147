"""Signing in on the pages: a code by mail, a cookie that no script reads, and back to where somebody came from."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from network_api.auth.documents import AccessToken
from network_api.pages.session import inside
from tests.mailserver import Mailbox

ADDRESS = "aino@example.org"


@pytest.fixture
def code(visitor: FlaskClient, mailbox: Mailbox, deliver: Callable[[], None]) -> str:
    """The code that was mailed to somebody who asked for it on the page."""
    visitor.post("/sign-in", data={"email": ADDRESS, "next": "/events"})
    deliver()
    found = re.search(r"\b\d{6}\b", mailbox.text_to(ADDRESS))
    assert found
    return found[0]


def test_a_code_opens_a_session_and_leads_back(visitor: FlaskClient, code: str) -> None:
    answer = visitor.post("/sign-in/code", data={"email": ADDRESS, "code": f" {code[:3]} {code[3:]} ", "next": "/events"})
    assert (answer.status_code, answer.location) == (303, "/events")
    cookie = next(value for name, value in answer.headers if name == "Set-Cookie" and value.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_over_tls_the_cookie_belongs_to_this_host_only(visitor: FlaskClient, code: str) -> None:
    answer = visitor.post("/sign-in/code", data={"email": ADDRESS, "code": code}, base_url="https://localhost")
    cookie = next(value for name, value in answer.headers if name == "Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie


def test_a_wrong_code_keeps_the_address_and_says_what_to_do(visitor: FlaskClient, code: str) -> None:
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    answer = visitor.post("/sign-in/code", data={"email": ADDRESS, "code": wrong}, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "wrong, used or too old" in answer.text
    assert f'value="{ADDRESS}"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_what_is_no_address_is_kept_and_pointed_at(visitor: FlaskClient) -> None:
    answer = visitor.post("/sign-in", data={"email": "aino at work"}, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert 'value="aino at work"' in answer.text
    assert 'href="#field-email"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_signing_out_ends_the_session_on_the_server_too(visitor: FlaskClient, code: str) -> None:
    visitor.post("/sign-in/code", data={"email": ADDRESS, "code": code})
    assert AccessToken.collection().count_documents({"kind": "session"}) == 1
    visitor.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert AccessToken.collection().count_documents({"kind": "session"}) == 0
    assert visitor.get_cookie("session") is None


@pytest.mark.parametrize("address", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "x", "", None])
def test_nobody_is_sent_to_another_site(address: str | None) -> None:
    assert inside(address, "/") == "/"


def test_a_path_of_this_site_is_gone_on_to() -> None:
    assert inside("/events?mode=remote", "/") == "/events?mode=remote"
