"""The form to register: what it asks, what comes back on a mistake or a refusal, and what happens next."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events.documents import Event
from events.needs_documents import Needs
from events.registration_documents import Registration
from network_api.auth.documents import AccessToken
from network_api.documents import utcnow
from network_api.members.documents import Member, Organisation
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, register
from tests.events.test_questions import QUESTIONS
from tests.mailserver import Mailbox
from tests.queries import queries

ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}
Send = Callable[..., TestResponse]


@pytest.fixture
def send(visitor: FlaskClient) -> Send:
    """Send the form of a theme day as somebody fills it in."""

    def fill(event: Event, who: str, **typed: Any) -> TestResponse:
        form = {"mode": "onsite", "name": who.title(), "email": f"{who}@example.org", "language": "en", **typed}
        return visitor.post(f"/events/{event.slug}/register", data=form, headers=ENGLISH)

    return fill


def page_of(visitor: FlaskClient, event: Event, language: str = "en") -> str:
    answer = visitor.get(f"/events/{event.slug}", headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def only() -> Registration:
    (row,) = Registration.rows({})
    return Registration.wrap(row)


def test_everything_that_is_typed_is_registered_as_by_the_api(send: Send, event: Event) -> None:
    typed = {
        "organisation.name": "Kunta",
        "organisation.type": "municipality",
        "region": "FI-08",
        "needs": "Induktiosilmukka",
        "diet": "",
    }
    answer = send(event, "aino", **typed)
    assert (answer.status_code, answer.location) == (303, f"/events/{event.slug}/registered?mode=onsite")
    found = only()
    assert (found.name, found.email, found.language, found.mode) == ("Aino", "aino@example.org", "en", "onsite")
    assert found.organisation is not None
    assert (found.organisation.name, found.organisation.type, found.region) == ("Kunta", "municipality", "FI-08")
    assert [(row["needs"], row.get("diet")) for row in Needs.rows({})] == [("Induktiosilmukka", None)]
    adds_up()


def test_the_next_page_says_what_happens_and_leaks_no_link(visitor: FlaskClient, send: Send, event: Event) -> None:
    seated = visitor.get(send(event, "aino").location or "", headers=ENGLISH)
    assert "You are registered" in seated.text
    assert "/manage/" not in seated.text
    for who in ("eka", "toka"):
        waiting = send(event, who, wait="yes")
    told = visitor.get(waiting.location or "", headers=ENGLISH)
    assert "You are number 1 in the queue." in told.text
    assert told.headers["Cache-Control"] == "no-store"
    assert visitor.get(f"/events/{event.slug}/registered?mode=elsewhere").status_code == 303


def test_a_mistake_keeps_what_was_typed_and_leads_to_its_field(send: Send, event: Event) -> None:
    answer = send(event, "aino", mode="", email="aino at work", needs="An interpreter")
    assert answer.status_code == 422
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'href="#field-mode"' in answer.text
    assert 'href="#field-email"' in answer.text
    assert 'value="aino at work"' in answer.text
    assert "An interpreter</textarea>" in answer.text
    assert Registration.rows({}) == []


def test_half_an_organisation_is_asked_for_the_other_half(send: Send, event: Event) -> None:
    answer = send(event, "aino", **{"organisation.name": "Kunta", "organisation.type": ""})
    assert answer.status_code == 422
    assert 'href="#field-organisation-type"' in answer.text


def test_the_questions_of_every_type_are_asked_and_answered(send: Send, visitor: FlaskClient, regional: Network) -> None:
    event = make_event(regional, questions=QUESTIONS)
    page = page_of(visitor, event)
    assert '<span lang="fi">Paja</span>' in page
    for question in QUESTIONS:
        assert f'name="answers.{question["id"]}"' in page
    answer = send(event, "aino", **{"answers.odotukset": "x" * 30})
    assert {"#field-answers-paja", "#field-answers-kuvaus", "#field-answers-odotukset"} <= set(
        re.findall(r'href="(#[^"]+)"', answer.text)
    )
    assert "#field-answers-tallenne" not in set(re.findall(r'href="(#[^"]+)"', answer.text))
    typed = {"answers.paja": "kuuntelu", "answers.aiheet": ["cv", "some"], "answers.kuvaus": "no", "answers.odotukset": "Hyvää"}
    assert send(event, "aino", **typed, **{"answers.tallenne": "yes"}).status_code == 303
    assert only().answers == {"paja": "kuuntelu", "aiheet": ["cv", "some"], "kuvaus": False, "odotukset": "Hyvää"}
    assert send(event, "eta", mode="remote", **{"answers.paja": "kuuntelu"}).status_code == 422
    assert send(event, "eta", mode="remote", **{"answers.paja": "kuuntelu", "answers.tallenne": "yes"}).status_code == 303


def test_who_finds_it_full_is_offered_the_queue(send: Send, event: Event) -> None:
    for who in ("eka", "toka"):
        send(event, who)
    answer = send(event, "kolmas")
    assert answer.status_code == 422
    assert "All seats of this kind are taken." in answer.text
    assert 'href="#field-wait"' in answer.text
    assert "Full, you can join the queue" in answer.text
    assert send(event, "kolmas", wait="yes").location == f"/events/{event.slug}/registered?mode=onsite&place=1"
    adds_up()


def test_where_all_is_full_the_form_is_for_the_queue(send: Send, visitor: FlaskClient, regional: Network) -> None:
    event = make_event(regional, capacity={"onsite": 1})
    send(event, "eka")
    page = page_of(visitor, event)
    assert "Join the queue</button>" in page
    assert '<input type="hidden" name="wait" value="yes">' in page
    assert '<input type="hidden" name="mode" value="onsite">' in page


def test_where_no_seat_is_counted_nobody_is_asked_about_a_queue(visitor: FlaskClient, regional: Network) -> None:
    event = make_event(regional, capacity={"remote": None})
    assert 'name="wait"' not in visitor.get(f"/events/{event.slug}").text
    counted = make_event(regional, capacity={"onsite": 3, "remote": None})
    assert 'name="wait"' in visitor.get(f"/events/{counted.slug}").text


def test_who_is_registered_already_is_mailed_the_link_and_told_so(
    send: Send, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    send(event, "aino")
    deliver()
    answer = send(event, "AINO")
    assert answer.status_code == 422
    assert "The link to the registration has been mailed to it." in answer.text
    deliver()
    assert "/manage/registrations/" in mailbox.text_to("aino@example.org")
    assert "/manage/" not in answer.text
    assert len(mailbox.to("aino@example.org")) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"registration_opens_at": timedelta(days=3)}, "Registration opens"),
        ({"registration_closes_at": timedelta(hours=-1)}, "Registration has closed."),
        ({"starts_at": timedelta(hours=-1), "ends_at": timedelta(hours=4)}, "The theme day is going on"),
        ({"starts_at": timedelta(hours=-9), "ends_at": timedelta(hours=-1)}, "This theme day is over."),
    ],
)
def test_while_nobody_can_register_words_stand_in_place_of_the_form(
    send: Send, visitor: FlaskClient, regional: Network, given: dict[str, timedelta], said: str
) -> None:
    event = make_event(regional, **{name: utcnow() + by for name, by in given.items()})
    page = page_of(visitor, event)
    assert said in page
    assert f'action="/events/{event.slug}/register' not in page
    late = send(event, "aino")
    assert late.status_code == 422
    assert "mistakes" in late.text
    assert Registration.rows({}) == []


def test_a_cancelled_theme_day_says_so(send: Send, visitor: FlaskClient, coordinator: Api, event: Event) -> None:
    coordinator.post(f"/events/{event.pk}/cancel")
    assert "This theme day has been cancelled." in page_of(visitor, event)
    assert "This theme day has been cancelled." in send(event, "aino").text


def test_a_member_finds_their_name_and_address_filled_in(visitor: FlaskClient, event: Event, send: Send) -> None:
    member = Member.of_address("aino@example.org")
    member.edit({"name": "Aino Virtanen", "organisation": Organisation(name="Kunta", type="municipality"), "region": "FI-08"})
    _, secret = AccessToken.issue("session", member.pk, expires_at=None)
    visitor.set_cookie("session", secret)
    with queries.counted() as asked:
        answer = visitor.get(f"/events/{event.slug}", headers=ENGLISH)
    assert len(asked) <= 4, asked
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'value="Aino Virtanen"' in answer.text
    assert 'value="aino@example.org"' in answer.text
    assert '<option value="FI-08" selected>' in answer.text
    form = {"mode": "onsite", "name": "Aino", "email": "toinen@example.org", "language": "en"}
    same = {**ENGLISH, "Sec-Fetch-Site": "same-origin"}
    assert visitor.post(f"/events/{event.slug}/register", data=form, headers=same).status_code == 303
    assert only().member_id == member.pk


def test_a_stranger_s_page_is_cached_until_a_seat_is_taken(visitor: FlaskClient, anyone: Api, event: Event) -> None:
    first = visitor.get(f"/events/{event.slug}", headers=ENGLISH)
    same = {**ENGLISH, "If-None-Match": first.headers["ETag"]}
    assert visitor.get(f"/events/{event.slug}", headers=same).status_code == 304
    register(anyone, event, "eka")
    changed = visitor.get(f"/events/{event.slug}", headers=same)
    assert changed.status_code == 200
    assert '<span id="room-onsite" data-live>One free seat</span>' in changed.text


def test_a_draft_is_not_there(visitor: FlaskClient, regional: Network) -> None:
    event = make_event(regional, status="draft", published_at=None)
    assert visitor.post(f"/events/{event.slug}/register", data={"mode": "onsite"}).status_code == 404
    assert visitor.get(f"/events/{event.slug}/registered?mode=onsite").status_code == 404


def test_the_form_of_another_site_registers_nobody(visitor: FlaskClient, event: Event) -> None:
    form = {"mode": "onsite", "name": "Aino", "email": "aino@example.org", "language": "en"}
    answer = visitor.post(f"/events/{event.slug}/register", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert Registration.rows({}) == []


def test_who_comes_back_to_the_address_of_the_form_sees_the_theme_day(visitor: FlaskClient, event: Event) -> None:
    answer = visitor.get(f"/events/{event.slug}/register?lang=sv")
    assert (answer.status_code, answer.location) == (303, f"/events/{event.slug}?lang=sv#register")
