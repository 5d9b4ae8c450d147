"""The tools themselves find what is wrong: otherwise their silence would prove nothing."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.browser.journeys import PHONE, Traveller

GOOD = '<!DOCTYPE html><html lang="fi"><head><meta charset="utf-8"><title>Kirje</title></head><body>{}</body></html>'
SOUND = GOOD.format("<main><h1>Teemapäivä</h1><p>Tervetuloa.</p></main>")
UNSOUND = GOOD.format("<main><h1>Teemapäivä</h1><p><div>x</div></p></main>")
PALE = GOOD.format('<main><h1>Teemapäivä</h1><p style="color:#ccc">Tervetuloa.</p><img src="data:,"></main>')


def test_the_validator_tells_sound_pages_from_unsound_ones(validate_html: Callable[..., list[str]]) -> None:
    (found,) = validate_html(SOUND, UNSOUND)
    assert "No “p” element in scope" in found


def test_axe_tells_what_people_could_not_read(browser: Browser, axe: Callable[[Page], list[str]]) -> None:
    with browser.new_page() as page:
        page.set_content(SOUND)
        assert axe(page) == []
        page.set_content(PALE)
        assert {found.split(":")[0] for found in axe(page)} == {"color-contrast", "image-alt"}


def test_a_traveller_hears_what_goes_wrong(travellers: dict[bool, Traveller]) -> None:
    traveller = travellers[True].begin("fi", PHONE)
    traveller.page.evaluate("console.log('said')")
    traveller.page.evaluate("new Promise(done => setTimeout(() => { done(); throw new Error('thrown'); }))")
    traveller.page.set_content('<img src="http://elsewhere.example/x.png" alt="">')
    assert {told.split(":")[0] for told in traveller.complaints} == {"console", "error", "asked"}
