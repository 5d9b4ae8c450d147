"""The pages behind a manage link: each verb, each refusal in words, in the person's language."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events.attendance import record
from events.attendance_documents import TICKET
from events.documents import Event
from events.registration_documents import Registration
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, register
from tests.events.test_questions import QUESTIONS

Link = Callable[..., str]


class Page:
    """The pages of one registration, as its person goes through them."""

    def __init__(self, visitor: FlaskClient, token: str) -> None:
        self.visitor, self.path = visitor, f"/manage/registrations/{token}"

    def get(self, step: str = "", status: int = 200) -> str:
        answer = self.visitor.get(self.path + step)
        assert answer.status_code == status, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        return answer.text

    def post(self, step: str, **typed: Any) -> TestResponse:
        return self.visitor.post(self.path + step, data=typed)


@pytest.fixture
def page(visitor: FlaskClient, anyone: Api, link: Link) -> Callable[..., Page]:
    """`page(event, "aino", mode="remote")`: register somebody who reads English, and have their pages."""

    def make(event: Event, who: str, **given: Any) -> Page:
        assert register(anyone, event, who, **{"language": "en", **given}).status_code == 201
        return Page(visitor, link(who))

    return make


def end(event: Event) -> None:
    now = utcnow()
    Event.change({"_id": event.pk}, {"$set": {"starts_at": now - timedelta(hours=7), "ends_at": now - timedelta(hours=1)}})


def test_a_seat_on_site_shows_its_ticket_and_what_can_be_done(page: Callable[..., Page], event: Event) -> None:
    shown = page(event, "aino").get()
    assert "You have a seat on site." in shown
    assert "/ticket.svg" in shown
    assert "Take part remotely instead" in shown
    assert "event.ics" in shown


def test_a_remote_seat_shows_its_door(page: Callable[..., Page], event: Event) -> None:
    shown = page(event, "aino", mode="remote").get()
    assert "/join/" in shown
    assert "/ticket.svg" not in shown


def test_looking_at_the_pages_changes_nothing(page: Callable[..., Page], event: Event) -> None:
    aino = page(event, "aino")
    before = (Registration.rows({}), Event.row({"_id": event.pk}))
    for step in ("", "/change", "/switch", "/cancel"):
        aino.get(step)
    assert (Registration.rows({}), Event.row({"_id": event.pk})) == before


def test_what_was_typed_can_be_changed_and_emptied(page: Callable[..., Page], event: Event) -> None:
    aino = page(event, "aino", region="FI-08", needs="Tulkki")
    form = aino.get("/change")
    assert 'value="Kunta"' in form
    assert "Tulkki</textarea>" in form
    assert aino.post("/change", name="Aino Uusi", language="sv", diet="Vegan").status_code == 303
    shown = aino.get("/change?lang=en")
    assert 'value="Aino Uusi"' in shown
    assert 'value="Vegan"' in shown
    assert "Tulkki" not in shown
    found = Registration.wrap(Registration.rows({})[0])
    assert (found.organisation, found.region, found.language) == (None, None, "sv")


def test_a_mistake_in_the_change_comes_back(page: Callable[..., Page], event: Event) -> None:
    aino = page(event, "aino")
    answer = aino.post("/change", name="", language="en", **{"organisation.name": "Kaupunki"})
    assert answer.status_code == 422
    assert 'href="#field-name"' in answer.text
    assert 'value="Kaupunki"' in answer.text


def test_switching_asks_what_is_asked_there_only(page: Callable[..., Page], regional: Network) -> None:
    event = make_event(regional, questions=QUESTIONS)
    aino = page(event, "aino", answers={"paja": "kuuntelu", "kuvaus": True})
    form = aino.get("/switch")
    assert "answers.tallenne" in form
    assert "answers.kuvaus" not in form
    refused = aino.post("/switch", mode="remote")
    assert refused.status_code == 422
    assert 'href="#field-answers-tallenne"' in refused.text
    assert aino.post("/switch", mode="remote", **{"answers.tallenne": "yes"}).status_code == 303
    found = Registration.wrap(Registration.rows({})[0])
    assert (found.mode, found.answers) == ("remote", {"paja": "kuuntelu", "tallenne": True})
    adds_up()


def test_who_waits_for_the_other_mode_keeps_the_seat_until_they_leave_the_queue(page: Callable[..., Page], event: Event) -> None:
    for who in ("eka", "toka"):
        page(event, who)
    aino = page(event, "aino", mode="remote")
    full = aino.post("/switch", mode="onsite")
    assert full.status_code == 422
    assert "All seats of this kind are taken." in full.text
    assert aino.post("/switch", mode="onsite", wait="yes").status_code == 303
    shown = aino.get()
    assert "You have a remote seat." in shown
    assert "You are number 1 in the queue." in shown
    assert "Until then you keep the seat you have." in shown
    assert aino.post("/stay").status_code == 303
    assert "in the queue" not in aino.get()
    adds_up()


def test_cancelling_asks_first_and_gives_the_seat_to_the_next(page: Callable[..., Page], event: Event) -> None:
    eka, _, third = page(event, "eka"), page(event, "toka"), page(event, "kolmas", wait=True)
    assert "You are number 1 in the queue." in third.get()
    assert "Yes, cancel it" in eka.get("/cancel")
    assert eka.post("/cancel").status_code == 303
    shown = eka.get()
    assert "Your registration has been cancelled." in shown
    assert "Register again" in shown
    assert "You have a seat on site." in third.get()
    assert eka.post("/cancel").status_code == 303
    adds_up()


def test_a_cancelled_registration_refuses_changes_in_words(page: Callable[..., Page], event: Event) -> None:
    aino = page(event, "aino")
    aino.post("/cancel")
    changed = aino.post("/change", name="Aino", language="en")
    assert changed.status_code == 422
    assert "This registration has been cancelled." in changed.text
    assert aino.post("/switch", mode="remote").status_code == 303
    assert Registration.rows({})[0]["mode"] == "onsite"


def test_a_theme_day_that_is_off_or_over_has_no_buttons_and_refuses(
    page: Callable[..., Page], coordinator: Api, event: Event, regional: Network
) -> None:
    off, over = page(event, "aino"), make_event(regional)
    past = page(over, "aino")
    coordinator.post(f"/events/{event.pk}/cancel")
    end(over)
    for pages, words in ((off, "This theme day has been cancelled."), (past, "This theme day is over.")):
        assert "Change my details" not in pages.get()
        refused = pages.post("/change", name="Aino", language="en")
        assert refused.status_code == 422
        assert words in refused.text
    late = past.post("/cancel")
    assert late.status_code == 409
    assert "This theme day is over." in late.text
    adds_up()


def test_who_came_downloads_the_certificate_when_it_is_over(page: Callable[..., Page], event: Event) -> None:
    aino = page(event, "aino")
    assert "certificate.pdf" not in aino.get()
    record(Registration.wrap(Registration.rows({})[0]), TICKET, "onsite")
    end(event)
    assert "certificate.pdf" in aino.get()


def test_the_language_is_the_person_s_unless_another_is_asked_for(page: Callable[..., Page], event: Event) -> None:
    aino = page(event, "aino", language="sv")
    assert '<html lang="sv">' in aino.get()
    asked = aino.get("?lang=fi")
    assert '<html lang="fi">' in asked
    assert "/change?lang=fi" in asked
    assert (aino.post("/stay?lang=fi").location or "").endswith("?lang=fi")


@pytest.mark.parametrize("token", ["x", "65f1c0ffee65f1c0ffee65f1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_link_that_is_none_opens_nothing(visitor: FlaskClient, token: str) -> None:
    for step in ("", "/change", "/switch", "/cancel"):
        assert visitor.get(f"/manage/registrations/{token}{step}").status_code == 404
    for step in ("/change", "/switch", "/stay", "/cancel", "/accept-offer", "/decline-offer"):
        assert visitor.post(f"/manage/registrations/{token}{step}").status_code == 404


@pytest.mark.parametrize("step", ["/change", "/switch", "/stay", "/cancel", "/accept-offer", "/decline-offer"])
def test_a_form_of_another_site_does_nothing(page: Callable[..., Page], event: Event, step: str) -> None:
    aino = page(event, "aino")
    before = Registration.rows({})
    answer = aino.visitor.post(aino.path + step, data={"mode": "remote", "name": "X"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert Registration.rows({}) == before


def test_the_door_counts_down_by_a_script_and_says_the_hour_without(
    visitor: FlaskClient, anyone: Api, event: Event, link: Link
) -> None:
    register(anyone, event, "eta", mode="remote", language="en")
    path = f"/join/{link('eta', 'join/')}"
    shown = visitor.get(path).text
    assert "countdown.js" in shown
    assert 'role="timer"' in shown
    assert "The door to the remote room opens here:" in shown
    foreign = visitor.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
