"""The page of newsletters and the form that subscribes to one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import ACTIVE, CONSENT_WORDING, PENDING, Subscription
from tests.mailserver import Mailbox
from tests.newsletters.factories import make_newsletter, subscribe

PATH = "/newsletters/uutiskirje/subscribe"
ENGLISH = {"Accept-Language": "en"}
CONSENTS = (Path(__file__).parents[2] / "docs" / "consents.md").read_text()


def test_the_form_asks_for_the_letter_and_mails_the_address(
    visitor: FlaskClient, newsletter: Newsletter, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    choices = {"email": "Aino@example.org", "language": "sv", "sections": ["events", "introductions"], "regions": ["FI-08"]}
    answer = visitor.post(PATH, data=choices)
    assert (answer.status_code, answer.location) == (303, "/newsletters/uutiskirje/asked")
    assert "Check your mail" in visitor.get(answer.location, headers=ENGLISH).text
    (row,) = Subscription.rows({})
    assert (row["state"], row["language"], row["sections"], row["regions"]) == (
        PENDING,
        "sv",
        ["events", "introductions"],
        ["FI-08"],
    )
    assert row["consent"]["source"] == "form"
    deliver()
    assert "/manage/subscriptions/" in mailbox.text_to("aino@example.org")


def test_the_answer_is_the_same_for_who_gets_it_already(visitor: FlaskClient, newsletter: Newsletter) -> None:
    subscribe(newsletter, "aino@example.org")
    known, unknown = (visitor.post(PATH, data={"email": f"{who}@example.org"}) for who in ("aino", "toinen"))
    assert (known.status_code, known.location, known.data) == (unknown.status_code, unknown.location, unknown.data)
    assert Subscription.first({"newsletter_id": newsletter.pk, "email_key": "aino@example.org"}).state == ACTIVE


@pytest.mark.parametrize(("field", "value"), [("email", "aino at work"), ("email", ""), ("language", "de"), ("regions", "FI-99")])
def test_a_mistake_keeps_what_was_typed(visitor: FlaskClient, newsletter: Newsletter, field: str, value: str) -> None:
    answer = visitor.post(PATH, data={"email": "aino@example.org", "sections": "events", field: value}, headers=ENGLISH)
    assert answer.status_code == 422
    assert 'class="mistakes"' in answer.text
    assert 'value="events" checked' in answer.text
    assert Subscription.row({}) is None


def test_forms_of_several_letters_stand_on_one_page(visitor: FlaskClient, newsletter: Newsletter, other_region: Network) -> None:
    make_newsletter(other_region, "lapin-kirje", name={"fi": "Lapin kirje"}, languages=["fi", "sv"])
    page = visitor.get("/newsletters", headers=ENGLISH).text
    for slug in ("uutiskirje", "lapin-kirje"):
        assert f'action="/newsletters/{slug}/subscribe"' in page
        assert f'id="{slug}-email"' in page
    assert page.count('type="radio"') == 2


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_words_of_the_consent_are_those_of_the_register(visitor: FlaskClient, newsletter: Newsletter, language: str) -> None:
    section = CONSENTS.split(f"## Version {CONSENT_WORDING}\n")[1].split("### Newsletter: what I am sent")[1]
    words = section.split(f"- **{language}** ")[1].split("\n")[0]
    assert words in visitor.get(PATH, headers={"Accept-Language": language}).text


def test_a_letter_that_is_not_there(visitor: FlaskClient, newsletter: Newsletter) -> None:
    for path in ("/newsletters/ei-ole/subscribe", "/newsletters/ei-ole/asked"):
        assert visitor.get(path).status_code == 404
    assert visitor.post("/newsletters/ei-ole/subscribe", data={"email": "a@example.org"}).status_code == 404


def test_subscribing_is_limited(newsletter: Newsletter, limited: Callable[..., Flask]) -> None:
    client = limited(RATELIMIT_SUBSCRIPTIONS="2 per minute").test_client()
    assert [client.post(PATH, data={"email": f"a{n}@example.org"}).status_code for n in range(3)] == [303, 303, 429]


def test_another_site_cannot_subscribe_somebody(visitor: FlaskClient, newsletter: Newsletter) -> None:
    foreign = visitor.post(PATH, data={"email": "a@example.org"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (foreign.status_code, Subscription.row({})) == (403, None)
