"""The HTML part of a mail: it says what the text says, its links are buttons, its pictures are inside the mail."""

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from events.documents import Event
from network_api.mail import html_part
from network_api.mail.html_part import made_of, named, plain
from network_api.mail.message import Picture
from tests.conftest import Api
from tests.events.conftest import deliver, event, link  # noqa: F401 - fixtures
from tests.events.factories import register
from tests.mailserver import Mailbox

LINK = "https://network.example.org/manage/registrations/abc.def"
SEAT = "    Teemapäivä\n    torstai 4.3."
TEXT = f"Hei Aino <b>,\n\ntervetuloa!\nSinulla on paikka:\n\n{SEAT}\n\n    {named(LINK, 'Ilmoittautumiseni')}\n"


def tree(part: EmailMessage) -> object:
    """The structure of a mail: its types, nested as they are."""
    inside = [tree(each) for each in part.iter_parts()] if part.is_multipart() else []  # type: ignore[arg-type]
    return (part.get_content_type(), inside) if inside else part.get_content_type()


def html_of(mail: EmailMessage) -> str:
    found = mail.get_body(("html",))
    assert found is not None
    return str(found.get_content())


def words(html: str) -> str:
    return " ".join(
        re.sub(r"<[^>]+>", " ", html.split('role="main"')[1].split('<div class="foot"', maxsplit=1)[0].partition(">")[2]).split()
    )


def test_the_html_says_what_the_text_says(app: Flask) -> None:
    html = made_of(TEXT, "Hei", "fi")
    assert '<html lang="fi">' in html
    assert words(html) == "Hei Hei Aino &lt;b&gt;, tervetuloa! Sinulla on paikka: Teemapäivä torstai 4.3. Ilmoittautumiseni"
    assert f'href="{LINK}"' in html
    assert "prefers-color-scheme: dark" in html


def test_the_text_part_has_the_bare_address(app: Flask) -> None:
    assert plain(TEXT).endswith(f"\n    {LINK}\n")
    assert "Ilmoittautumiseni" not in plain(TEXT)


def test_an_address_without_a_name_is_a_link_that_shows_itself(app: Flask) -> None:
    assert f'<a href="{LINK}"' in made_of(f"    {LINK}", "Hei", "fi")
    assert f">{LINK}</a>" in made_of(f"    {LINK}", "Hei", "fi")


def test_a_picture_stands_above_its_link_and_nowhere_else(app: Flask) -> None:
    picture = Picture(LINK, b"", 'Lippusi "QR"')
    html = made_of(TEXT, "Hei", "fi", [picture])
    assert html.index(f"cid:{picture.cid}") < html.index(f'href="{LINK}"')
    assert 'alt="Lippusi &quot;QR&quot;"' in html
    assert "cid:" not in made_of("Hei", "Hei", "fi", [picture])


def test_the_confirmation_of_a_seat_on_site_has_ticket_and_calendar_where_mail_programs_look(
    anyone: Api,
    event: Event,  # noqa: F811
    mailbox: Mailbox,
    deliver: Callable[[], None],  # noqa: F811
) -> None:
    register(anyone, event, "eka")
    register(anyone, event, "eta", mode="remote")
    deliver()
    [on_site], [remote] = mailbox.to("eka@example.org"), mailbox.to("eta@example.org")
    html = ("multipart/related", ["text/html", "image/png"])
    assert tree(on_site) == ("multipart/mixed", [("multipart/alternative", ["text/plain", html, "text/calendar"])])
    assert tree(remote) == ("multipart/mixed", [("multipart/alternative", ["text/plain", "text/html", "text/calendar"])])
    [picture] = [part for part in on_site.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content()[:8] == b"\x89PNG\r\n\x1a\n"
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html_of(on_site)
    assert html_part._NAME_FOLLOWS not in str(on_site)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_is_accessible_and_fits_a_phone(
    app: Flask, browser: Browser, axe: Callable[[Page], list[str]], validate_html: Callable[..., list[str]], scheme: str
) -> None:
    html = made_of(TEXT, "Pitkäotsikkoinen työhönvalmennusverkostotapaaminen", "fi", [Picture(LINK, b"", "Lippusi")])
    with browser.new_page(color_scheme=scheme, viewport={"width": 360, "height": 700}) as page:  # type: ignore[arg-type]
        page.set_content(html)
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert validate_html(html) == []
