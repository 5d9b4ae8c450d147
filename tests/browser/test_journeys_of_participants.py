"""Participants on their way: register remotely and go in; wait, be promoted, switch, cancel. In each language, at each size."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from playwright.sync_api import Browser, expect

from events.documents import Event
from events.registration_documents import Registration
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.browser.journeys import DESKTOP, Keyboard, Traveller, link_in
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import ROOM, make_event, register
from tests.events.test_questions import QUESTIONS
from tests.mailserver import Mailbox

WHO = "aino@example.org"
TITLE = {"fi": "Teemapäivä", "sv": "Temadagen", "en": "The theme day"}


def begin_soon(event: Event, **by: float) -> None:
    starts = utcnow() + timedelta(**by)
    Event.change({"_id": event.pk}, {"$set": {"starts_at": starts, "closes_at": starts, "ends_at": starts + timedelta(hours=6)}})


def test_somebody_registers_remotely_and_goes_in(
    traveller: Traveller,
    look: Callable[[str], None],
    examine: Callable[[str], None],
    regional: Network,
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    event = make_event(regional, title=TITLE, questions=QUESTIONS)
    page = traveller.goto(f"/events/{event.slug}")
    look("theme-day")
    traveller.press("#register button")
    examine("register-mistakes")
    expect(page.locator("#mistakes a")).to_have_count(3)
    page.check("[name=mode][value=remote]")
    expect(page.locator("[name='answers.kuvaus']").first).to_be_hidden()
    page.fill("[name=name]", "Aino Virtanen")
    page.fill("[name=email]", WHO)
    page.check("[name='answers.paja'][value=verkostot]")
    page.check("[name='answers.tallenne']")
    traveller.press("#register button")
    look("registered")
    deliver()
    manage = link_in(mailbox, WHO, "/manage/registrations/")
    traveller.goto(manage)
    look("registration-remote")
    traveller.press("a[href*='/change']")
    look("registration-change")
    page.fill("[name=diet]", "Vegaani")
    traveller.press("main form button")
    traveller.press("a[href*='/change']")
    expect(page.locator("[name=diet]")).to_have_value("Vegaani")
    begin_soon(event, hours=3)
    traveller.goto(link_in(mailbox, WHO, "/join/"))
    look("door-early")
    if traveller.size != DESKTOP:
        expect(page.locator("[role=timer]")).to_contain_text("2:4")
    begin_soon(event, minutes=10)
    page.reload()
    examine("door-open")
    assert Registration.rows({"attended_at": {"$ne": None}}) == []
    traveller.end()
    with page.expect_request(ROOM):  # another site, which tests do not reach
        page.locator("main form button").click()
    assert len(Registration.rows({"attended_mode": "remote"})) == 1


def test_somebody_waits_is_promoted_switches_and_cancels(
    traveller: Traveller,
    look: Callable[[str], None],
    examine: Callable[[str], None],
    regional: Network,
    anyone: Api,
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    event = make_event(regional, title=TITLE, capacity={"onsite": 1, "remote": None})
    register(anyone, event, "ensin")
    page = traveller.goto(f"/events/{event.slug}")
    page.check("[name=mode][value=onsite]")
    page.fill("[name=name]", "Aino Virtanen")
    page.fill("[name=email]", WHO)
    traveller.press("#register button")
    expect(page.locator("#mistakes a")).to_have_attribute("href", "#field-wait")
    page.check("[name=wait]")
    traveller.press("#register button")
    look("registered-waiting")
    deliver()
    manage = link_in(mailbox, WHO, "/manage/registrations/")
    traveller.goto(manage)
    examine("registration-waiting")
    first = link_in(mailbox, "ensin@example.org", "/manage/registrations/")
    anyone.delete(first)
    page.reload()
    expect(page.locator(".ticket img")).to_be_visible()
    look("registration-on-site")
    traveller.press("a[href*='/switch']")
    look("registration-switch")
    traveller.press("main form button")
    expect(page.locator("a[href*='/join/']")).to_be_visible()
    traveller.press("a[href*='/cancel']")
    look("registration-cancel")
    traveller.press("main form button")
    examine("registration-cancelled")
    assert [row["status"] for row in Registration.rows({})] == ["cancelled", "cancelled"]
    adds_up()
    traveller.end()


def test_the_keyboard_alone_waits_switches_cancels_and_goes_in(
    alone: Traveller, regional: Network, anyone: Api, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    event = make_event(regional, title=TITLE, capacity={"onsite": 1, "remote": None})
    register(anyone, event, "ensin")
    hands = Keyboard(alone.goto(f"/events/{event.slug}"))
    hands.tick("[name=mode][value=onsite]")
    hands.type("[name=name]", "Aino Virtanen")
    hands.type("[name=email]", WHO)
    hands.go("#register button")
    hands.tick("[name=wait]")
    hands.go("#register button")
    deliver()
    anyone.delete(link_in(mailbox, "ensin@example.org", "/manage/registrations/"))
    alone.goto(link_in(mailbox, WHO, "/manage/registrations/"))
    hands.go("a[href*='/change']")
    hands.type("[name=diet]", "Vegaani")
    hands.go("main form button")
    hands.go("a[href*='/switch']")
    hands.go("main form button")
    hands.go("a[href*='/cancel']")
    hands.go("main form button")
    row = Registration.row({"email_key": WHO})
    assert row
    assert (row["status"], row["mode"], row["name"]) == ("cancelled", "remote", "Aino Virtanen")
    alone.goto(f"/events/{event.slug}")
    hands.choose("mode", "remote")
    hands.type("[name=name]", "Leena Laine")
    hands.type("[name=email]", "leena@example.org")
    hands.go("#register button")
    deliver()
    begin_soon(event, minutes=10)
    alone.goto(link_in(mailbox, "leena@example.org", "/join/"))
    alone.end()
    hands.reach("main form button")
    with alone.page.expect_request(ROOM):
        alone.page.keyboard.press("Enter")
    assert len(Registration.rows({"attended_mode": "remote"})) == 1


def test_free_seats_follow_without_a_shift_while_somebody_types(
    app: Flask, browser: Browser, serve: str, regional: Network, anyone: Api
) -> None:
    event = make_event(regional, title=TITLE)
    traveller = Traveller(browser, serve).begin("en", DESKTOP)
    traveller.page.clock.install()
    page = traveller.goto(f"/events/{event.slug}")
    page.fill("[name=name]", "Aino")
    place = page.locator("[name=name]").bounding_box()
    register(anyone, event, "eka")
    page.clock.fast_forward(21_000)
    expect(page.locator("#room-onsite")).to_have_text("One free seat")
    assert page.locator("[name=name]").input_value() == "Aino"
    assert page.locator("[name=name]").bounding_box() == place
    traveller.end()
    traveller.context.close()
