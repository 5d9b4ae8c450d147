"""Coordinators on their way: a theme day from the draft to the door, a letter from its first word to its last reader."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from events import tickets
from events.documents import Event
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.browser.journeys import DESKTOP, PHONE, Keyboard, Traveller
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.newsletters.factories import make_newsletter, subscribe, work_until_idle
from tests.newsletters.smtp import FaultyServer

DAY = (utcnow() + timedelta(days=30)).date()
CAMERA_THAT_SEES_A_CODE = """
    window.BarcodeDetector = class { async detect() { return [{ rawValue: CODE }]; } };
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = document.createElement("canvas");
      canvas.getContext("2d").fillRect(0, 0, 9, 9);
      return canvas.captureStream(5);
    };
"""


@pytest.fixture
def coordinator(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Who runs the regional network."""
    return signed_in("koordinaattori@example.org", regional, "coordinator")


@pytest.fixture
def colleague(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Who approves what the other has written."""
    return signed_in("toinen@example.org", regional, "coordinator")


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    """The letter of the regional network."""
    return make_newsletter(regional, languages=["fi", "sv", "en"])


@pytest.fixture
def at_desk(traveller: Traveller, coordinator: Api) -> Traveller:
    """The coordinator, signed in on the pages."""
    return sit_down(traveller, coordinator)


def sit_down(traveller: Traveller, somebody: Api) -> Traveller:
    assert somebody.token
    traveller.sign_in(somebody.token)
    return traveller


def test_a_theme_day_from_the_draft_to_the_door(
    at_desk: Traveller,
    look: Callable[[str], None],
    examine: Callable[[str], None],
    anyone: Api,
    signed_in: Callable[..., Api],
    regional: Network,
    newsletter: Newsletter,
) -> None:
    signed_in("uusi@example.org").post(f"/networks/{regional.pk}/memberships")
    page = at_desk.goto("/desk")
    examine("desk-empty")
    at_desk.press("form[action$='/approve'] button")
    at_desk.press("a[href='/desk/events/new']")
    page.fill("[name='title.fi']", "Työhönvalmennuksen yhteistyöverkostopäivä")
    page.fill("[name=starts_at]", f"{DAY}T09:00")
    at_desk.press("main form button")
    examine("desk-new-event-mistakes")
    expect(page.locator("#mistakes a")).to_have_count(1)
    page.fill("[name=ends_at]", f"{DAY}T15:00")
    page.fill("[name='venue.name']", "Kirjasto")
    page.fill("[name='capacity.onsite']", "2")
    at_desk.press("main form button")
    examine("desk-draft")
    page.locator("details:has(form[action$='/publish']) summary").click()
    at_desk.press("form[action$='/publish'] button")
    (row,) = Event.rows({})
    assert row["status"] == "published"
    aino, _, _ = (register(anyone, Event.wrap(row), who, wait=True).json["id"] for who in ("aino", "leena", "paavo"))
    at_desk.goto("/desk")
    look("desk")
    at_desk.press(f"a[href='/desk/events/{row['_id']}']")
    look("desk-event")
    at_desk.press("a[href$='/participants']")
    look("desk-participants")
    at_desk.goto(f"/desk/events/{row['_id']}/check-in")
    look("check-in")
    page.fill("[name=code]", tickets.code_of(Registration.get(aino)))
    at_desk.press("#scan button")
    examine("check-in-welcome")
    expect(page.locator(".result .who")).to_have_text("Aino")
    page.fill("[name=code]", tickets.code_of(Registration.get(aino)))
    at_desk.press("#scan button")
    examine("check-in-again")
    page.fill("[name=code]", "ei lippu")
    at_desk.press("#scan button")
    examine("check-in-refused")
    page.fill("[name=q]", "lee")
    at_desk.press("[role=search] button")
    look("check-in-by-name")
    at_desk.press("form[action$='/by-hand'] button")
    expect(page.locator(".result .who")).to_have_text("Leena")
    at_desk.end()


def test_a_letter_from_its_first_word_to_its_last_reader(
    at_desk: Traveller,
    look: Callable[[str], None],
    examine: Callable[[str], None],
    colleague: Api,
    regional: Network,
    newsletter: Newsletter,
    server: FaultyServer,
) -> None:
    make_event(regional)
    for who in ("eka", "toka", "kolmas"):
        subscribe(newsletter, f"{who}@example.org")
    server.at_dot = {"kolmas@example.org": "drop"}.get
    page = at_desk.goto(f"/desk/newsletters/{newsletter.pk}")
    look("desk-newsletter")
    page.fill("[name='title.fi']", "Marraskuun kirje")
    at_desk.press("main form button")
    page.fill("[name='new.text.fi']", "![](https://example.org/kuva.png)")
    at_desk.press("button[value=add]")
    look("desk-issue")
    at_desk.press("form[action$='/submit'] button")
    examine("desk-checks-failed")
    at_desk.press("nav.tabs a >> nth=0")
    page.fill("[name='blocks.1.text.fi']", "Hyvää talvea, *verkostolaiset*!")
    at_desk.press("button[value='up.1']")
    at_desk.press("nav.tabs a >> nth=1")
    look("desk-preview")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Hyvää talvea")
    at_desk.press("nav.tabs a >> nth=0")
    at_desk.press("form[action$='/submit'] button")
    examine("desk-submitted")
    issue = Issue.wrap(Issue.rows({})[0])
    assert colleague.post(f"/issues/{issue.pk}/approve").json["state"] == "approved"
    at_desk.goto(f"/desk/issues/{issue.pk}")
    examine("desk-approved")
    page.locator("details:has(form[action$='/send']) summary").click()
    at_desk.press("form[action$='/send'] button")
    examine("desk-sending")
    assert work_until_idle(issue).state == "sent"
    if at_desk.size == DESKTOP:  # without scripts there is a link to look again
        at_desk.press("#progress a")
    expect(page.locator("#progress")).to_have_attribute("data-state", "sent")
    look("desk-sent")
    expect(page.locator("#progress .big")).to_have_text("3 / 3")
    expect(page.locator("tr[data-state=accepted] td")).to_have_text("2")
    at_desk.press("form:has([value=settle]) button")
    expect(page.locator("tr[data-state=accepted] td")).to_have_text("3")
    at_desk.end()


def test_the_keyboard_alone_drafts_publishes_and_checks_in(
    alone: Traveller, coordinator: Api, regional: Network, anyone: Api
) -> None:
    sit_down(alone, coordinator)
    hands = Keyboard(alone.goto("/desk"))
    hands.go("a[href='/desk/events/new']")
    hands.type("[name='title.fi']", "Verkostopäivä")
    hands.type_instant("[name=starts_at]", DAY, "0900AM")
    hands.type_instant("[name=ends_at]", DAY, "0300PM")
    hands.type("[name='venue.name']", "Kirjasto")
    hands.type("[name='capacity.onsite']", "2")
    hands.go("main form button")
    hands.reach("details:has(form[action$='/publish']) summary")
    alone.page.keyboard.press("Enter")
    hands.go("form[action$='/publish'] button")
    event = Event.wrap(Event.rows({})[0])
    assert (event.status, event.ends_at - event.starts_at) == ("published", timedelta(hours=6))
    register(anyone, event, "aino")
    alone.goto(f"/desk/events/{event.pk}/check-in")
    expect(alone.page.locator("[name=code]")).to_be_focused()
    hands.type("[name=q]", "aino")
    with alone.page.expect_navigation():
        alone.page.keyboard.press("Enter")
    hands.go("form[action$='/by-hand'] button")
    expect(alone.page.locator(".result .who")).to_have_text("Aino")
    hands.go("form[action$='/undo'] button")
    assert Registration.rows({})[0].get("attended_at") is None
    assert AuditEntry.row({"action": "attendance.voided"}) is not None
    alone.end()


def test_the_keyboard_alone_writes_a_letter_sends_it_and_watches_it_finish(
    alone: Traveller, coordinator: Api, colleague: Api, newsletter: Newsletter, server: FaultyServer
) -> None:
    sit_down(alone, coordinator)
    subscribe(newsletter, "eka@example.org")
    hands = Keyboard(alone.goto(f"/desk/newsletters/{newsletter.pk}"))
    hands.type("[name='title.fi']", "Marraskuun kirje")
    hands.go("main form button")
    hands.type("[name='new.text.fi']", "Hyvää talvea!")
    hands.go("button[value=add]")
    hands.go("form[action$='/submit'] button")
    issue = Issue.wrap(Issue.rows({})[0])
    assert colleague.post(f"/issues/{issue.pk}/approve").json["state"] == "approved"
    alone.goto(f"/desk/issues/{issue.pk}")
    hands.reach("details:has(form[action$='/send']) summary")
    alone.page.keyboard.press("Enter")
    hands.go("form[action$='/send'] button")
    assert work_until_idle(issue).state == "sent"
    expect(alone.page.locator("#progress")).to_have_attribute("data-state", "sent")
    alone.end()


def test_a_code_that_the_camera_reads_is_sent_by_itself(
    app: Flask, browser: Browser, serve: str, coordinator: Api, regional: Network, anyone: Api
) -> None:
    """The browser's own reader is there on phones only; here it is a stand-in that sees one code."""
    phone = sit_down(Traveller(browser, serve).begin("fi", PHONE), coordinator)
    event = make_event(regional)
    found = Registration.get(register(anyone, event, "aino").json["id"])
    phone.page.add_init_script(f"const CODE = '{tickets.code_of(found)}';" + CAMERA_THAT_SEES_A_CODE)
    phone.goto(f"/desk/events/{event.pk}/check-in")
    phone.press("#camera")
    expect(phone.page.locator(".result .who")).to_have_text("Aino")
    phone.page.evaluate("() => { navigator.mediaDevices.getUserMedia = async () => { throw new Error('no camera'); }; }")
    phone.page.click("#camera")
    expect(phone.page.locator("#camera-refused")).to_be_visible()
    phone.end()
    phone.context.close()


def test_the_reference_tries_a_call_with_a_token(browser: Browser, serve: str, coordinator: Api) -> None:
    page: Page = browser.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: request.url.startswith((serve, "data:")) or problems.append(request.url))
    page.goto(f"{serve}/api/v1/docs")
    expect(page.get_by_role("link", name="Guides, one for each job")).to_be_visible()
    page.locator("button.authorize").first.click()
    page.locator(".auth-container input").fill(str(coordinator.token))
    page.locator(".auth-btn-wrapper button.authorize").click()
    page.locator(".auth-btn-wrapper button.btn-done").click()
    call = page.locator(".opblock-get:has([data-path='/api/v1/auth/tokens'])").first
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("200")
    expect(call.locator(".live-responses-table")).to_contain_text('"items"')
    assert problems == []
    page.close()
