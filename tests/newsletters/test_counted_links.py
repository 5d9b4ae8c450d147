"""Links whose followers are counted and not known: where a newsletter says so, and nowhere else."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from time_machine import travel

from network_api.app import create_app
from network_api.documents import utcnow
from newsletters.documents import Newsletter
from newsletters.issues.counted_links import CountedLink, counting
from newsletters.issues.documents import Block, Issue
from newsletters.issues.rendering import Rendered
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import issue_being_sent, subscribe, work_until_idle
from tests.processes import at_once, together

FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"}
ARCHIVE = "http://localhost/newsletters/uutiskirje"  # stands in every letter
GUIDE = "https://example.org/opas?osa=1&sivu=2"
TEXT = f"Lue [opas]({GUIDE}) ja [toinen](https://example.org/opas), tai kirjoita [meille](mailto:meille@example.org)."


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who reads, and takes cookies where there are any."""
    return app.test_client()


@pytest.fixture
def counted(newsletter: Newsletter) -> Newsletter:
    """A newsletter that counts."""
    found = Newsletter.change({"_id": newsletter.pk}, {"$set": {"count_links": True}})
    assert found is not None
    return found


def sent(newsletter: Newsletter, mailbox: Mailbox, *people: str) -> tuple[Issue, list[str]]:
    """An issue with links that has been sent, and the two parts of everybody's letter."""
    for who in people:
        subscribe(newsletter, who)
    issue = issue_being_sent(newsletter)
    block = Block(section="editorial", text={"fi": TEXT}).to_mongo()
    Issue.change({"_id": issue.pk}, {"$set": {"blocks": [block]}})
    issue = work_until_idle(issue)
    assert issue.state == "sent"
    parts = []
    for who in people:
        [mail] = mailbox.to(who)
        parts += [str(mail.get_body((kind,)).get_content()) for kind in ("html", "plain")]  # type: ignore[union-attr]
    return issue, parts


def tokens(part: str) -> set[str]:
    return set(re.findall(r"http://localhost/l/([\w.-]+)", part))


def totals(coordinator: Api, issue: Issue) -> dict[str, int]:
    return {row["url"]: row["total"] for row in coordinator.get(f"/issues/{issue.pk}/links").json["items"]}


def test_links_stay_what_they_are_unless_a_newsletter_counts(newsletter: Newsletter, mailbox: Mailbox, coordinator: Api) -> None:
    issue, parts = sent(newsletter, mailbox, "aino@example.org")
    assert [tokens(part) for part in parts] == [set(), set()]
    assert "https://example.org/opas" in parts[1]
    assert totals(coordinator, issue) == {}


def test_everybody_gets_the_same_links_in_both_parts(counted: Newsletter, mailbox: Mailbox) -> None:
    _, parts = sent(counted, mailbox, "aino@example.org", "eino@example.org")
    assert len(tokens(parts[0])) == 3
    assert all(tokens(part) == tokens(parts[0]) for part in parts)
    for part in parts:
        assert "https://example.org" not in part
        assert "mailto:meille@example.org" in part or "meille" in part
        assert "http://localhost/unsubscribe/" in part
        assert "http://localhost/manage/subscriptions/" in part


def test_a_link_leads_to_exactly_the_page_and_is_counted_by_day(
    counted: Newsletter, mailbox: Mailbox, client: FlaskClient, coordinator: Api
) -> None:
    issue, parts = sent(counted, mailbox, "aino@example.org")
    led = {}
    for token in tokens(parts[0]):
        answer = client.get(f"/l/{token}", headers=FIREFOX)
        assert (answer.status_code, answer.data, answer.headers["Cache-Control"]) == (302, b"", "no-store")
        assert "Set-Cookie" not in answer.headers
        led[answer.headers["Location"]] = token
    assert set(led) == {GUIDE, ARCHIVE, "https://example.org/opas"}
    with travel(datetime(2027, 1, 2, 3, tzinfo=UTC), tick=False):
        client.get(f"/l/{led[GUIDE]}", headers=FIREFOX)
    assert totals(coordinator, issue) == {GUIDE: 2, ARCHIVE: 1, "https://example.org/opas": 1}
    [row] = [row for row in coordinator.get(f"/issues/{issue.pk}/links").json["items"] if row["url"] == GUIDE]
    assert row["days"] == {f"{utcnow():%Y-%m-%d}": 1, "2027-01-02": 1}


