"""The door to the remote room, the page of a registration, calendar feeds, and what concerns one person."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar

from events.documents import Event
from events.feature import check, erase_person, export_person
from events.registration_documents import Registration
from network_api.documents import utcnow
from network_api.feature import Person
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import ROOM, make_event, register
from tests.mailserver import Mailbox

Link = Callable[..., str]


def move(event: Event, **by: int) -> None:
    starts = utcnow() + timedelta(**by)
    Event.change({"_id": event.pk}, {"$set": {"starts_at": starts, "closes_at": starts, "ends_at": starts + timedelta(hours=6)}})


def test_the_door_opens_in_its_window_and_notes_attendance_once(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eta", mode="remote")
    path = f"//join/{link('eta', 'join/')}"
    early = anyone.get(path)
    assert (early.status_code, ROOM in early.get_data(as_text=True)) == (200, False)
    assert "Ovi etähuoneeseen aukeaa" in early.get_data(as_text=True)
    assert "Europe/Helsinki" in early.get_data(as_text=True)
    assert anyone("POST", path).status_code == 200
    assert Registration.rows({"attended_at": {"$ne": None}}) == []
    move(event, minutes=14)
    page = anyone.get(path)
    assert "<form" in page.get_data(as_text=True)
    assert "meet.example.org" not in page.get_data(as_text=True) + str(page.headers)
    assert Registration.rows({"attended_at": {"$ne": None}}) == []
    gone_in = anyone("POST", path)
    assert (gone_in.status_code, gone_in.headers["Location"]) == (303, ROOM)
    first = Registration.rows({"attended_at": {"$ne": None}})[0]["attended_at"]
    assert anyone("POST", path).status_code == 303
    assert Registration.rows({"attended_at": {"$ne": None}})[0]["attended_at"] == first
    move(event, hours=-7)
    assert anyone("POST", path).status_code == 200


def test_the_door_stays_shut_for_who_has_no_remote_seat(anyone: Api, coordinator: Api, event: Event, link: Link) -> None:
    for who in ("eta", "toinen"):
        register(anyone, event, who, mode="remote")
    move(event, minutes=5)
    mine, other = f"//join/{link('eta', 'join/')}", f"//join/{link('toinen', 'join/')}"
    anyone.patch(f"/manage/registrations/{link('eta')}", {"mode": "onsite"})
    assert anyone("POST", mine).status_code == 200
    anyone.delete(f"/manage/registrations/{link('eta')}")
    assert "peruttu" in anyone("POST", mine).get_data(as_text=True)
    coordinator.post(f"/events/{event.pk}/cancel")
    assert "Teemapäivä on peruttu" in anyone("POST", other).get_data(as_text=True)


def test_the_page_of_a_registration_shows_and_cancels_it(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eka", name="<b>Aino</b>")
    path = f"//manage/registrations/{link('eka')}"
    page = anyone.get(path)
    assert "&lt;b&gt;Aino" in page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "no-store"
    assert Event.get(event.pk).seats["onsite"].taken == 1
    assert anyone("POST", f"{path}/cancel").status_code == 303
    assert "peruttu" in anyone.get(path).get_data(as_text=True)
    assert Event.get(event.pk).seats["onsite"].taken == 0


def entries(api: Api, path: str) -> list[Calendar]:
    answer = api.get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert ROOM not in answer.get_data(as_text=True)
    found: list[Calendar] = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    return found


def test_the_feeds_carry_theme_days_as_calendars_need_them(
    anyone: Api, coordinator: Api, event: Event, regional: Network, other_region: Network
) -> None:
    make_event(other_region, slug="toinen")
    make_event(regional, slug="luonnos", status="draft")
    assert len(entries(anyone, "//events.ics")) == 2
    [before] = entries(anyone, f"//events/{event.pk}.ics")
    register(anyone, event, "eka")
    assert entries(anyone, f"//events/{event.pk}.ics")[0].to_ical() == before.to_ical()
    coordinator.post(f"/events/{event.pk}/cancel")
    [after] = entries(anyone, f"//networks/{regional.pk}/events.ics")
    assert (after["UID"], str(after["STATUS"])) == (before["UID"], "CANCELLED")
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert {"DTSTAMP", "LAST-MODIFIED", "SUMMARY", "LOCATION"} <= set(after)
    assert anyone.get("//events/x.ics").status_code == 404


def test_the_feed_is_right_on_both_sides_of_summer_time(anyone: Api, regional: Network) -> None:
    for number, day in enumerate((datetime(2027, 3, 26, 7, tzinfo=UTC), datetime(2027, 3, 29, 6, tzinfo=UTC))):
        made = make_event(regional, slug=f"paiva-{number}", starts_at=day, ends_at=day + timedelta(hours=6))
        [entry] = entries(anyone, f"//events/{made.pk}.ics")
        assert entry["DTSTART"].dt == day


def test_a_mail_tells_the_time_where_the_theme_day_is_in_the_readers_language(
    anyone: Api, regional: Network, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    starts = datetime(2030, 7, 4, 6, tzinfo=UTC)
    event = make_event(regional, starts_at=starts, ends_at=starts + timedelta(hours=6), title={"fi": "Päivä", "sv": "Dagen"})
    said = {
        "fi": ("torstai 4. heinäkuuta 2030", "9.00–15.00"),
        "sv": ("torsdag 4 juli 2030", "09:00–15:00"),
        "en": ("Thursday, 4 July 2030", "09:00–15:00"),
    }
    for language, parts in said.items():
        register(anyone, event, language, language=language, mode="remote")
        deliver()
        text = mailbox.text_to(f"{language}@example.org")
        assert all(part in text.replace("torsdagen den", "torsdag") for part in parts), text


def test_erasing_a_person_frees_the_coming_seat_and_keeps_the_figures(
    anyone: Api, event: Event, regional: Network, link: Link
) -> None:
    past = make_event(regional, slug="mennyt")
    for day in (event, past):
        register(anyone, day, "eka")
    register(anyone, event, "toka")
    register(anyone, event, "kolmas", wait=True)
    move(past, days=-3)
    token, person = link("eka"), Person(None, "eka@example.org")
    assert len(export_person(person)["registrations"]) == 2
    for _ in range(2):
        erase_person(person)
    seats = Event.get(event.pk).seats["onsite"]
    assert (seats.capacity, seats.taken, seats.waiting) == (2, 2, 0)
    assert Event.get(past.pk).seats["onsite"].taken == 1
    assert anyone.get(f"/manage/registrations/{link('kolmas')}").json["status"] == "confirmed"
    assert anyone.get(f"/manage/registrations/{token}").status_code == 404
    assert "eka@example.org" not in str(Registration.rows({}))
    assert export_person(person)["registrations"] == []
    adds_up()


def test_check_sees_what_does_not_add_up(anyone: Api, event: Event) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "kolmas", wait=True)
    adds_up()
    Event.change({"_id": event.pk}, {"$set": {"seats.onsite.taken": 1}})
    assert "event_seats" in {problem.invariant for problem in check()}
