"""Every page in a browser, on the demo data: in light and dark, on a phone, a wide screen and the narrowest one."""

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect
from werkzeug.datastructures import MultiDict

from network_api.app import documents, make_demo
from network_api.languages import LANGUAGES
from newsletters.subscriptions.documents import PENDING, Subscription
from tests.browser import every_page
from tests.browser.every_page import NO_PAGES, Address
from tests.browser.forms_of_pages import Forms
from tests.browser.journeys import DESKTOP, PHONE, RULES_IN, SEEN, Axe, Light, Traveller
from tests.queries import queries

LAYOUT = ("target-size", "scrollable-region-focusable")  # what more room can break
VIEWS: tuple[tuple[tuple[int, int], Light, tuple[str, ...]], ...] = (  # with the rules of axe that each can break
    (PHONE, "light", ()),
    (DESKTOP, "dark", (*LAYOUT, *RULES_IN["dark"])),  # no colour depends on the width
)
A4 = (718, 1047)  # CSS px between margins of 10 mm
NARROWEST = (320, 640)  # at 1280 px and a zoom of 400 % (WCAG 2.2, 1.4.10)


PARTS: dict[str, Callable[[dict[str, Any]], Iterator[Address]]] = {  # that workers can share
    "public": lambda made: every_page.public(),
    "personal": lambda made: chain(every_page.from_mails(made), every_page.of_oneself()),
    "desk": every_page.of_the_desk,
}


# What tells somebody what they have just done, or speaks of one person.
KEPT_BY_NOBODY = {
    "certificate_pages.verify",
    "registering.registered",
    "sign_in_pages.ask_for_address",
    "sign_up_pages.asked",
    "statements.thank",
}
FORGETFUL = (
    "/switch",  # a tick alone, which cannot be wrong
    "/co-hosts",  # a choice alone
    "/check-in",  # a code that is none is told of, and makes room for the next
)


class Site:
    """The address of the site with the demo data in it, and what was made."""

    def __init__(self, address: str, made: dict[str, Any]) -> None:
        self.address, self.made = address, made

    def pages(self, part: str) -> list[Address]:
        """The pages of one of `PARTS`."""
        return list(PARTS[part](self.made))


@pytest.fixture(scope="module")
def site(shared_app: Flask, serve: str) -> Iterator[Site]:
    """The site with the demo data in it."""
    with shared_app.app_context():
        for document in documents():
            document.collection().delete_many({})
        yield Site(serve, make_demo())
        for document in documents():
            document.collection().delete_many({})


def test_no_page_is_forgotten(site: Site, shared_app: Flask) -> None:
    assert {page.endpoint for part in PARTS for page in site.pages(part)} | NO_PAGES == every_page.page_endpoints(shared_app)


@pytest.mark.parametrize("part", PARTS)
def test_every_page_is_accessible_valid_and_asks_nobody_else(
    part: str, travellers: dict[bool, Traveller], site: Site, axe: Axe, texts: list[str]
) -> None:
    """In each of three views, and the languages by turns: what differs between those is seen on people's journeys."""
    session = every_page.session_of_coordinator()
    visitor = travellers[True].begin("fi", PHONE)
    wrong: list[str] = []
    for place, address in enumerate(site.pages(part)):
        if address.signed_in:
            visitor.sign_in(session)
        visitor.language = "en" if address.endpoint == "docs.page" else LANGUAGES[place % 3]
        texts.append(opened(visitor, address, is_public=part == "public" and address.endpoint not in KEPT_BY_NOBODY))
        wrong += [f"{address.path}: {found}" for found in chain(seen(visitor, address, axe), told(texts[-1]))]
    visitor.end()
    assert not wrong, "\n".join(wrong)


def opened(visitor: Traveller, address: Address, *, is_public: bool) -> str:
    """The text of a page that has been opened."""
    answer = visitor.page.goto(f"{visitor.site}{address.path}{'&' if '?' in address.path else '?'}lang={visitor.language}")
    assert answer
    assert answer.status == 200, address.path
    assert answer.headers["cache-control"] == ("no-cache" if is_public else "no-store"), address.path
    assert answer.headers["referrer-policy"] in ("strict-origin", "no-referrer"), address.path  # so that no token goes along
    assert "unsafe" not in answer.headers["content-security-policy"] or address.endpoint == "docs.page"
    if address.endpoint == "docs.page":
        visitor.page.wait_for_selector(".opblock")
    return answer.text()


def seen(visitor: Traveller, address: Address, axe: Axe) -> Iterator[str]:
    """What is wrong with an open page, on each screen and in each light; a picture of it is kept."""
    for size, light, rules in VIEWS:
        visitor.resize(size)
        visitor.page.emulate_media(color_scheme=light)
        yield from (f"{size} {light} {found}" for found in axe(visitor.page, *rules))
        visitor.picture(address.name)
    visitor.resize(NARROWEST)
    if visitor.page.evaluate(SEEN) != [visitor.language, False]:
        yield f"does not speak {visitor.language}, or scrolls sideways at 320 px"