def test_what_is_stored_knows_nobody(counted: Newsletter, mailbox: Mailbox, client: FlaskClient) -> None:
    _, parts = sent(counted, mailbox, "aino@example.org")
    for token in tokens(parts[0]):
        client.get(f"/l/{token}", headers={**FIREFOX, "X-Forwarded-For": "203.0.113.7"})
    for row in CountedLink.rows({}):
        assert set(row) <= {"_id", "issue_id", "url", "days", "version", "created_at", "updated_at"}
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) and isinstance(number, int) for day, number in row["days"].items())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "Barracuda Sentinel (EE)"},
        {"User-Agent": "python-requests/2.32"},
        {**FIREFOX, "Sec-Purpose": "prefetch;prerender"},
        {**FIREFOX, "X-Moz": "prefetch"},
    ],
)
def test_programs_and_looks_ahead_are_not_counted(app: Flask, newsletter: Newsletter, headers: dict[str, str]) -> None:
    link = CountedLink.made(ObjectId(), GUIDE)
    path = link.address.removeprefix("http://localhost")
    assert app.test_client().get(path, headers={"User-Agent": "", **headers}).status_code == 302
    assert app.test_client().head(path, headers=FIREFOX).status_code == 302
    assert CountedLink.get(link.pk).days == {}
    app.test_client().get(path, headers=FIREFOX)
    assert sum(CountedLink.get(link.pk).days.values()) == 1


def test_no_link_leads_where_nobody_has_signed(client: FlaskClient, app: Flask) -> None:
    link, other = CountedLink.made(ObjectId(), GUIDE), CountedLink.made(ObjectId(), "https://example.org/")
    token = link.address.rpartition("/")[2]
    signature = token.partition(".")[2]
    for wrong in (
        "x",
        f"{link.pk}.x",
        f"{other.pk}.{signature}",
        f"{ObjectId()}.{signature}",
        f"{token}x",
        "https://evil.example",
    ):
        assert client.get(f"/l/{wrong}", headers=FIREFOX).status_code == 404, wrong
    CountedLink.alter({"_id": link.pk}, {"$set": {"url": "https://evil.example/"}})  # by whoever could write into the database
    assert client.get(f"/l/{token}", headers=FIREFOX).status_code == 404


LETTER = Rendered(
    "Kirje",
    '<a class="x" href="https://a.example/">A</a><a href="https://a.example/b?x=1&amp;y=2">B</a>'
    '<img src="https://a.example/kuva.png"><a href="m0123">omat</a><a href="mailto:x@a.example">M</a>',
    "[A](https://a.example/) ja [B](https://a.example/b?x=1&y=2). Katso https://a.example/c https://a.example/.",
)


def test_each_part_has_each_link_whole(app: Flask) -> None:
    made = counting(LETTER, ObjectId())
    assert (made.html.count("/l/"), made.text.count("/l/")) == (2, 3)
    assert '<img src="https://a.example/kuva.png"><a href="m0123">' in made.html
    assert "https://a.example/c " in made.text
    assert re.fullmatch(
        r"\[A\]\(http://localhost/l/\S+\) ja \[B\]\(http://localhost/l/\S+\)\. Katso https://a\.example/c http://localhost/l/\S+\.",
        made.text,
    )


def test_making_them_again_makes_the_same(app: Flask) -> None:
    issue_id = ObjectId()
    assert counting(LETTER, issue_id) == counting(LETTER, issue_id)
    assert CountedLink.collection().count_documents({"issue_id": issue_id}) == 2
    assert counting(LETTER, ObjectId()) != counting(LETTER, issue_id)


def follow(settings: dict[str, Any], path: str, times: int) -> None:
    """Follow a link again and again, in a process of its own."""
    client = create_app(settings).test_client()
    together()
    for _ in range(times):
        assert client.get(path, headers=FIREFOX).status_code == 302


def test_of_many_at_once_none_is_lost(app: Flask, settings: dict[str, Any]) -> None:
    link = CountedLink.made(ObjectId(), GUIDE)
    at_once(follow, *[(settings, link.address.removeprefix("http://localhost"), 20)] * 2)
    assert sum(CountedLink.get(link.pk).days.values()) == 40


def test_counting_is_off_until_somebody_turns_it_on(
    coordinator: Api, anyone: Api, newsletter: Newsletter, signed_in: Callable[..., Api]
) -> None:
    Newsletter.collection().update_one({"_id": newsletter.pk}, {"$unset": {"count_links": ""}})
    path = f"/newsletters/{newsletter.pk}"
    read = anyone.get(path)
    assert read.json["count_links"] is False
    assert coordinator.patch(path, {"count_links": True}, If_Match=read.headers["ETag"]).json["count_links"] is True
