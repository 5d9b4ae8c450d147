"""What every route of the API keeps: errors, their order, lists, cursors, ETags, limits, headers."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bson
import pytest
from bson import ObjectId
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.http import parse_dict_header
from werkzeug.test import TestResponse

from network_api.limits import shared_limiter
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, person

NEW = {"name": {"fi": "Lapin työhönvalmentajat"}, "kind": "regional"}
REPEATABLE = hypothesis_settings(
    derandomize=True, deadline=None, database=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def admin(signed_in: Callable[..., Api]) -> Api:
    return signed_in("admin@example.org", administrator=True)


def named(number: int) -> Network:
    return Network(slug=f"verkosto-{number:03}", name={"fi": f"Verkosto {number}"}, kind="regional", regions=["FI-08"]).insert()


@pytest.fixture
def seven(app: Flask) -> list[Network]:
    """Seven networks, by slug."""
    return [named(number) for number in range(7)]


def slugs(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [item["slug"] for item in answer.json["items"]]


# Errors


def errors(admin: Api, anyone: Api, member: Api, network: Network) -> Iterator[tuple[int, str, TestResponse]]:
    """One answer for each status that every client must know."""
    path = f"/networks/{network.pk}"
    yield (
        400,
        "bad_request",
        admin.client.post(
            "/api/v1/networks", data=b"{", content_type="application/json", headers={"Authorization": f"Bearer {admin.token}"}
        ),
    )
    yield 401, "unauthenticated", anyone.post("/networks", NEW)
    yield 403, "forbidden", member.post("/networks", NEW)
    yield 404, "not_found", anyone.get(f"/networks/{ObjectId()}")
    yield 405, "method_not_allowed", anyone.put("/networks", {})
    yield 409, "slug_taken", admin.post("/networks", {**NEW, "slug": network.slug})
    yield 412, "stale_version", admin.patch(path, {"topics": []}, If_Match='"17"')
    yield 413, "request_entity_too_large", admin.post("/networks", {"slug": "x" * 2**20})
    yield (
        415,
        "unsupported_media_type",
        admin.client.post(
            "/api/v1/networks", data=b"<a/>", content_type="text/xml", headers={"Authorization": f"Bearer {admin.token}"}
        ),
    )
    yield 422, "invalid", admin.post("/networks", {"nonsense": 1})
    yield 428, "precondition_required", admin.patch(path, {"topics": []})


def test_every_error_is_a_problem(admin: Api, anyone: Api, signed_in: Callable[..., Api], regional: Network) -> None:
    for status, code, answer in errors(admin, anyone, signed_in("aino@example.org"), regional):
        assert (answer.status_code, answer.json["code"]) == (status, code)
        assert answer.content_type == "application/problem+json"
        assert answer.json.keys() >= {"type", "title", "status", "detail", "code"}
        assert answer.json["status"] == status
        assert answer.json["detail"]
        assert "Traceback" not in answer.get_data(as_text=True)


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(
    app: Flask, admin: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret of the fault")

    monkeypatch.setattr(Network, "page", fail)
    answer = admin.get("/networks")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "secret" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(("who", "status"), [("stranger", 401), ("member", 403), ("admin", 428)])
def test_who_may_not_hears_that_before_the_rest(
    anyone: Api, signed_in: Callable[..., Api], regional: Network, who: str, status: int
) -> None:
    """The body is wrong, If-Match is missing, and the slug is taken: the first thing in the way is who asks."""
    caller = {
        "stranger": anyone,
        "member": signed_in("aino@example.org"),
        "admin": signed_in("admin@example.org", administrator=True),
    }[who]
    assert caller.patch(f"/networks/{regional.pk}", {"nonsense": 1}).status_code == status
    assert caller.patch(f"/networks/{regional.pk}", {"nonsense": 1}, If_Match='"99"').status_code == {428: 422}.get(
        status, status
    )


def test_what_is_not_there_is_a_404_before_428_and_422(admin: Api) -> None:
    assert admin.patch(f"/networks/{ObjectId()}", {"nonsense": 1}).status_code == 404


def test_where_only_the_body_names_the_network_403_comes_before_422(
    signed_in: Callable[..., Api], regional: Network, other_region: Network
) -> None:
    editor = signed_in("aino@example.org", regional, "editor")
    assert editor.post("/events", {"network_id": str(other_region.pk), "nonsense": 1}).status_code == 403
    assert editor.post("/events", {"network_id": "x", "nonsense": 1}).status_code == 403
    assert editor.post("/events", {"network_id": str(regional.pk), "nonsense": 1}).status_code == 422


# Lists


def test_a_list_is_walked_from_page_to_page(anyone: Api, seven: list[Network]) -> None:
    seen, path = [], "/networks?limit=3&region=FI-08"
    for expected in (3, 3, 1):
        answer = anyone.get(path)
        assert len(slugs(answer)) == expected
        seen += slugs(answer)
        if answer.json["next"] is None:
            assert "Link" not in answer.headers
            break
        [url] = [link.strip("<>") for link in answer.headers["Link"].split(";")[:1]]
        assert answer.headers["Link"].endswith('; rel="next"')
        assert parse_qs(urlsplit(url).query) == {"limit": ["3"], "region": ["FI-08"], "cursor": [answer.json["next"]]}
        path = url.removeprefix("http://localhost/api/v1")
    assert seen == [network.slug for network in seven]


def test_the_total_is_told_where_it_is_asked_for(anyone: Api, seven: list[Network]) -> None:
    assert anyone.get("/networks?limit=2&total=true").json["total"] == 7
    assert "total" not in anyone.get("/networks?limit=2").json
    assert anyone.get("/networks?limit=2&total=true&kind=national").json["total"] == 0


def test_a_cursor_stays_right_while_rows_come_and_go(anyone: Api, seven: list[Network]) -> None:
    first = anyone.get("/networks?limit=3")
    Network.remove({"_id": seven[0].pk})  # a row before the place
    Network.remove({"_id": seven[2].pk})  # the very row of the place
    Network.remove({"_id": seven[4].pk})  # a row behind it
    named(100)  # a row at the end
    Network(slug="aaa", name={"fi": "Aaa"}, kind="regional").insert()  # a row before all
    rest = anyone.get(f"/networks?limit=100&cursor={first.json['next']}")
    assert slugs(rest) == ["verkosto-003", "verkosto-005", "verkosto-006", "verkosto-100"]
    assert rest.json["next"] is None


@pytest.mark.parametrize("sort", ["starts_at", "-starts_at"])
def test_rows_that_tie_are_each_listed_once(anyone: Api, regional: Network, sort: str) -> None:
    starts = datetime(2030, 3, 4, 7, tzinfo=UTC)
    made = {str(make_event(regional, starts_at=starts, ends_at=starts.replace(hour=9)).pk) for _ in range(5)}
    seen: list[str] = []
    path = f"/events?limit=2&sort={sort}&from=2029-01-01T00:00:00Z&to=2031-01-01T00:00:00Z"
    answer = anyone.get(path)
    while True:
        seen += [item["id"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            break
        answer = anyone.get(f"{path}&cursor={answer.json['next']}")
    assert sorted(seen) == sorted(made)
    assert seen == sorted(seen, reverse=sort.startswith("-"))


def test_a_cursor_belongs_to_its_list_and_its_filters(anyone: Api, seven: list[Network]) -> None:
    cursor = anyone.get("/networks?limit=2").json["next"]
    for path in (f"/networks?cursor={cursor}&region=FI-08", f"/introductions?cursor={cursor}", f"/members?cursor={cursor}"):
        answer = anyone.get(path)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])
    assert anyone.get(f"/networks?limit=5&total=true&cursor={cursor}").status_code == 200


def forged(content: dict[str, Any]) -> str:
    return urlsafe_b64encode(bson.encode(content)).decode().rstrip("=")


def test_a_hand_made_cursor_is_refused(anyone: Api, seven: list[Network]) -> None:
    """Even with the right mark: a place is a value and an id, and holds no operators."""
    true = bson.decode(_unpadded(anyone.get("/networks?limit=2").json["next"]))
    for place in (
        [{"$gt": ""}, ObjectId()],
        [["a"], ObjectId()],
        ["a"],
        [],
        "ab",
        None,
        ["a", ObjectId(), 1],
        {"0": "a", "1": "b"},
    ):
        answer = anyone.get(f"/networks?cursor={forged({**true, 'p': place})}")
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"]), place
    for content in ({}, {"p": true["p"]}, {"q": true["q"]}, {"p": true["p"], "q": b"x" * 8}, {"p": true["p"], "q": None}):
        assert anyone.get(f"/networks?cursor={forged(content)}").status_code == 422


def _unpadded(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=10)


@REPEATABLE
@given(value=SCALARS, identifier=SCALARS)
def test_a_place_of_another_type_is_never_our_fault(anyone: Api, value: Any, identifier: Any) -> None:
    for number in range(3):
        if Network.row({"slug": f"verkosto-{number:03}"}) is None:
            named(number)
    true = bson.decode(_unpadded(anyone.get("/networks?limit=2").json["next"]))
    try:
        cursor = forged({**true, "p": [value, identifier]})
    except (bson.errors.InvalidDocument, bson.errors.InvalidStringData, UnicodeEncodeError):
        return
    assert anyone.get(f"/networks?cursor={cursor}").status_code in (200, 422)


@REPEATABLE
@given(
    cursor=st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode().rstrip("="))
    | st.text("abcXYZ019-_=+/", max_size=60)
)
def test_no_invented_cursor_is_our_fault(anyone: Api, cursor: str) -> None:
    answer = anyone.client.get("/api/v1/networks", query_string={"cursor": cursor})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])


# ETags


def test_a_fresh_copy_is_a_304(anyone: Api, regional: Network) -> None:
    path = f"/networks/{regional.pk}"
    tag = anyone.get(path).headers["ETag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = anyone.get(path, If_None_Match=header)
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag), header
    for header in ('"other"', 'W/"other"', tag.strip('"')):
        assert anyone.get(path, If_None_Match=header).status_code == (304 if header == tag.strip('"') else 200), header


def test_an_edit_needs_the_version_that_was_read(admin: Api, regional: Network) -> None:
    path = f"/networks/{regional.pk}"
    tag = admin.get(path).headers["ETag"]
    changed = admin.patch(path, {"topics": ["etätyö"]}, If_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    assert changed.headers["ETag"] == admin.get(path).headers["ETag"]
    stale = admin.patch(path, {"topics": []}, If_Match=tag)
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert admin.get(path).json["topics"] == ["etätyö"]
    assert admin.delete(path).status_code == 428
    assert admin.delete(path, If_Match=tag).status_code == 412
    assert admin.patch(path, {"topics": []}, If_Match="*").status_code == 200


@pytest.mark.parametrize(
    "header", ['W/"1"', '"0"', '"x"', '"-1"', '"' + "9" * 50 + '"', '""', "", '"1.5.9x"x', '"²"', '"2", "3"']
)
def test_an_if_match_that_names_no_such_version_is_stale(admin: Api, regional: Network, header: str) -> None:
    """A weak tag matches nothing here (RFC 9110, section 13.1.1)."""
    answer = admin.patch(f"/networks/{regional.pk}", {"topics": []}, If_Match=header)
    assert answer.status_code == 412, answer.json
    stored = Network.get(regional.pk)
    assert stored.version == regional.version


def test_one_of_several_versions_is_enough(admin: Api, regional: Network) -> None:
    """RFC 9110, section 13.1.1: true if any of the listed tags matches."""
    header = f'"77", "{regional.version}"'
    assert admin.patch(f"/networks/{regional.pk}", {"topics": []}, If_Match=header).status_code == 200


def test_seats_that_are_taken_make_no_editors_copy_stale(signed_in: Callable[..., Api], regional: Network, anyone: Api) -> None:
    editor, event = signed_in("aino@example.org", regional, "editor"), make_event(regional)
    before = editor.get(f"/events/{event.pk}").headers["ETag"]
    assert anyone.post(f"/events/{event.pk}/registrations", person("eka")).status_code == 201
    after = editor.get(f"/events/{event.pk}").headers["ETag"]
    assert before != after
    assert before.split(".")[0] == after.split(".")[0]
    assert editor.patch(f"/events/{event.pk}", {"topics": ["etätyö"]}, If_Match=before).status_code == 200


# Limits


def test_beyond_the_limit_is_a_429_that_says_when_to_come_back(limited: Callable[..., Flask]) -> None:
    client = limited(RATELIMIT_REQUESTS="3 per minute").test_client()
    for left in (2, 1, 0):
        answer = client.get("/api/v1/networks")
        assert answer.status_code == 200
        assert f"r={left}" in answer.headers["RateLimit"]
        assert answer.headers["RateLimit-Policy"] == '"requests";q=3;w=60'
    answer = client.get("/api/v1/networks")
    assert (answer.status_code, answer.content_type, answer.json["code"]) == (
        429,
        "application/problem+json",
        "too_many_requests",
    )
    assert 1 <= int(answer.headers["Retry-After"]) <= 61  # the window's end, in whole seconds
    assert "r=0" in answer.headers["RateLimit"]


def test_unsubscribing_has_no_limit(limited: Callable[..., Flask]) -> None:
    client = limited(RATELIMIT_REQUESTS="3 per minute").test_client()
    answers = [client.post("/unsubscribe/x", data={"List-Unsubscribe": "One-Click"}).status_code for _ in range(5)]
    assert answers == [404] * 5


def test_each_client_address_has_a_limit_of_its_own(limited: Callable[..., Flask]) -> None:
    client = limited(RATELIMIT_REQUESTS="1 per minute").test_client()
    for address in ("192.0.2.1", "192.0.2.2"):
        first, second = (client.get("/api/v1/networks", environ_base={"REMOTE_ADDR": address}) for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 429)


def test_what_can_be_abused_is_counted_in_the_database_for_all_processes(limited: Callable[..., Flask]) -> None:
    body = {"email": "aino@example.org"}
    for status in (202, 202, 429):  # each time by another process, as it were
        app = limited(RATELIMIT_SIGN_INS="2 per minute", RATELIMIT_STORAGE_URI=None)
        answer = app.test_client().post("/api/v1/auth/codes", json=body)
        assert answer.status_code == status
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_limited_post_frees_its_idempotency_key(limited: Callable[..., Flask]) -> None:
    client = limited(RATELIMIT_SIGN_INS="1 per minute").test_client()
    body = {"email": "aino@example.org"}
    assert client.post("/api/v1/auth/codes", json=body).status_code == 202
    sent = {"json": body, "headers": {"Idempotency-Key": "k"}}
    assert client.post("/api/v1/auth/codes", **sent).status_code == 429
    shared_limiter.reset()
    assert client.post("/api/v1/auth/codes", **sent).status_code == 202


def test_the_defaults_let_a_class_in_one_office_through(limited: Callable[..., Flask], regional: Network) -> None:
    """600 requests a minute from one address, of which 120 are registrations."""
    app = limited()
    client, event = app.test_client(), make_event(regional, capacity={"remote": None})
    for number in range(120):
        body = person(f"osallistuja{number}", mode="remote")
        assert client.post(f"/api/v1/events/{event.pk}/registrations", json=body).status_code == 201
    answer = client.post(f"/api/v1/events/{event.pk}/registrations", json=person("liikaa", mode="remote"))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    for _ in range(600 - 121):
        assert client.get("/api/v1/members/me").status_code == 401
    assert client.get("/api/v1/members/me").status_code == 429


def test_colleagues_count_as_a_registration_each(limited: Callable[..., Flask], regional: Network) -> None:
    client, event = limited(RATELIMIT_REGISTRATIONS="4 per minute").test_client(), make_event(regional)
    path, contact = f"/api/v1/events/{event.pk}/registrations/group", {"name": "Helmi", "email": "helmi@example.org"}

    def ask(*who: str) -> int:
        people = [person(name, mode="remote") for name in who]
        return client.post(path, json={"contact": contact, "people": people}).status_code

    assert client.post(path, data="{", content_type="application/json").status_code == 400
    assert [ask("eka", "toka"), ask("kolmas", "neljas")] == [201, 429]


# Headers


@pytest.mark.parametrize("path", ["/api/v1/networks", "/api/v1/nowhere", "/api/v1/docs", "/healthz", "/nowhere"])
def test_every_answer_has_the_security_headers(anyone: Api, path: str) -> None:
    headers = anyone.client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy or "unsafe" not in policy.split("script-src")[1].split(";")[0]


def test_what_a_token_reads_is_kept_by_no_shared_cache(admin: Api, anyone: Api) -> None:
    cached = parse_dict_header(admin.get("/members/me").headers["Cache-Control"])
    assert "private" in cached
    assert "Authorization" in admin.get("/networks").headers["Vary"]
    assert "Authorization" in anyone.get("/networks").headers["Vary"]


def test_answers_are_json_in_utf_8(admin: Api) -> None:
    made = admin.post("/networks", NEW)
    assert made.content_type == "application/json"
    assert "työhönvalmentajat" in made.data.decode()
