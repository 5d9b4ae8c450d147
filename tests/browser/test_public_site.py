"""The public site in a browser, on the demo data: every page for everybody, in light and dark, on a phone and a wide screen."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from network_api.app import documents, make_demo
from network_api.languages import LANGUAGES
from newsletters.subscriptions.documents import PENDING, Subscription

PAGES = (
    "/",
    "/networks",
    "/networks/pohjanmaa",
    "/networks/kehittamisryhma",
    "/events",
    "/events?mode=onsite&region=FI-12",
    "/events/past",
    "/events/kentan-keinot",
    "/events/kaamoskokous",
    "/events/tyonantaja-kumppanina",
    "/introductions",
    "/newsletters",
    "/newsletters/kehittajakirje/asked",
    "/verify",
    "/privacy",
    "/accessibility",
    "/guides",
    "/guides/arrange-a-theme-day",
)
PHONE, WIDE, NARROWEST = (390, 800), (1200, 800), (320, 640)


@pytest.fixture(scope="module")
def site(shared_app: Flask, serve: str) -> Iterator[str]:
    """The address of the site with the demo data in it."""
    with shared_app.app_context():
        for document in documents():
            document.collection().delete_many({})
        make_demo()
        yield serve
        for document in documents():
            document.collection().delete_many({})


class Watched:
    """A page of a browser, and all that it said or asked of others."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.complaints = page, list[str]()
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: request.url.startswith(site) or self.complaints.append(f"asked: {request.url}"))


def test_every_page_is_accessible_at_both_widths_and_in_both_lights(
    browser: Browser, site: str, axe: Callable[[Page], list[str]]
) -> None:
    page = browser.new_page()
    watched = Watched(page, site)
    for place, path in enumerate(PAGES):
        language = LANGUAGES[place % 3]
        page.goto(f"{site}{path}{'&' if '?' in path else '?'}lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        # Each page in two of the four views, and its neighbour in the other two, so that every view and language has its turn.
        for size, light in ((PHONE, ("light", "dark")[place % 2]), (WIDE, ("dark", "light")[place % 2])):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(color_scheme="dark" if light == "dark" else "light")
            assert axe(page) == [], (path, size, light)
        page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST[0], path
    assert watched.complaints == []
    page.close()


def test_every_page_is_valid_html(browser: Browser, site: str, validate_html: Callable[..., list[str]]) -> None:
    with browser.new_context(locale="fi") as context:
        texts = [context.request.get(site + path).text() for path in PAGES]
    assert validate_html(*texts) == []


def test_the_site_works_without_scripts(browser: Browser, site: str) -> None:
    with browser.new_context(java_script_enabled=False, locale="en", viewport={"width": PHONE[0], "height": PHONE[1]}) as context:
        page = context.new_page()
        page.goto(site)
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


def test_the_keyboard_alone_reaches_the_content_and_a_region(browser: Browser, site: str) -> None:
    page = browser.new_page(locale="en")
    page.goto(site + "/networks")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Åland")
    page.locator("a[aria-label^='Lapland']").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lapin työhönvalmentajat")
    page.close()
