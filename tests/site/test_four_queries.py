"""A public page asks the database four times at the most, whatever it shows: here everything, and more than one of each."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient

from events import certificates
from events.documents import ACCEPTED, Event, Partner
from events.material_documents import Material
from events.registration_documents import Registration
from network_api.auth.documents import AccessToken
from network_api.documents import utcnow
from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.contributions.documents import Contribution
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import SENT, SOURCE_TYPES, Block, Issue, Source
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.events.test_questions import QUESTIONS
from tests.newsletters.factories import approved_issue, contribute, introduce, theme_day
from tests.queries import queries
from tests.site.conftest import MANY

ENGLISH = {"Accept-Language": "en"}
PAGES = (
    "/",
    "/networks",
    "/networks/keski-suomi",
    "/events",
    "/events?q=teema&region=FI-08&mode=onsite&topic=nuoret",
    "/events/past",
    "/events/past?region=FI-08",
    "/events/iso-paiva",
    "/events/mennyt-1",
    "/introductions",
    "/newsletters",
    "/newsletters/uutiskirje",
    "/newsletters/uutiskirje/subscribe",
    "/verify",
    "/privacy",
    "/accessibility",
    "/guides",
    "/guides/arrange-a-theme-day",
)


def past_day(network: Network, number: int) -> Event:
    """A theme day with materials that everybody may see."""
    ended = utcnow() - timedelta(days=2 + number)
    materials = [
        Material(title={"fi": f"Kalvot {place}"}, audience="public", url="https://example.org/kalvot") for place in range(3)
    ]
    slug = f"mennyt-{number}"
    return theme_day(network, "Mennyt", slug=slug, starts_at=ended - timedelta(hours=6), ends_at=ended, materials=materials)


@pytest.fixture
def partners(full: Network, other_region: Network) -> list[Network]:
    """Two other networks; all of them with a theme day that they arrange together, which has what a page can show of one."""
    third = Network(slug="kainuu", name={"fi": "Kainuun verkosto"}, kind="regional", regions=["FI-05"]).insert()
    others = [other_region, third]
    starts = utcnow() + timedelta(days=20)
    session = {"session_id": ObjectId(), "starts_at": starts, "ends_at": starts + timedelta(hours=1), "title": {"fi": "Avaus"}}
    make_event(
        full,
        slug="iso-paiva",
        starts_at=starts,
        ends_at=starts + timedelta(hours=6),
        questions=QUESTIONS,
        agenda=[{**session, "speakers": [{"name": "Sofia Lindqvist", "role": "valmentaja", "organisation": "Säätiö"}]}],
        co_hosts=[network.pk for network in others],
        partners={str(network.pk): Partner(state=ACCEPTED) for network in others},
        series_id=ObjectId(),
        materials=[Material(title={"fi": "Ennakkotehtävä"}, audience="public", url="https://example.org/tehtava")],
    )
    for number in range(MANY):
        past_day(full, number)
    return others


@pytest.fixture
def letter(full: Network, partners: list[Network]) -> Issue:
    """An issue with two blocks of every kind of source, and the editors' own."""
    told: dict[str, list[Any]] = {
        "event": [theme_day(full, f"Tuleva {number}") for number in range(2)],
        "introduction": [introduce(full, f"uusi{number}@example.org", f"Olen uusi {number}.") for number in range(2)],
        "contribution": [contribute(full, f"Uutinen {number}") for number in range(2)],
        "network": partners,
        "coordination": [None, None],
        "materials": [Event.first({"slug": f"mennyt-{number}"}) for number in range(2)],
    }
    assert told.keys() == set(SOURCE_TYPES)
    own = [Block(section="editorial", text={"fi": f"Tervehdys {number}"}) for number in range(2)]
    sourced = [
        Block(
            section="news",
            text={"fi": f"{kind} {number}"},
            source=Source(type=kind, id=found.pk if found else ObjectId(), version=1),
        )
        for kind, documents in told.items()
        for number, found in enumerate(documents)
    ]
    newsletter = Newsletter.first({"slug": "uutiskirje"})
    assert newsletter is not None
    values = {"blocks": [block.to_mongo() for block in (*own, *sourced)], "state": SENT, "sent_at": utcnow()}
    found = Issue.change({"_id": approved_issue(newsletter).pk}, {"$set": values})
    assert found is not None
    return found


