"""Without TLS, on a name of an intranet, browsers tell less of where a form comes from: it is taken all the same."""

from flask import Flask
from playwright.sync_api import Browser, expect

from events.documents import Event
from events.registration_documents import Registration
from network_api.networks.documents import Network
from tests.browser.fixtures import INTRANET
from tests.events.factories import make_event


def test_a_form_is_taken_over_plain_http_and_no_path_goes_into_a_referer(
    app: Flask, browser: Browser, serve: str, regional: Network
) -> None:
    event: Event = make_event(regional)
    with browser.new_page(locale="en") as page:
        asked: list[dict[str, str]] = []
        page.on("request", lambda request: asked.append(request.all_headers()) if request.method == "POST" else None)
        page.goto(f"{serve.replace('127.0.0.1', INTRANET)}/events/{event.slug}")
        page.check("[name=mode][value=remote]")
        page.fill("[name=name]", "Aino")
        page.fill("[name=email]", "aino@example.org")
        page.locator("#register button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are registered")
    assert len(Registration.rows({})) == 1
    (headers,) = asked
    assert "sec-fetch-site" not in headers
    assert event.slug not in headers.get("referer", "")
