"""Fixtures of journeys: somebody who travels, and what a page must hold to."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser.journeys import DESKTOP, PHONE, Traveller
from tests.desk.conftest import server  # noqa: F401 - a fixture
from tests.events.conftest import deliver  # noqa: F401 - a fixture


@pytest.fixture(
    params=[(language, size) for language in ("fi", "sv", "en") for size in (PHONE, DESKTOP)],
    ids=lambda of: f"{of[0]}-{of[1][0]}",
)
def traveller(request: pytest.FixtureRequest, app: Flask, browser: Browser, serve: str) -> Iterator[Traveller]:
    """Each language on a phone and at a desk; at the desk without scripts."""
    language, size = request.param
    on_the_way = Traveller(browser, serve, language, size, scripts=size == PHONE)
    yield on_the_way
    on_the_way.context.close()


@pytest.fixture
def look(traveller: Traveller, axe: Callable[..., list[str]]) -> Callable[[str], None]:
    """`look("name")`: see that the open page is right; axe sees each once, in Finnish, with its longest words, on a phone."""

    def see(name: str) -> None:
        traveller.look(name, axe if (traveller.language, traveller.size) == ("fi", PHONE) else None)

    return see