@pytest.fixture
def certificate(anyone: Api, full: Network, partners: list[Network]) -> str:
    """The code of somebody who came to the theme day that three networks arranged."""
    event = Event.first({"slug": "iso-paiva"})
    assert event is not None
    alone = make_event(full, co_hosts=event.co_hosts, partners={str(key): Partner(state=ACCEPTED) for key in event.co_hosts})
    came = register(anyone, alone, "eka")
    assert came.status_code == 201, came.json
    for name in ("starts_at", "ends_at"):
        Event.collection().update_one({"_id": alone.pk}, {"$set": {name: getattr(alone, name) - timedelta(days=30)}})
    attended = {"attended_at": utcnow() - timedelta(days=10), "attended_mode": "onsite"}
    Registration.collection().update_one({"_id": ObjectId(came.json["id"])}, {"$set": attended})
    return certificates.code_of(Registration.get(came.json["id"]))


def asked_for(visitor: FlaskClient, path: str) -> str:
    """The text of a page, for which the database was asked four times at the most."""
    with queries.counted() as sent:
        page = visitor.get(path, headers=ENGLISH)
    assert page.status_code == 200, path
    assert len(sent) <= 4, (path, sent)
    return page.text


def test_a_page_asks_four_times_at_the_most_and_is_light(letter: Issue, certificate: str, visitor: FlaskClient) -> None:
    with visitor.get("/static/site.css") as style, visitor.get("/static/icon.svg") as icon:
        assets = len(style.data) + len(icon.data)
    for path in (*PAGES, f"/newsletters/uutiskirje/{letter.pk}", f"/verify/{certificate}"):
        assert len(asked_for(visitor, path).encode()) + assets < 60_000, path


def test_so_it_does_for_who_is_signed_in(letter: Issue, certificate: str, visitor: FlaskClient) -> None:
    _, secret = AccessToken.issue("session", Member.get_by_address("uusi0@example.org").pk, expires_at=None)
    visitor.set_cookie("session", secret)
    for path in (*PAGES, f"/newsletters/uutiskirje/{letter.pk}", f"/verify/{certificate}"):
        asked_for(visitor, path)


def test_and_for_the_next_page_of_a_list(letter: Issue, visitor: FlaskClient) -> None:
    for path in ("/events?region=FI-08", "/events/past?region=FI-08", "/introductions"):
        onward = asked_for(visitor, path).split('class="button quiet" href="')[1].split('"')[0].replace("&amp;", "&")
        assert '<li class="card">' in asked_for(visitor, onward)


def test_the_theme_day_of_three_networks_shows_all_that_it_has(partners: list[Network], visitor: FlaskClient) -> None:
    told = asked_for(visitor, "/events/iso-paiva")
    for part in ("Lapin verkosto", "Kainuun verkosto", "Avaus", "Sofia Lindqvist", "Ennakkotehtävä", QUESTIONS[0]["label"]["fi"]):
        assert part in told


def test_an_issue_with_every_kind_of_source_shows_each_as_it_was_sent(letter: Issue, visitor: FlaskClient) -> None:
    told = asked_for(visitor, f"/newsletters/uutiskirje/{letter.pk}")
    for part in ("Tervehdys", *SOURCE_TYPES):
        assert f"{part} 0" in told
        assert f"{part} 1" in told
    assert told.count("Only in Finnish") == len(letter.blocks)


def test_an_issue_shows_at_once_no_more_what_is_withdrawn_closed_or_erased(
    letter: Issue, visitor: FlaskClient, partners: list[Network]
) -> None:
    """What networks were and did stays told: nobody can withdraw it."""
    ids = {block.text["fi"]: block.source.id for block in letter.blocks if block.source}
    Member.get(ids["introduction 0"]).withdraw_introduction()
    Member.remove({"_id": ids["introduction 1"]})
    for key in ("contribution 0", "contribution 1"):
        Contribution.remove({"_id": ids[key]})
    Event.alter({"_id": ids["materials 0"]}, {"$set": {"materials.$[].audience": "participants"}})
    Network.remove({"_id": ids["network 1"]})
    told = asked_for(visitor, f"/newsletters/uutiskirje/{letter.pk}")
    shown = {name for name in ids if name in told}
    assert shown == {"event 0", "event 1", "materials 1", *(f"{kind} {number}" for kind in sources.LASTING for number in (0, 1))}
