"""What the mails say: in each language and mode, with what that mode needs and nothing of the other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events import mails, notices
from events.documents import Event
from events.notice_documents import Notice
from events.registration_documents import Offer, Registration
from network_api.documents import utcnow
from network_api.mail.message import MailMessage
from network_api.mail.outbox import OutgoingMail
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.mailserver import Mailbox

LANGUAGES = ("fi", "sv", "en")
BEGINS = datetime(2030, 3, 4, 7, tzinfo=UTC)
TITLE = {"fi": "Teemapäivä", "sv": "Temadag", "en": "Theme day"}
SUBJECTS = {
    "confirmed": ("Olet ilmoittautunut", "Du är anmäld", "You are registered"),
    "waiting": ("Olet jonossa", "Du står i kö", "You are on the waiting list"),
    "offered": ("Sinulle on vapautunut paikka", "En plats är reserverad för dig", "A seat is offered to you"),
    "promoted": ("Sait paikan", "Du fick en plats", "A seat for you"),
    "event_changed": ("Aika tai paikka on muuttunut", "Tid eller plats har ändrats", "Time or place has changed"),
    "switched": ("Ilmoittautumisesi on muuttunut", "Din anmälan har ändrats", "Your registration has changed"),
    "reminder": ("Pian tavataan", "Snart ses vi", "Soon"),
    "cancelled": ("Ilmoittautumisesi on peruttu", "Din anmälan är avbokad", "Your registration is cancelled"),
    "event_cancelled": ("Peruttu", "Inställt", "Cancelled"),
    "thanks": ("Kiitos osallistumisesta", "Tack för att du deltog", "Thank you for taking part"),
}
TELLS_OF_THE_SEAT = ("confirmed", "promoted", "event_changed", "switched", "reminder")
FREE = {
    "onsite": {
        "fi": "lähipaikka vapautui",
        "sv": "en plats på ort och ställe har blivit ledig",
        "en": "a seat on site came free",
    },
    "remote": {"fi": "etäpaikka vapautui", "sv": "en distansplats har blivit ledig", "en": "a remote seat came free"},
}
UNTIL = {
    "fi": "viimeistään perjantaina 1. helmikuuta 2030 klo 12.00 (Europe/Helsinki)",
    "sv": "senast fredag 1 februari 2030 kl. 12:00 (Europe/Helsinki)",
    "en": "until 12:00 on Friday, 1 February 2030 (Europe/Helsinki)",
}


def write(what: str, found: Registration, event: Event) -> MailMessage:
    """One of the mails about a registration."""
    more = {"waiting": (3,), **dict.fromkeys(("event_changed", "event_cancelled", "reminder", "thanks"), ("a cause",))}
    message: MailMessage = getattr(mails, what)(found, event, *more.get(what, ()))
    return message


@pytest.mark.parametrize("what", SUBJECTS)
@pytest.mark.parametrize("mode", ["onsite", "remote"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_mail_is_in_the_language_and_for_the_mode_of_the_person(
    regional: Network, what: str, mode: str, language: str
) -> None:
    event = make_event(
        regional, title=TITLE, starts_at=BEGINS, ends_at=BEGINS + timedelta(hours=6), feedback_url="https://f.example"
    )
    offer = Offer(mode=mode, expires_at=datetime(2030, 2, 1, 10, tzinfo=UTC))
    pending = {"waiting": {"waiting_for": mode, "queue_number": 3}, "offered": {"offer": offer}}.get(what, {})
    found = Registration(
        event_id=event.pk,
        mode=mode,
        status="waitlisted" if pending else "confirmed",
        name="Aino",
        email="aino@example.org",
        language=language,
        **pending,
    ).insert()
    message = write(what, found, event)
    assert (message.to, message.subject) == (
        "aino@example.org",
        f"{SUBJECTS[what][LANGUAGES.index(language)]}: {TITLE[language]}",
    )
    assert mails.manage_link(found) in message.text
    has = {
        "place": "Toivolan vanha piha" in message.text,
        "ticket": "/ticket.svg" in message.text,
        "door": "/join/" in message.text,
    }
    seat = what in TELLS_OF_THE_SEAT
    onsite = mode == "onsite"
    assert has == {"place": onsite and (seat or what == "waiting"), "ticket": seat and onsite, "door": seat and not onsite}
    assert ("https://f.example" in message.text) == (what == "thanks")
    if what == "offered":
        assert FREE[mode][language] in message.text
        assert UNTIL[language] in message.text


def test_who_keeps_a_seat_reads_for_which_mode_they_wait(regional: Network) -> None:
    event = make_event(regional)
    waits = {"status": "confirmed", "waiting_for": "remote", "queue_number": 1, "language": "en", "mode": "onsite"}
    found = Registration(event_id=event.pk, name="Aino", email="aino@example.org", **waits).insert()
    assert "all remote seats are taken for now. You are number 1 in the queue for one" in mails.waiting(found, event, 1).text


def test_thanks_name_the_materials_that_have_opened_and_the_address_of_each(regional: Network) -> None:
    link = {"title": {"fi": "Diat"}, "url": "https://example.org/diat"}
    later = {
        "title": {"fi": "Tallenne"},
        "url": "https://example.org/t",
        "kind": "recording",
        "opens_at": utcnow() + timedelta(days=9),
    }
    empty = {"title": {"fi": "Moniste"}}
    event = make_event(regional, materials=[link, later, empty])
    found = Registration(
        event_id=event.pk, mode="remote", status="confirmed", name="A", email="a@example.org", language="fi"
    ).insert()
    text = mails.thanks(found, event, "a cause").text
    assert "Diat:\n    https://example.org/diat\n" in text
    assert "Tallenne" not in text
    assert "Moniste" not in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"venue": {"name": "Toinen talo"}}, ["lahi"]),
        ({"remote": {"join_url": "https://meet.example.org/x", "platform": "Zoom"}}, ["eta"]),
        ({"starts_at": (utcnow() + timedelta(days=20)).isoformat()}, ["eta", "lahi"]),
        ({"topics": ["etätyö"]}, []),
    ],
)
def test_a_new_place_is_told_to_those_whose_place_it_is_and_a_new_time_to_all(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None], changes: Any, told: list[str]
) -> None:
    register(anyone, event, "lahi")
    register(anyone, event, "eta", mode="remote")
    deliver()
    mailbox.clear()
    assert coordinator.patch(f"/events/{event.pk}", changes, If_Match="*").status_code == 200
    deliver()
    assert [who for who in ("eta", "lahi") if mailbox.to(f"{who}@example.org")] == told


def test_two_changes_told_as_one_reach_all_whom_either_concerns(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    for who, mode in (("lahi", "onsite"), ("eta", "remote")):
        register(anyone, event, who, mode=mode)
    deliver()
    mailbox.clear()
    for changes in ({"venue": {"name": "Toinen talo"}}, {"remote": {"join_url": "https://meet.example.org/x"}}):
        coordinator.patch(f"/events/{event.pk}", changes, If_Match="*")
    deliver()
    assert len(Notice.rows({"kind": "changed"})) == len(mailbox.to("lahi@example.org")) == len(mailbox.to("eta@example.org")) == 1


@pytest.mark.parametrize("what", ["confirmed", "waiting", "promoted", "switched", "event_changed", "reminder", "thanks"])
def test_who_has_cancelled_gets_no_mail_that_still_waits_about_a_seat(
    anyone: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None], link: Callable[..., str], what: str
) -> None:
    register(anyone, event, "eka")
    token = link("eka")
    mailbox.clear()
    found = Registration.twin(event.pk, "eka@example.org")
    assert found is not None
    notices.outbox.put(write(what, found.edit({"name": "Aino"})[0], event))
    anyone.delete(f"/manage/registrations/{token}")
    deliver()
    assert [str(mail["Subject"]).partition(":")[0] for mail in mailbox.to("eka@example.org")] == ["Ilmoittautumisesi on peruttu"]
    assert [row["state"] for row in OutgoingMail.rows({"state": "withdrawn"})] == ["withdrawn"]


def test_an_offer_that_is_over_is_not_mailed_any_more(
    anyone: Api, regional: Network, mailbox: Mailbox, deliver: Callable[[], None], link: Callable[..., str]
) -> None:
    day = make_event(regional, capacity={"onsite": 1}, offer_hours=24)
    register(anyone, day, "eka")
    register(anyone, day, "toka", wait=True)
    first, second = link("eka"), link("toka")
    mailbox.clear()
    anyone.delete(f"/manage/registrations/{first}")
    assert anyone.post(f"/manage/registrations/{second}/accept-offer").status_code == 200
    deliver()
    assert [str(mail["Subject"]).partition(":")[0] for mail in mailbox.to("toka@example.org")] == ["Sait paikan"]
