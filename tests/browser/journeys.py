"""People on their way through the pages, in a real browser: what each page must hold to, and what they find in their mail."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

from tests.mailserver import Mailbox

PHONE, DESKTOP = (390, 800), (1200, 800)
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder; without it no pictures are kept
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Traveller:
    """Somebody with a browser of one language and size, with scripts or without, who keeps what goes wrong on the way."""

    def __init__(self, browser: Browser, site: str, language: str, size: tuple[int, int], *, scripts: bool = True) -> None:
        viewport = {"width": size[0], "height": size[1]}
        self.context = browser.new_context(locale=language, viewport=viewport, java_script_enabled=scripts)  # type: ignore[arg-type]
        self.page, self.site, self.language, self.size = self.context.new_page(), site, language, size
        self.complaints: list[str] = []
        self.seen: dict[str, str] = {}
        self.page.on("request", lambda request: request.url.startswith(site) or self.complaints.append(f"asked: {request.url}"))
        self.page.on("console", lambda message: self._hear(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _hear(self, text: str) -> None:
        if "status of 422" not in text:  # a form that comes back: what the browser says of its status
            self.complaints.append(f"console: {text}")

    def goto(self, path: str) -> Page:
        """Open a path of the site."""
        self.page.goto(self.site + path)
        return self.page

    def look(self, name: str, axe: Callable[..., list[str]] | None = None) -> None:
        """See that the page speaks the language and fits the screen, in light and dark where `axe` is asked too."""
        assert self.page.locator("html").get_attribute("lang") == self.language, name
        self.seen[name] = self.page.content()
        for scheme in ("light", "dark") if axe or SCREENSHOTS else ():
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            rules = () if scheme == "light" else ("color-contrast",)
            assert axe is None or (found := axe(self.page, *rules)) == [], (name, scheme, found)
            self._picture(f"{name}-{scheme}")
        assert not self.page.evaluate(SCROLLS), name

    def _picture(self, name: str) -> None:
        if SCREENSHOTS:
            file = Path(SCREENSHOTS) / f"{name}-{self.language}-{self.size[0]}.png"
            self.page.screenshot(path=file, full_page=True)

    def press(self, target: str) -> None:
        """Press a button or follow a link, and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(target).first.click()

    def end(self) -> None:
        """Nothing went wrong on the way."""
        self.context.close()
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
