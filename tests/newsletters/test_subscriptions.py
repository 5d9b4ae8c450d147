"""Subscribing: the second yes, personal links, leaving, and what is left of a person who was erased."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from network_api.feature import Person
from newsletters.documents import Newsletter
from newsletters.feature import feature
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.links import manage_url, unsubscribe_url
from newsletters.subscriptions.suppression import MAILS_A_DAY, Suppression
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import subscribe

ADDRESS = "tilaaja@example.org"
Deliver = Callable[[], None]


def path_of(url: str) -> str:
    return url.removeprefix("http://localhost")


def ask(anyone: Api, newsletter: Newsletter, address: str = ADDRESS, **given: object) -> None:
    answer = anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": address, **given})
    assert (answer.status_code, answer.data) == (202, b"")


def manage_path(mailbox: Mailbox, address: str = ADDRESS) -> str:
    found = re.search(r"http://localhost(/manage/subscriptions/[A-Za-z0-9_~.-]+)", mailbox.text_to(address))
    assert found
    return found[1]


def test_nothing_is_active_before_the_second_yes_by_post(
    anyone: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Deliver
) -> None:
    ask(anyone, newsletter, "Tilaaja@Example.org", regions=["FI-08"])
    deliver()
    path = manage_path(mailbox)
    assert anyone.get(path).json["state"] == "pending"
    assert anyone.get("/" + path).status_code == 200
    assert anyone.get(path).json["state"] == "pending"
    confirmed = anyone.post(f"{path}/confirm")
    assert (confirmed.status_code, confirmed.json["state"]) == (200, "active")
    assert confirmed.json["consent"]["wording"]
    assert confirmed.json["consent"]["confirmed_at"]
    assert anyone.post(f"{path}/confirm").status_code == 200


def test_the_page_behind_the_link_confirms_by_its_button(
    anyone: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Deliver
) -> None:
    ask(anyone, newsletter)
    deliver()
    path = manage_path(mailbox)
    page = anyone.client.get(path)
    assert 'name="action" value="confirm"' in page.text
    assert anyone.client.post(path, data={"action": "confirm"}).status_code == 200
    assert anyone.get(path).json["state"] == "active"


def test_an_address_is_not_flooded_and_the_answer_tells_nothing(
    anyone: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Deliver
) -> None:
    subscribe(newsletter, "jo-tilaaja@example.org")
    for address in (ADDRESS, "jo-tilaaja@example.org"):
        for _ in range(MAILS_A_DAY + 2):
            ask(anyone, newsletter, address)
        deliver()
        assert len(mailbox.to(address)) == MAILS_A_DAY
    assert Subscription.first({"email_key": "jo-tilaaja@example.org"}).state == "active"  # type: ignore[union-attr]


def test_a_stranger_cannot_change_an_active_subscription_through_the_form(anyone: Api, newsletter: Newsletter) -> None:
    before = subscribe(newsletter, ADDRESS)
    ask(anyone, newsletter, language="sv", sections=["news"])
    after = Subscription.get(before.pk)
    assert (after.language, after.sections, after.state) == ("fi", [], "active")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("token", ["x", "65f1c0ffee65f1c0ffee65f1.AAAA", "%00", "ä.ö", "0" * 3000])
def test_a_made_up_token_opens_nothing(anyone: Api, newsletter: Newsletter, method: str, token: str) -> None:
    assert anyone(method, f"/manage/subscriptions/{token}", {} if method == "PATCH" else None).status_code == 404
    assert anyone.client.get(f"/unsubscribe/{token}").status_code == 404


def test_a_link_to_unsubscribe_does_not_open_the_subscription(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    token = unsubscribe_url(one.pk, one.nonce).rsplit("/", 1)[1]
    assert anyone.get(f"/manage/subscriptions/{token}").status_code == 404


def test_links_made_with_an_older_secret_key_still_hold(
    app: Flask, anyone: Api, newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = subscribe(newsletter, ADDRESS)
    path, old = path_of(manage_url(one.pk, one.nonce)), app.config["SECRET_KEY"]
    Suppression.add(newsletter.pk, "poistunut@example.org", "unsubscribed")
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret of the tests, long too")
    assert anyone.get(path).status_code == 404
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert anyone.get(path).status_code == 200
    assert Suppression.holds(newsletter.pk, "poistunut@example.org")


def test_one_click_unsubscribes_by_post_only(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    path = path_of(unsubscribe_url(one.pk, one.nonce))
    asked = anyone.client.get(path)
    assert asked.status_code == 200
    assert "<button" in asked.text
    assert Subscription.get(one.pk).state == "active"
    for _ in range(2):  # mail programs repeat it
        done = anyone.client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert (done.status_code, "Location" in done.headers, "Set-Cookie" in done.headers) == (200, False, False)
    assert Subscription.get(one.pk).state == "unsubscribed"
    assert Suppression.holds(newsletter.pk, ADDRESS)


def test_only_the_person_can_come_back(anyone: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Deliver) -> None:
    one = subscribe(newsletter, ADDRESS)
    path = path_of(manage_url(one.pk, one.nonce))
    assert anyone.delete(path).status_code == 204
    assert anyone.post(f"{path}/confirm").json["code"] == "wrong_state"
    ask(anyone, newsletter)
    deliver()
    assert Suppression.holds(newsletter.pk, ADDRESS)
    assert anyone.post(f"{manage_path(mailbox)}/confirm").json["state"] == "active"
    assert not Suppression.holds(newsletter.pk, ADDRESS)


def test_subscribers_choose_and_pause_by_their_link(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    path = path_of(manage_url(one.pk, one.nonce))
    changed = anyone.patch(path, {"state": "paused", "sections": ["events"], "language": "sv"})
    assert (changed.json["state"], changed.json["sections"], changed.json["language"]) == ("paused", ["events"], "sv")
    assert anyone.patch(path, {"state": "bounced"}).status_code == 422
    assert anyone.patch(path, {"email": "toinen@example.org"}).status_code == 422
    anyone.delete(path)
    assert anyone.patch(path, {"state": "active"}).json["code"] == "wrong_state"


def test_erasure_deletes_the_subscription_and_keeps_only_a_hash(newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    person = Person(None, ADDRESS)
    exported = feature.export_person(person)["subscriptions"]
    assert [row["email"] for row in exported] == [ADDRESS]
    assert "nonce" not in exported[0]
    for _ in range(2):
        feature.erase_person(person)
    assert Subscription.row({"_id": one.pk}) is None
    assert Suppression.holds(newsletter.pk, ADDRESS)
    assert ADDRESS not in repr(Suppression.rows({}))


def test_the_list_of_subscribers_is_found_by_state_and_beginning(coordinator: Api, newsletter: Newsletter) -> None:
    subscribe(newsletter, "aino@example.org")
    subscribe(newsletter, "bertta@kunta.example", "pending")
    path = f"/newsletters/{newsletter.pk}/subscribers"

    def found(query: str) -> list[str]:
        return [row["email"] for row in coordinator.get(f"{path}?{query}").json["items"]]

    assert found("q=ain") == ["aino@example.org"]
    assert found("q=kunta&state=pending") == ["bertta@kunta.example"]
    assert found("state=active") == ["aino@example.org"]
    table = coordinator.get(f"{path}.csv?state=pending")
    assert table.mimetype == "text/csv"
    assert table.text.splitlines()[1].startswith("bertta@kunta.example,fi,,,pending")


def test_the_mail_that_asks_is_in_the_language_that_was_chosen(
    anyone: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Deliver
) -> None:
    ask(anyone, newsletter, "suomi@example.org")
    ask(anyone, newsletter, "svenska@example.org", language="sv")
    deliver()
    assert mailbox.to("suomi@example.org")[0]["Subject"] == "Vahvista tilauksesi: Uutiskirje"
    assert mailbox.to("svenska@example.org")[0]["Subject"] == "Bekräfta din prenumeration: Uutiskirje"
