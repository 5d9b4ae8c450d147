"""People on their way through the pages, in a real browser: what each page must hold to, and what they find in their mail."""

import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page

from tests.mailserver import Mailbox

Axe = Callable[..., list[str]]
Light = Literal["light", "dark"]

PHONE, DESKTOP = (390, 800), (1200, 800)
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder; without it no pictures are kept
RULES_IN: Mapping[Light, tuple[str, ...]] = {"light": (), "dark": ("color-contrast",)}  # nothing else changes with the light
SEEN = "[document.documentElement.lang, document.documentElement.scrollWidth > document.documentElement.clientWidth]"


class Traveller:
    """A browser, with scripts or without, that keeps what goes wrong on the way. One is used by one person after another:
    a new profile of the browser for each would take longer than their ways."""

    def __init__(self, browser: Browser, site: str, *, scripts: bool = True) -> None:
        self.context = browser.new_context(java_script_enabled=scripts, reduced_motion="reduce")
        self.page, self.site = self.context.new_page(), site
        self.complaints: list[str] = []
        self.context.on(
            "request", lambda request: request.url.startswith(self.site) or self.complaints.append(f"asked: {request.url}")
        )
        self.context.on("request", lambda request: self._read_referer(request.headers.get("referer", "")))
        self.context.on("console", lambda message: self._hear(message.text))
        self.context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))

    def begin(self, language: str, size: tuple[int, int], session: str | None = None) -> Self:
        """Somebody sets out, whose browser asks for this language; signed in, where they have a session."""
        self.page.close()
        self.page = self.context.new_page()
        self.context.clear_cookies()
        self.context.set_extra_http_headers({"Accept-Language": language})
        self.resize(size)
        self.language = language
        self.complaints.clear()
        if session:
            self.sign_in(session)
        return self

    def resize(self, size: tuple[int, int]) -> None:
        """Take another screen."""
        self.size = size
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def sign_in(self, session: str) -> None:
        """Have a session."""
        self.context.add_cookies([{"name": "session", "value": session, "url": self.site}])

    def _read_referer(self, referer: str) -> None:
        if urlsplit(referer).path not in ("", "/"):  # a path may have a token in it
            self.complaints.append(f"Referer: {referer}")

    def _hear(self, text: str) -> None:
        if "status of 422" not in text:  # a form that comes back: what the browser says of its status
            self.complaints.append(f"console: {text}")

    def goto(self, path: str) -> Page:
        """Open a path of the site."""
        self.page.goto(self.site + path)
        return self.page

    def look(self, name: str, axe: Axe | None = None) -> None:
        """See that the page speaks the language and fits the screen; with `axe`, that it finds nothing in both lights."""
        assert self.page.evaluate(SEEN) == [self.language, False], name
        for light in ("light", "dark") if axe else ():
            self.page.emulate_media(color_scheme=light)
            assert (found := axe(self.page, *RULES_IN[light])) == [], (name, light, found)
        if self.language == "fi":
            self.picture(name)

    def picture(self, name: str, media: Literal["screen", "print"] = "screen") -> None:
        """Keep a picture of the page, where pictures are kept: in dark on a phone, else in light."""
        if SCREENSHOTS:
            self.page.emulate_media(media=media, color_scheme="dark" if self.size == PHONE else "light")
            file = Path(SCREENSHOTS) / f"{name}-{self.language}-{self.size[0]}.jpg"
            self.page.screenshot(path=file, full_page=True, type="jpeg", quality=70)

    def press(self, target: str) -> None:
        """Press a button or follow a link, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(target).first.click()

    def end(self) -> None:
        """Nothing went wrong on the way."""
        assert self.complaints == []


class Keyboard:
    """Hands that have only a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: str) -> Locator:
        """Tab until something has the focus, and see that the focus shows."""
        wanted = self.page.locator(target).first
        for _ in range(120):
            if wanted.evaluate("element => element === document.activeElement"):
                assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") == "solid", (
                    f"No focus shows at {target}"
                )
                return wanted
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def type(self, target: str, text: str) -> None:
        """Write into a field."""
        self.reach(target)
        self.page.keyboard.type(text)

    def tick(self, target: str) -> None:
        """Choose one of a group, or tick a box."""
        self.reach(target)
        self.page.keyboard.press("Space")
        assert self.page.locator(target).first.is_checked(), target

    def choose(self, name: str, value: str) -> None:
        """Choose one of a group, which Tab reaches as a whole."""
        self.reach(f"[name={name}]")
        while not self.page.locator(f"[name={name}][value={value}]").is_checked():
            self.page.keyboard.press("ArrowDown")

    def type_instant(self, target: str, day: date, clock: str) -> None:
        """Write into a field of a date and a time, as a browser with American customs has its parts: a year is no end."""
        self.type(target, f"{day:%m%d%Y}")
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.type(clock)

    def go(self, target: str) -> None:
        """Press a button or follow a link."""
        self.reach(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def link_in(mailbox: Mailbox, address: str, beginning: str) -> str:
    """The path of a link in the newest mail to somebody."""
    found = re.search(rf"http://localhost({re.escape(beginning)}\S+)", mailbox.text_to(address))
    assert found, mailbox.text_to(address)
    return found[1]
