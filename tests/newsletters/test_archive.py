"""The web archive and its feed: what programs find and keep of it, in every language, and what is gone is gone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree, html
from werkzeug.test import TestResponse

from network_api.auth.caller import STRANGER
from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.dispatch.resending import resend
from newsletters.documents import Newsletter
from newsletters.issues import archive
from newsletters.issues.documents import INTRODUCTION, Block, Issue, Source
from tests.newsletters.factories import introduce, issue_being_sent, make_newsletter
from tests.newsletters.smtp import FaultyServer

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
SENT_AT = datetime(2026, 11, 24, 7, tzinfo=UTC)
TEXT = {"fi": "Hyvät *verkostolaiset*, tervehdys toimituksesta.", "sv": "Kära nätverk, hälsningar från redaktionen."}


@pytest.fixture
def client(app: Any) -> FlaskClient:
    """Somebody who reads."""
    found: FlaskClient = app.test_client(use_cookies=False)
    return found


@pytest.fixture
def letter(regional: Network) -> Newsletter:
    """A newsletter in two languages."""
    return make_newsletter(regional, name={"fi": "Uutiskirje", "sv": "Nyhetsbrevet"}, languages=["fi", "sv"])


def sent(
    letter: Newsletter, title: str = "Marraskuun kirje", *, at: datetime = SENT_AT, blocks: list[Block] | None = None
) -> Issue:
    """An issue that has been sent."""
    issue = issue_being_sent(letter, title=title)
    own = blocks if blocks is not None else [Block(section="editorial", text=TEXT)]
    values = {"state": "sent", "sent_at": at, "updated_at": at, "blocks": [block.to_mongo() for block in own]}
    found = Issue.change({"_id": issue.pk}, {"$set": values, "$unset": {"dispatching": ""}})
    assert found is not None
    return found


def page(client: FlaskClient, path: str, **headers: str) -> Any:
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, (path, answer.status_code)
    return html.fromstring(answer.text)


def links(shown: Any, relation: str) -> list[Any]:
    return [one for one in shown.iter("link") if one.get("rel") == relation]


def meta(shown: Any, name: str) -> str | None:
    return next((one.get("content") for one in shown.iter("meta") if name in (one.get("property"), one.get("name"))), None)


# What programs read on a page


def test_a_page_names_its_address_its_languages_and_its_feed(client: FlaskClient, letter: Newsletter) -> None:
    path = f"/newsletters/uutiskirje/{sent(letter).pk}"
    shown = page(client, path, Accept_Language="sv")
    [canonical] = links(shown, "canonical")
    assert canonical.get("href") == f"http://localhost{path}?lang=sv"
    others = {one.get("hreflang"): one.get("href") for one in links(shown, "alternate") if one.get("hreflang")}
    assert others == {
        "fi": f"http://localhost{path}?lang=fi",
        "sv": f"http://localhost{path}?lang=sv",
        "x-default": f"http://localhost{path}",
    }
    [feed] = [one for one in links(shown, "alternate") if one.get("type") == "application/atom+xml"]
    assert feed.get("href") == "/newsletters/uutiskirje/feed.xml?lang=sv"
    assert meta(shown, "description") == "Kära nätverk, hälsningar från redaktionen."
    assert (meta(shown, "og:type"), meta(shown, "og:locale")) == ("article", "sv_FI")
    assert (meta(shown, "og:title"), meta(shown, "og:url")) == ("Marraskuun kirje", canonical.get("href"))
    assert meta(shown, "robots") is None


def test_an_address_in_a_language_that_the_letter_has_not_is_not_its_own(client: FlaskClient, letter: Newsletter) -> None:
    path = f"/newsletters/uutiskirje/{sent(letter).pk}"
    [canonical] = links(page(client, f"{path}?lang=en"), "canonical")
    assert canonical.get("href") == f"http://localhost{path}?lang=fi"


@pytest.mark.parametrize(("language", "text"), [("fi", "tervehdys"), ("sv", "hälsningar")])
def test_a_reader_gets_their_language(client: FlaskClient, letter: Newsletter, language: str, text: str) -> None:
    answer = client.get(f"/newsletters/uutiskirje/{sent(letter).pk}?lang={language}")
    assert text in answer.text
    assert answer.headers["Content-Language"] == language
    shown = html.fromstring(answer.text)
    assert shown.get("lang") == language
    assert not shown.xpath("//article//*[@lang]")


def test_what_is_in_another_language_says_so_to_people_and_to_screen_readers(client: FlaskClient, letter: Newsletter) -> None:
    blocks = [Block(section="editorial", text=TEXT), Block(section="news", text={"fi": "Vain suomeksi"})]
    shown = page(client, f"/newsletters/uutiskirje/{sent(letter, blocks=blocks).pk}?lang=sv")
    [foreign] = shown.xpath("//article//*[@lang]")
    assert (foreign.get("lang"), foreign.text_content().strip()) == ("fi", "Vain suomeksi")
    assert foreign.getprevious().text == "Bara på finska"


def test_no_page_of_the_archive_asks_another_site(client: FlaskClient, letter: Newsletter) -> None:
    issue = sent(letter)
    for path in ("/newsletters/uutiskirje", f"/newsletters/uutiskirje/{issue.pk}"):
        shown = page(client, path)
        loaded = shown.xpath("//script/@src | //img/@src | //iframe/@src | //link[@rel='stylesheet' or @rel='icon']/@href")
        assert [one for one in loaded if not one.startswith("/")] == []
        assert "Set-Cookie" not in client.get(path).headers


# Old issues


def test_old_issues_are_paged_from_the_newest(client: FlaskClient, letter: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LISTED", 3)
    made = [sent(letter, f"Kirje {number}", at=SENT_AT + timedelta(days=number // 2)) for number in range(7)]
    seen, path = [], "/newsletters/uutiskirje"
    for expected in (3, 3, 1):
        shown = page(client, path)
        listed = shown.xpath("//main//li/a/@href")
        assert len(listed) == expected
        seen += [address.rpartition("/")[2] for address in listed]
        path = next(iter(shown.xpath("//a[@rel='next']/@href")), "").removeprefix("http://localhost")
    assert path == ""
    newest_first = sorted(made, key=lambda issue: (issue.sent_at, issue.pk), reverse=True)
    assert seen == [str(issue.pk) for issue in newest_first]


@pytest.mark.parametrize("before", ["x", "65f1c0ffee65f1c0ffee65f1"])
def test_a_page_before_nothing_is_not_there(client: FlaskClient, letter: Newsletter, before: str) -> None:
    assert client.get(f"/newsletters/uutiskirje?before={before}").status_code == 404


def test_what_has_not_been_sent_is_nowhere(client: FlaskClient, letter: Newsletter) -> None:
    issue = issue_being_sent(letter)
    assert client.get(f"/newsletters/uutiskirje/{issue.pk}").status_code == 404
    for path in ("/newsletters/uutiskirje", "/newsletters/uutiskirje/feed.xml", "/sitemap.xml"):
        assert str(issue.pk) not in client.get(path).text


def test_an_issue_that_is_sent_again_stays_in_the_archive(client: FlaskClient, missed: Issue, server: FaultyServer) -> None:
    path = f"/newsletters/uutiskirje/{missed.pk}"
    before = [client.get(one).status_code for one in (path, "/newsletters/uutiskirje")]
    assert resend(STRANGER, missed, ["refused"]).state == "sending"
    assert [client.get(one).status_code for one in (path, "/newsletters/uutiskirje")] == before == [200, 200]


# Asked again


def asked_again(client: FlaskClient, path: str, first: TestResponse, *names: str) -> int:
    known = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
    return client.get(path, headers={known[name]: first.headers[name] for name in names}).status_code


@pytest.mark.parametrize("where", ["", "/{issue}", "/feed.xml"])
def test_who_has_it_already_gets_a_304(client: FlaskClient, letter: Newsletter, where: str) -> None:
    path = f"/newsletters/uutiskirje{where.format(issue=sent(letter).pk)}"
    first = client.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    assert "Accept-Language" in first.headers["Vary"]
    assert asked_again(client, path, first, "ETag") == 304
    assert asked_again(client, path, first, "Last-Modified") == 304
    assert asked_again(client, path, first, "ETag", "Last-Modified") == 304
    fresh = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (fresh.data, fresh.headers["ETag"]) == (b"", first.headers["ETag"])
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"], "Accept-Language": "sv"}).status_code == 200
    sent(letter, "Joulukuun kirje", at=datetime.now(UTC) + timedelta(seconds=2))
    expected = 304 if where == "/{issue}" else 200
    assert asked_again(client, path, first, "ETag") == expected
    assert asked_again(client, path, first, "Last-Modified") == expected


def test_a_withdrawn_introduction_is_gone_at_once_for_those_who_have_kept_the_page(
    client: FlaskClient, letter: Newsletter, regional: Network
) -> None:
    member = introduce(regional, "aino@example.org", "Hei, olen Aino.")
    told = Block(
        section="introductions",
        text={"fi": "Hei, olen Aino."},
        source=Source(type=INTRODUCTION, id=member.pk, version=member.version),
    )
    path = f"/newsletters/uutiskirje/{sent(letter, blocks=[told]).pk}"
    first = client.get(path)
    assert "Aino" in first.text
    assert "Last-Modified" not in first.headers  # its sources change, and no time could be promised
    Member.get(member.pk).withdraw_introduction()
    again = client.get(
        path, headers={"If-None-Match": first.headers["ETag"], "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    )
    assert again.status_code == 200
    assert "Aino" not in again.text
    assert "Aino" not in client.get("/newsletters/uutiskirje/feed.xml").text


# The feed


def feed_of(client: FlaskClient, path: str = "/newsletters/uutiskirje/feed.xml") -> Any:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "application/atom+xml; charset=utf-8")
    return etree.fromstring(answer.data)


def test_the_feed_is_what_rfc_4287_asks_for(client: FlaskClient, letter: Newsletter) -> None:
    made = [sent(letter, f"Kirje <{number}> & muut", at=SENT_AT + timedelta(days=number)) for number in range(3)]
    feed = feed_of(client)
    assert feed.tag == f"{ATOM}feed"
    for entry in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):  # sections 4.1.1 and 4.1.2: exactly one of each
            assert len(entry.findall(f"{ATOM}{name}")) == 1, name
        assert re.fullmatch(RFC_3339, entry.find(f"{ATOM}updated").text)
        relations = [link.get("rel") for link in entry.findall(f"{ATOM}link")]
        assert relations.count("alternate") == 1
    assert feed.find(f"{ATOM}author/{ATOM}name").text == "Keski-Suomen verkosto"
    assert feed.find(f"{ATOM}author/{ATOM}email") is None
    [own] = [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own == "http://localhost/newsletters/uutiskirje/feed.xml?lang=fi"
    entries = feed.findall(f"{ATOM}entry")
    assert [one.find(f"{ATOM}title").text for one in entries] == [f"Kirje <{number}> & muut" for number in (2, 1, 0)]
    newest = datetime.fromisoformat(feed.find(f"{ATOM}updated").text)
    assert newest == made[-1].sent_at
    summary = entries[0].find(f"{ATOM}summary")
    assert (summary.get("type"), summary.text) == ("html", "Hyvät verkostolaiset, tervehdys toimituksesta.")


def ids(feed: Any) -> list[str]:
    return [one.text for one in feed.iter(f"{ATOM}id")]


def test_its_ids_stay_when_addresses_change_and_differ_by_language(client: FlaskClient, letter: Newsletter) -> None:
    sent(letter)
    before = ids(feed_of(client))
    assert len(set(before)) == 2
    assert all(re.fullmatch(r"tag:localhost,\d{4}-\d\d-\d\d:newsletters/[0-9a-f]{24}/fi", one) for one in before)
    Newsletter.change({"_id": letter.pk}, {"$set": {"slug": "kirje", "name": {"fi": "Toinen nimi"}}})
    assert ids(feed_of(client, "/newsletters/kirje/feed.xml")) == before
    assert set(ids(feed_of(client, "/newsletters/kirje/feed.xml?lang=sv"))).isdisjoint(before)


def test_the_feed_speaks_a_language_of_the_letter(client: FlaskClient, letter: Newsletter) -> None:
    sent(letter)
    swedish, english = (feed_of(client, f"/newsletters/uutiskirje/feed.xml?lang={code}") for code in ("sv", "en"))
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert (swedish.get(lang), english.get(lang)) == ("sv", "fi")
    assert "Kära nätverk" in swedish.find(f"{ATOM}entry/{ATOM}summary").text


def test_a_feed_without_entries_stays_the_same(client: FlaskClient, letter: Newsletter) -> None:
    feed = feed_of(client)
    assert datetime.fromisoformat(feed.find(f"{ATOM}updated").text) == letter.created_at
    assert feed.findall(f"{ATOM}entry") == []


def test_what_xml_cannot_hold_breaks_no_feed(client: FlaskClient, letter: Newsletter) -> None:
    sent(letter, "Kirje\x00\x0b\ufffe", blocks=[Block(section="editorial", text={"fi": "Hei\x01 ]]> <b>&"})])
    assert feed_of(client).find(f"{ATOM}entry/{ATOM}title").text == "Kirje"


def test_the_feed_keeps_to_the_newest(client: FlaskClient, letter: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletters.issues.feeds.ENTRIES", 2)
    for number in range(3):
        sent(letter, f"Kirje {number}", at=SENT_AT + timedelta(days=number))
    titles = [one.find(f"{ATOM}title").text for one in feed_of(client).findall(f"{ATOM}entry")]
    assert titles == ["Kirje 2", "Kirje 1"]


# Search engines


def test_the_sitemap_lists_each_page_in_each_of_its_languages(client: FlaskClient, letter: Newsletter) -> None:
    issue = sent(letter)
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    found = etree.fromstring(answer.data)
    listed = {url.findtext("s:loc", namespaces=SITE): url for url in found.findall("s:url", SITE)}
    paths = ("/newsletters/uutiskirje", f"/newsletters/uutiskirje/{issue.pk}")
    addresses = {f"http://localhost{path}?lang={code}" for path in paths for code in ("fi", "sv")}
    assert addresses <= set(listed)
    for address in addresses:
        others = {one.get("hreflang") for one in listed[address].findall("x:link", SITE)}
        assert others == {"fi", "sv", "x-default"}
        assert client.get(address.removeprefix("http://localhost")).status_code == 200
    assert listed[f"http://localhost{paths[1]}?lang=fi"].findtext("s:lastmod", namespaces=SITE) == "2026-11-24T07:00:00Z"


def test_robots_leave_alone_what_a_token_opens(client: FlaskClient, app: Any) -> None:
    answer = client.get("/robots.txt")
    lines = answer.text.splitlines()
    barred = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Sitemap: http://localhost/sitemap.xml"
    for path in ("/api/v1/events", "/unsubscribe/abc", "/manage/subscriptions/abc", "/join/abc", "/calendar/abc.ics"):
        assert any(path.startswith(prefix) for prefix in barred), path
    for path in ("/newsletters/uutiskirje", "/events.ics", "/"):
        assert not any(path.startswith(prefix) for prefix in barred), path


def test_the_archive_is_valid_html(client: FlaskClient, letter: Newsletter, validate_html: Callable[..., list[str]]) -> None:
    paths = ("/newsletters/uutiskirje", f"/newsletters/uutiskirje/{sent(letter).pk}?lang=en")
    assert validate_html(*(client.get(path).text for path in paths)) == []
