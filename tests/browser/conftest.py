"""Fixtures of journeys: somebody who travels, and what a page must hold to."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser.journeys import DESKTOP, PHONE, Axe, Traveller
from tests.desk.conftest import server  # noqa: F401 - a fixture
from tests.events.conftest import deliver  # noqa: F401 - a fixture


@pytest.fixture(scope="session")
def travellers(browser: Browser, serve: str) -> Iterator[dict[bool, Traveller]]:
    """A browser with scripts, and one without."""
    made = {scripts: Traveller(browser, serve, scripts=scripts) for scripts in (True, False)}
    yield made
    for traveller in made.values():
        traveller.context.close()


@pytest.fixture(
    params=[(language, size) for language in ("fi", "sv", "en") for size in (PHONE, DESKTOP)],
    ids=lambda of: f"{of[0]}-{of[1][0]}",
)
def traveller(request: pytest.FixtureRequest, app: Flask, travellers: dict[bool, Traveller]) -> Traveller:
    """Each language on a phone and at a desk; at the desk without scripts."""
    language, size = request.param
    return travellers[size == PHONE].begin(language, size)


@pytest.fixture
def alone(app: Flask, travellers: dict[bool, Traveller]) -> Traveller:
    """Somebody with a phone, in Finnish."""
    return travellers[True].begin("fi", PHONE)


def is_watched(traveller: Traveller) -> bool:
    """Whether axe and the validator go along: once on each way, in Finnish, with its longest words, on a phone."""
    return (traveller.language, traveller.size) == ("fi", PHONE)


@pytest.fixture(scope="module")
def texts(validate_html: Callable[..., list[str]]) -> Iterator[list[str]]:
    """The texts of pages that are to be valid HTML: all of a module at once, for the validator takes a second to start."""
    seen: list[str] = []
    yield seen
    assert validate_html(*seen) == []


@pytest.fixture
def look(traveller: Traveller) -> Callable[[str], None]:
    """`look("name")`: see that the open page speaks the language and fits the screen."""
    return traveller.look


@pytest.fixture
def examine(traveller: Traveller, axe: Axe, texts: list[str]) -> Callable[[str], None]:
    """`examine("name")`: the same of a page in a state that the demo data have not, and what axe and the validator say of it."""

    def check(name: str) -> None:
        traveller.look(name, axe if is_watched(traveller) else None)
        if is_watched(traveller):
            texts.append(traveller.page.content())

    return check
