"""Offers: a seat that came free is kept for the first who waits for some hours; and what each mail says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events.documents import Event
from events.registration_documents import Registration
from events.tasks import sweep
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, register
from tests.mailserver import Mailbox

Link = Callable[..., str]


@pytest.fixture
def day(regional: Network) -> Event:
    """A theme day with one seat of each mode, whose free seats are offered for six hours."""
    return make_event(regional, capacity={"onsite": 1, "remote": 1}, offer_hours=6)


@pytest.fixture
def managed(anyone: Api, link: Link) -> Callable[[str], Any]:
    """`managed("eka")`: the registration of somebody, as their manage link shows it."""
    return lambda who: anyone.get(f"/manage/registrations/{link(who)}").json


def lapse(event: Event) -> None:
    """The hours of every open offer pass."""
    Registration.collection().update_many(
        {"event_id": event.pk, "offer": {"$ne": None}}, {"$set": {"offer.expires_at": utcnow()}}
    )
    sweep()


def test_a_free_seat_is_offered_to_the_first_who_waits_and_is_nobody_elses_meanwhile(
    anyone: Api, day: Event, link: Link, managed: Any, mailbox: Mailbox
) -> None:
    register(anyone, day, "eka")
    for who in ("toka", "kolmas"):
        register(anyone, day, who, wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    toka = managed("toka")
    assert (toka["status"], toka["waiting_position"], toka["offer"]["mode"]) == ("waitlisted", None, "onsite")
    assert managed("kolmas")["waiting_position"] == 1
    assert register(anyone, day, "neljas").json["code"] == "event_full"
    assert anyone.get(f"/events/{day.pk}").json["seats"]["onsite"]["offered"] == 1
    assert "vastaa" in mailbox.text_to("toka@example.org").lower()
    adds_up()


def test_accepting_gives_the_seat_once(anyone: Api, day: Event, link: Link, managed: Any, mailbox: Mailbox) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    path = f"/manage/registrations/{link('toka')}/accept-offer"
    accepted = anyone.post(path)
    assert (accepted.status_code, accepted.json["status"], accepted.json["offer"]) == (200, "confirmed", None)
    assert anyone.post(path).json["code"] == "no_offer"
    assert link("toka")
    assert len(mailbox.to("toka@example.org")) == 3  # waiting, offered, and the seat is theirs
    adds_up()


def test_declining_leaves_the_seat_to_the_next_and_ends_the_registration(
    anyone: Api, day: Event, link: Link, managed: Any
) -> None:
    register(anyone, day, "eka")
    for who in ("toka", "kolmas"):
        register(anyone, day, who, wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    declined = anyone.post(f"/manage/registrations/{link('toka')}/decline-offer")
    assert (declined.json["status"], declined.json["offer"]) == ("cancelled", None)
    assert managed("kolmas")["offer"]["mode"] == "onsite"
    adds_up()


def test_who_keeps_another_seat_keeps_it_when_they_decline_and_gives_it_back_when_they_accept(
    anyone: Api, day: Event, link: Link, managed: Any
) -> None:
    register(anyone, day, "eka")
    for who in ("eta", "toinen"):
        register(anyone, day, who, mode="remote", wait=True)
    path = f"/manage/registrations/{link('eta')}"
    anyone.patch(path, {"mode": "onsite", "wait": True})
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert (managed("eta")["status"], managed("eta")["mode"], managed("eta")["offer"]["mode"]) == (
        "confirmed",
        "remote",
        "onsite",
    )
    adds_up()
    declined = anyone.post(f"{path}/decline-offer").json
    assert (declined["status"], declined["mode"], declined["offer"]) == ("confirmed", "remote", None)
    adds_up()
    anyone.patch(path, {"mode": "onsite"})  # it is free now
    assert managed("eta")["mode"] == "onsite"
    assert managed("toinen")["offer"]["mode"] == "remote"
    adds_up()


def test_asking_for_the_mode_of_the_offer_accepts_it(anyone: Api, day: Event, link: Link, managed: Any) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert anyone.patch(f"/manage/registrations/{link('toka')}", {"mode": "onsite"}).json["status"] == "confirmed"
    adds_up()


def test_an_offer_lapses_to_the_next_who_is_told_and_so_is_the_first(
    anyone: Api, day: Event, link: Link, managed: Any, mailbox: Mailbox
) -> None:
    register(anyone, day, "eka")
    for who in ("toka", "kolmas"):
        register(anyone, day, who, wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    sweep()
    assert managed("toka")["offer"]
    lapse(day)
    assert (managed("toka")["status"], managed("kolmas")["offer"]["mode"]) == ("cancelled", "onsite")
    assert anyone.post(f"/manage/registrations/{link('toka')}/accept-offer").json["code"] == "no_offer"
    sweep()
    assert link("kolmas")
    assert [len(mailbox.to(f"{who}@example.org")) for who in ("toka", "kolmas")] == [3, 2]
    adds_up()


def test_an_offer_whose_time_is_over_cannot_be_accepted_before_the_sweep_comes(
    anyone: Api, day: Event, link: Link, managed: Any
) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    path = f"/manage/registrations/{link('toka')}"
    Registration.change({"email_key": "toka@example.org"}, {"$set": {"offer.expires_at": utcnow() - timedelta(seconds=1)}})
    tried = [anyone.post(f"{path}/{answer}-offer") for answer in ("accept", "decline")]
    for answer in (*tried, anyone.patch(path, {"mode": "onsite"})):
        assert (answer.status_code, answer.json["code"]) == (409, "no_offer")
    assert managed("toka")["status"] == "cancelled"  # `managed` lets the sweep come first
    adds_up()


def test_an_offer_of_a_theme_day_that_is_off_or_over_can_be_neither_accepted_nor_declined(
    anyone: Api, coordinator: Api, day: Event, link: Link
) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    path = f"/manage/registrations/{link('toka')}"
    coordinator.post(f"/events/{day.pk}/cancel")
    said = [anyone.post(f"{path}/{answer}-offer").json["code"] for answer in ("accept", "decline")]
    Event.change({"_id": day.pk}, {"$set": {"status": "published", "ends_at": utcnow()}})
    said += [anyone.post(f"{path}/{answer}-offer").json["code"] for answer in ("accept", "decline")]
    assert said == ["event_cancelled", "event_cancelled", "event_ended", "event_ended"]


def test_once_the_day_has_begun_a_free_seat_is_theirs_at_once(anyone: Api, day: Event, link: Link, managed: Any) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    token = link("eka")
    Event.change({"_id": day.pk}, {"$set": {"starts_at": utcnow() - timedelta(minutes=5)}})
    anyone.delete(f"/manage/registrations/{token}")
    assert managed("toka")["status"] == "confirmed"
    adds_up()


def test_of_a_cancelled_theme_day_nobody_hears_that_their_offer_lapsed(
    anyone: Api, coordinator: Api, day: Event, link: Link, mailbox: Mailbox
) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert coordinator.post(f"/events/{day.pk}/cancel").status_code == 200
    assert link("toka")
    before = len(mailbox.to("toka@example.org"))
    lapse(day)
    assert link("toka")
    assert len(mailbox.to("toka@example.org")) == before
    adds_up()


def test_cancelling_gives_the_offer_back(anyone: Api, day: Event, link: Link, managed: Any) -> None:
    register(anyone, day, "eka")
    for who in ("toka", "kolmas"):
        register(anyone, day, who, wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")
    anyone.delete(f"/manage/registrations/{link('toka')}")
    assert managed("kolmas")["offer"]["mode"] == "onsite"
    adds_up()


def test_who_presses_a_button_too_late_sees_in_their_language_how_things_are_now(anyone: Api, day: Event, link: Link) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True, language="sv")
    token = link("toka")
    anyone.delete(f"/manage/registrations/{link('eka')}")
    lapse(day)
    for answer in ("accept", "decline"):
        late = anyone("POST", f"//manage/registrations/{token}/{answer}-offer")
        assert (late.status_code, late.content_type) == (409, "text/html; charset=utf-8")
        assert "Det går inte längre" in late.text
        assert "Din anmälan har avbokats." in late.text
        assert late.headers["Cache-Control"] == "no-store"


def test_the_page_of_the_registration_has_buttons_for_the_offer(anyone: Api, day: Event, link: Link) -> None:
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True, language="sv")
    anyone.delete(f"/manage/registrations/{link('eka')}")
    page = f"//manage/registrations/{link('toka')}"
    assert "Ta emot platsen" in anyone.get(page).text
    assert anyone.client.post(f"{page.removeprefix('/')}/accept-offer").status_code == 303
    assert "Ta emot platsen" not in anyone.get(page).text
    assert "på plats" in anyone.get(page).text.lower() or "plats på stället" in anyone.get(page).text.lower()
    adds_up()
