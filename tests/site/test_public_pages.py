"""What the public pages keep that several features have a part in, and what those show."""

from collections.abc import Callable

from flask.testing import FlaskClient

from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.newsletters.factories import introduce, theme_day

ENGLISH = {"Accept-Language": "en"}
PAGES = (
    "/",
    "/networks",
    "/networks/keski-suomi",
    "/events",
    "/events?q=teema&region=FI-08&mode=onsite&topic=nuoret",
    "/events/past",
    "/events/valmennus",
    "/introductions",
    "/newsletters",
    "/newsletters/uutiskirje/subscribe",
    "/verify",
    "/privacy",
    "/accessibility",
    "/guides",
    "/guides/arrange-a-theme-day",
)


def test_a_page_that_has_not_changed_is_not_sent_again(full: Network, visitor: FlaskClient) -> None:
    for path in PAGES:
        first = visitor.get(path, headers=ENGLISH)
        again = visitor.get(path, headers={**ENGLISH, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b""), path
        assert {"Accept-Language", "Cookie"} <= set(first.vary)
        other = visitor.get(path, headers={"Accept-Language": "fi", "If-None-Match": first.headers["ETag"]})
        assert (other.status_code, other.headers["Content-Language"]) == (200, "fi")


def test_the_map_leads_to_each_network_and_shows_where_there_is_none(
    visitor: FlaskClient, regional: Network, other_region: Network
) -> None:
    Network(slug="toinen", name={"fi": "Toinen verkosto"}, kind="regional", regions=["FI-08"]).insert()
    page = visitor.get("/networks", headers=ENGLISH).text
    drawing, rest = page.split("<svg", 1)[1].split("</svg>", 1)
    assert drawing.count("<a ") == 19
    assert 'href="/networks/lappi" aria-label="Lapland: Lapin verkosto" class="served"' in drawing
    assert 'href="#FI-08" aria-label="Central Finland: Keski-Suomen verkosto, Toinen verkosto" class="served"' in drawing
    assert 'href="#FI-01" aria-label="Åland: no network yet" class="unserved"' in drawing
    assert rest.count('id="FI-') == 19
    assert rest.split('id="FI-01"')[1].split("</li>")[0].count("no network yet") == 1


def test_the_front_page_shows_what_comes_and_who_is_new(
    visitor: FlaskClient, regional: Network, signed_in: Callable[..., Api]
) -> None:
    day = theme_day(regional, "Avoin päivä")
    theme_day(regional, "Luonnos", status="draft", published_at=None)
    introduce(regional, "julkinen@example.org", "Näyn kaikille.")
    introduce(regional, "jasenille@example.org", "Näyn jäsenille.", audience="members")
    page = visitor.get("/", headers=ENGLISH).text
    assert f'href="/events/{day.slug}"' in page
    assert "20 free seats" in page
    assert "Näyn kaikille." in page
    assert "Luonnos" not in page
    assert "Näyn jäsenille." not in page
    Member.get_by_address("julkinen@example.org").withdraw_introduction()
    assert "Näyn kaikille." not in visitor.get("/", headers=ENGLISH).text


def test_an_empty_platform_has_pages_too(visitor: FlaskClient) -> None:
    for path in ("/", "/networks", "/events", "/events/past", "/introductions", "/newsletters"):
        assert visitor.get(path, headers=ENGLISH).status_code == 200, path


def test_a_network_page_shows_its_own_things_only(visitor: FlaskClient, full: Network) -> None:
    page = visitor.get("/networks/lappi", headers=ENGLISH).text
    assert "Lapin päivä" in page
    assert "Päivä 3" not in page
    assert "Esittelyni" not in page
    mine = visitor.get("/networks/keski-suomi", headers=ENGLISH).text
    assert "Subscribe" in mine
    assert f'href="/events?network={full.pk}"' in mine
    assert "<strong>numero 26</strong>" in mine
    assert visitor.get("/networks/ei-ole").status_code == 404


def test_what_is_in_another_language_says_so(visitor: FlaskClient, regional: Network) -> None:
    theme_day(regional, "Suomenkielinen", slug="suomeksi")
    page = visitor.get("/events/suomeksi", headers=ENGLISH).text
    assert '<h1 itemprop="name"><span lang="fi">Suomenkielinen</span></h1>' in page
    assert "In Finnish" in page
    finnish = visitor.get("/events/suomeksi", headers={"Accept-Language": "fi"}).text
    assert '<h1 itemprop="name">Suomenkielinen</h1>' in finnish


def test_what_people_write_runs_no_script_and_fetches_nothing(visitor: FlaskClient, regional: Network) -> None:
    evil = "# Otsikko\n\n<script>alert(1)</script> ![kuva](https://elsewhere.example/x.png) [linkki](javascript:alert)"
    Network.change({"_id": regional.pk}, {"$set": {"description": {"fi": evil}, "name": {"fi": "<b>Verkosto</b>"}}})
    page = visitor.get("/networks/keski-suomi", headers={"Accept-Language": "fi"}).text
    assert "<h3>Otsikko</h3>" in page
    assert "&lt;b&gt;Verkosto" in page
    for part in ("<script", "<img", "<b>Verkosto", 'href="javascript'):
        assert part not in page


def test_search_engines_are_told_of_every_public_page(visitor: FlaskClient, regional: Network) -> None:
    day = theme_day(regional, "Avoin päivä")
    draft = theme_day(regional, "Luonnos", status="draft", published_at=None)
    told = visitor.get("/sitemap.xml").text
    for path in ("/", "/networks", "/networks/keski-suomi", "/events/past", f"/events/{day.slug}", "/introductions", "/privacy"):
        for language in ("fi", "sv", "en"):
            assert f"<loc>http://localhost{path}?lang={language}</loc>" in told, path
    assert "<loc>http://localhost/guides/send-the-monthly-letter?lang=en</loc>" in told
    assert draft.slug not in told
