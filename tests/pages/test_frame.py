"""Every page: its language, its caching, where forms are taken from, and the page of an error."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_the_language_is_what_was_chosen_then_what_the_browser_asks_for(visitor: FlaskClient) -> None:
    def language(path: str = "/sign-in", accepted: str = "sv") -> str | None:
        return visitor.get(path, headers={"Accept-Language": accepted}).headers["Content-Language"]

    assert language() == "sv"
    assert language(accepted="de") == "fi"
    assert language("/sign-in?lang=en") == "en"
    assert language() == "en"
    assert language("/sign-in?lang=xx") == "en"


def test_a_private_page_is_kept_by_nobody(visitor: FlaskClient) -> None:
    answer = visitor.get("/sign-in")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_a_page_runs_no_inline_script_and_asks_no_other_site(visitor: FlaskClient) -> None:
    policy = visitor.get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "null"}, False),
        ({}, True),
    ],
)
def test_a_form_is_taken_only_from_a_page_of_ours(visitor: FlaskClient, headers: dict[str, str], taken: bool) -> None:
    answer = visitor.post("/sign-in", data={"email": "aino@example.org"}, headers={**headers, **BROWSER})
    assert answer.status_code == (200 if taken else 403)


def test_no_form_of_another_site_is_taken_anywhere(app: Flask, visitor: FlaskClient) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")]
    mail_programs = {"one_click.unsubscribe"}  # RFC 8058: its token is the authority
    assert len(rules) > 40
    for rule in rules:
        path = re.sub(r"<any\((\w+).*?>|<[^>]*>", lambda found: found[1] or "0123456789abcdef01234567", rule.rule)
        answer = visitor.post(path, headers={"Sec-Fetch-Site": "cross-site", "Accept": "*/*"})
        assert (answer.json or {}).get("code") == ("foreign_form" if rule.endpoint not in mail_programs else "not_found"), path


def test_what_says_not_where_it_comes_from_has_no_session(visitor: FlaskClient) -> None:
    visitor.set_cookie("session", "nws_something")
    assert visitor.post("/sign-in", data={"email": "aino@example.org"}).status_code == 403
    assert visitor.post("/sign-in", data={"email": "aino@example.org"}, headers={"Origin": "http://localhost"}).status_code == 200


def test_a_person_gets_a_page_for_an_error_and_a_program_problem_json(visitor: FlaskClient) -> None:
    def answer(path: str, accept: str) -> TestResponse:
        return visitor.get(path, headers={"Accept": accept, "Accept-Language": "en"})

    shown = answer("/nowhere", BROWSER["Accept"])
    assert (shown.status_code, shown.mimetype) == (404, "text/html")
    assert "There is nothing here" in shown.text
    for path, accept in (("/nowhere", "*/*"), ("/nowhere", "application/json"), ("/api/v1/nowhere", BROWSER["Accept"])):
        assert answer(path, accept).mimetype == "application/problem+json"


def test_an_asset_is_kept_as_long_as_its_content_is_the_same(visitor: FlaskClient) -> None:
    page = visitor.get("/sign-in").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    with visitor.get(address) as kept, visitor.get(address.split("?")[0]) as asked_again:
        assert "immutable" in kept.headers["Cache-Control"]
        assert "immutable" not in asked_again.headers.get("Cache-Control", "")