def told(text: str) -> Iterator[str]:
    """Scripts and styles inside a page, which its policy would stop."""
    yield from re.findall(r"<script(?![^>]* src=)[^>]*>|<style[^>]*>|<[^>]+ (?:style|on[a-z]+)=[^>]*>", text)


def test_each_public_page_asks_the_database_four_times_at_the_most_and_is_light(site: Site, shared_app: Flask) -> None:
    client = shared_app.test_client()
    for address in site.pages("public"):
        with queries.counted() as sent:
            page = client.get(address.path)
        assert len(sent) <= 4, (address.path, sent)
        if address.endpoint not in KEPT_BY_NOBODY:
            again = client.get(address.path, headers={"If-None-Match": page.headers["ETag"]})
            assert (again.status_code, again.data) == (304, b""), address.path
        if address.endpoint != "docs.page":  # Swagger UI, for who writes programs
            assert len(page.data) + sum(sizes_of_assets(client, page.text)) < 60_000, address.path


def sizes_of_assets(client: FlaskClient, page: str) -> Iterator[int]:
    """The bytes of what a page has browsers fetch besides."""
    for path in re.findall(r'<(?:link rel="(?:icon|stylesheet)"|script)[^>]* (?:href|src)="([^"]+)"', page):
        with client.get(path) as asset:
            assert asset.status_code == 200, path
            yield len(asset.data)


@pytest.mark.parametrize("endpoint", ["manage_pages.show", "theme_day_desk.list_participants", "certificate_pages.verify"])
def test_what_people_print_is_dark_on_white_and_without_the_frame(
    endpoint: str, travellers: dict[bool, Traveller], site: Site
) -> None:
    visitor = travellers[True].begin("fi", A4, every_page.session_of_coordinator())
    address = next(page for part in PARTS for page in site.pages(part) if page.endpoint == endpoint)
    page = visitor.goto(address.path)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    expect(page.locator("nav:visible, form:visible, footer:visible")).to_have_count(0)
    assert page.evaluate(SEEN)[1] is False
    visitor.picture(f"print-{address.name}", media="print")


def test_every_form_keeps_what_was_typed_and_says_what_to_mend(site: Site, shared_app: Flask) -> None:
    client = shared_app.test_client()
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html", "Accept-Language": "fi"}
    client.set_cookie("session", every_page.session_of_coordinator())
    pages = [client.get(address.path, headers=headers).text for part in PARTS for address in site.pages(part)]
    forms = {form.action: form for page in pages for form in Forms(page).found}
    filled = {action: form for action, form in forms.items() if form.filled() and not action.endswith(FORGETFUL)}
    assert len(filled) >= 15
    for action, form in filled.items():
        answer = client.post(action.partition("#")[0], data=MultiDict([*form.filled(), *form.besides()]), headers=headers)
        assert answer.status_code == 422, action
        assert 'id="mistakes"' in answer.text, action
        again = next(one for one in Forms(answer.text).found if one.action == action)
        assert [given for given in form.filled() if given not in again.standing()] == [], action


def test_the_site_works_without_scripts(browser: Browser, site: Site) -> None:
    with browser.new_context(java_script_enabled=False, locale="en", viewport={"width": PHONE[0], "height": PHONE[1]}) as context:
        page = context.new_page()
        page.goto(site.address)
        page.get_by_role("link", name="Central Finland: ").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Keski-Suomen työhönvalmentajat")
        page.get_by_role("link", name="Digitaidot työnhaussa").click()
        expect(page.get_by_text("On site: full, you can join the queue").first).to_be_visible()
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Theme days").click()
        page.get_by_label("How").select_option("remote")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("link", name="Digitaidot työnhaussa")).to_have_count(0)
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Newsletters").click()
        page.get_by_label("E-mail address").fill("nobody")
        page.get_by_role("button", name="Subscribe").click()
        page.get_by_role("link", name="E-mail address: This is no e-mail address").click()
        page.get_by_label("E-mail address").fill("lukija@example.org")
        page.get_by_text("Only a part of it").click()
        page.get_by_label("Theme days", exact=True).check()
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    (row,) = Subscription.rows({"email_key": "lukija@example.org"})
    assert (row["state"], row["language"], row["sections"]) == (PENDING, "en", ["events"])


def test_the_keyboard_alone_reaches_the_content_and_a_region(browser: Browser, site: Site) -> None:
    page = browser.new_page(locale="en")
    page.goto(site.address + "/networks")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Åland")
    page.locator("a[aria-label^='Lapland']").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lapin työhönvalmentajat")
    page.close()
