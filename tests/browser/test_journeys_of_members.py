"""Readers and members on their way: subscribe, confirm, choose, unsubscribe; sign in, introduce oneself, be erased."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.links import unsubscribe_url
from tests.browser.journeys import Keyboard, Traveller, link_in
from tests.mailserver import Mailbox
from tests.newsletters.factories import make_newsletter

WHO = "aino@example.org"


def only() -> Subscription:
    (row,) = Subscription.rows({})
    return Subscription.wrap(row)


def test_somebody_subscribes_confirms_chooses_and_unsubscribes(
    traveller: Traveller,
    look: Callable[[str], None],
    examine: Callable[[str], None],
    regional: Network,
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    newsletter = make_newsletter(regional, languages=["fi", "sv", "en"])
    page = traveller.goto(f"/newsletters/{newsletter.slug}/subscribe")
    look("subscribe")
    page.fill("main [name=email]", WHO)
    page.check(f"main [name=language][value={traveller.language}]")
    traveller.press("main form button")
    look("subscribe-asked")
    deliver()
    traveller.goto(link_in(mailbox, WHO, "/manage/subscriptions/"))
    examine("subscription-confirm")
    assert only().state == "pending"
    traveller.press("button[value=confirm]")
    look("subscription")
    page.check("[name=sections][value=events]")
    traveller.press("button[value=save]")
    found = only()
    assert (found.state, found.sections) == ("active", ["events"])
    traveller.goto(unsubscribe_url(found.pk, found.nonce).removeprefix("http://localhost"))
    look("unsubscribe")
    assert only().state == "active"
    traveller.press("main form button")
    assert only().state == "unsubscribed"
    traveller.end()


def sign_in(traveller: Traveller, mailbox: Mailbox, deliver: Callable[[], None], examine: Callable[[str], None]) -> None:
    page = traveller.goto("/me")
    page.fill("[name=email]", WHO)
    traveller.press("main form button")
    examine("sign-in-code")
    deliver()
    code = re.search(r"\b\d{6}\b", mailbox.text_to(WHO))
    assert code
    page.fill("[name=code]", code[0])
    traveller.press("main form button")


def test_somebody_signs_in_introduces_themselves_and_is_erased(
    traveller: Traveller,
    look: Callable[[str], None],
    examine: Callable[[str], None],
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    sign_in(traveller, mailbox, deliver, examine)
    page = traveller.page
    look("me")
    traveller.press("a[href='/me/details']")
    look("me-details")
    page.fill("[name=name]", "Aino Virtanen")
    page.check("[name=directory_audience][value=public]")
    traveller.press("main form button")
    traveller.press("a[href='/me/introduction']")
    look("me-introduction")
    page.fill(f"[name='text.{traveller.language}']", "Työhönvalmentaja, yhdeksän vuotta.")
    page.check("[name=audience][value=public]")
    traveller.press("main form[action='/me/introduction'] button")
    expect(page.get_by_text("Työhönvalmentaja, yhdeksän vuotta.")).to_be_visible()
    traveller.press("a[href='/me/erase']")
    look("me-erase")
    traveller.press("main form button")
    examine("me-erased")
    assert Member.rows({}) == []
    traveller.end()


def test_the_keyboard_alone_subscribes_chooses_and_unsubscribes(
    alone: Traveller, regional: Network, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    newsletter = make_newsletter(regional, languages=["fi", "en"])
    hands = Keyboard(alone.goto(f"/newsletters/{newsletter.slug}/subscribe"))
    hands.type("main [name=email]", WHO)
    hands.go("main form button")
    deliver()
    alone.goto(link_in(mailbox, WHO, "/manage/subscriptions/"))
    hands.go("button[value=confirm]")
    hands.tick("[name=sections][value=events]")
    hands.go("button[value=save]")
    found = only()
    assert found.sections == ["events"]
    alone.goto(unsubscribe_url(found.pk, found.nonce).removeprefix("http://localhost"))
    hands.go("main form button")
    assert only().state == "unsubscribed"
    alone.end()


def test_the_keyboard_alone_signs_in_and_writes_an_introduction(
    alone: Traveller, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    hands = Keyboard(alone.goto("/me"))
    hands.type("[name=email]", WHO)
    hands.go("main form button")
    deliver()
    code = re.search(r"\b\d{6}\b", mailbox.text_to(WHO))
    assert code
    hands.type("[name=code]", code[0])
    hands.go("main form button")
    hands.go("a[href='/me/details']")
    hands.type("[name=name]", "Aino Virtanen")
    hands.go("main form button")
    hands.go("a[href='/me/introduction']")
    hands.type("[name='text.fi']", "Valmennan nuoria.")
    hands.tick("[name=audience][value=network]")
    hands.go("main form[action='/me/introduction'] button")
    (row,) = Member.rows({})
    assert (row["name"], row["introduction"]["text"]) == ("Aino Virtanen", {"fi": "Valmennan nuoria."})
    alone.end()
