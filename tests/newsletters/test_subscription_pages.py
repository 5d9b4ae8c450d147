"""The page behind the mail link: choices without JavaScript, mistakes kept and named, in the subscriber's language."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import CONSENT_WORDING, Subscription
from newsletters.subscriptions.links import manage_url
from newsletters.subscriptions.suppression import Suppression
from tests.mailserver import Mailbox
from tests.newsletters.factories import make_newsletter, subscribe

ADDRESS = "tilaaja@example.org"
CONSENTS = Path(__file__).parents[2] / "docs/consents.md"


def path_of(one: Subscription) -> str:
    return manage_url(one.pk, one.nonce).removeprefix("http://localhost")


@pytest.fixture
def one(newsletter: Newsletter) -> Subscription:
    """An active subscription."""
    return subscribe(newsletter, ADDRESS, regions=["FI-08"])


def test_the_choices_of_the_page_are_saved(visitor: FlaskClient, one: Subscription) -> None:
    page = visitor.get(path_of(one)).text
    assert 'name="regions" value="FI-08" checked' in page
    assert 'name="frequency" value="monthly" checked' in page
    chosen = {"action": "save", "language": "sv", "frequency": "quarterly", "sections": ["events"], "regions": ["FI-10", "FI-11"]}
    saved = visitor.post(path_of(one), data=chosen)
    assert (saved.status_code, 'role="status"' in saved.text, 'lang="sv"' in saved.text) == (200, True, True)
    now = Subscription.get(one.pk)
    assert (now.language, now.frequency, now.sections, now.regions) == ("sv", "quarterly", ["events"], ["FI-10", "FI-11"])
    visitor.post(path_of(one), data={"action": "save", "language": "sv", "frequency": "quarterly"})
    assert (Subscription.get(one.pk).sections, Subscription.get(one.pk).regions) == ([], [])


def test_a_pause_until_a_day_and_its_end(visitor: FlaskClient, one: Subscription) -> None:
    day = (utcnow() + timedelta(days=30)).date()
    paused = visitor.post(path_of(one), data={"action": "pause", "paused_until": day.isoformat()})
    assert Subscription.get(one.pk).paused_until == day
    assert str(day.year) in paused.text
    visitor.post(path_of(one), data={"action": "resume"})
    assert Subscription.get(one.pk).state == "active"
    visitor.post(path_of(one), data={"action": "pause", "paused_until": ""})
    assert (Subscription.get(one.pk).state, Subscription.get(one.pk).paused_until) == ("paused", None)


@pytest.mark.parametrize(("typed", "said"), [("2020-01-01", "Valitse päivä"), ("huomenna", "päivä")])
def test_a_mistake_is_kept_and_named(visitor: FlaskClient, one: Subscription, typed: str, said: str) -> None:
    answer = visitor.post(path_of(one), data={"action": "pause", "paused_until": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'name="regions" value="FI-08" checked' in answer.text
    assert 'name="frequency" value="monthly" checked' in answer.text
    assert Subscription.get(one.pk).version == one.version


def test_a_form_with_what_it_never_offered_changes_nothing(visitor: FlaskClient, one: Subscription) -> None:
    for data in ({"action": "save", "language": "de"}, {"action": "save", "regions": "FI-99"}):
        assert visitor.post(path_of(one), data=data).status_code == 422
    for data in ({"action": "erase"}, {}):
        assert visitor.post(path_of(one), data=data).status_code == 200
    assert Subscription.get(one.pk).version == one.version


def test_a_mistake_in_the_choices_keeps_them_too(visitor: FlaskClient, one: Subscription) -> None:
    chosen = {"action": "save", "language": "sv", "frequency": "sometimes", "regions": ["FI-10"]}
    answer = visitor.post(path_of(one), data=chosen)
    assert answer.status_code == 422
    assert 'name="regions" value="FI-10" checked' in answer.text
    assert Subscription.get(one.pk).version == one.version


def test_the_page_can_be_read_in_another_language(visitor: FlaskClient, one: Subscription) -> None:
    assert '<html lang="en">' in visitor.get(f"{path_of(one)}?lang=en").text
    assert '<html lang="fi">' in visitor.get(path_of(one)).text


def test_what_is_not_possible_any_more_is_told_in_words(visitor: FlaskClient, one: Subscription) -> None:
    visitor.post(path_of(one), data={"action": "unsubscribe"})
    late = visitor.post(path_of(one), data={"action": "pause"})
    assert late.status_code == 422
    assert "ei ole enää mahdollista" in late.text


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_subscribing_again_takes_a_mail(
    visitor: FlaskClient, newsletter: Newsletter, mailbox: Mailbox, deliver: Callable[[], None], state: str
) -> None:
    one = subscribe(newsletter, ADDRESS, state, regions=["FI-08"])
    Suppression.add(newsletter.pk, ADDRESS, state)
    answer = visitor.post(path_of(one), data={"action": "subscribe-again"})
    assert 'value="confirm"' not in answer.text
    assert (Subscription.get(one.pk).state, Subscription.get(one.pk).regions) == ("pending", ["FI-08"])
    assert Suppression.holds(newsletter.pk, ADDRESS)
    deliver()
    link = re.search(r"http://localhost(/manage/subscriptions/\S+)", mailbox.text_to(ADDRESS))
    assert link
    assert visitor.post(link[1], data={"action": "confirm"}).status_code == 200
    assert Subscription.get(one.pk).state == "active"
    assert not Suppression.holds(newsletter.pk, ADDRESS)


def test_a_get_changes_nothing_in_any_state(visitor: FlaskClient, newsletter: Newsletter) -> None:
    for state in ("pending", "active", "paused", "unsubscribed", "bounced"):
        one = subscribe(newsletter, f"{state}@example.org", state)
        before = Subscription.row({"_id": one.pk})
        for query in ("", "?action=confirm", "?action=unsubscribe"):
            answer = visitor.get(path_of(one) + query)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        assert Subscription.row({"_id": one.pk}) == before


def test_names_and_addresses_are_escaped(visitor: FlaskClient, regional: Network) -> None:
    newsletter = make_newsletter(regional, name={"fi": "<script>alert(1)</script>"})
    one = subscribe(newsletter, '"<b>x</b>"@example.org')
    for page in (visitor.get(path_of(one)), visitor.post(path_of(one), data={"action": "pause", "paused_until": '"><script>'})):
        assert "<script>alert" not in page.text
        assert "<b>x" not in page.text
        assert '"><script>' not in page.text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_what_people_agree_to_stands_beside_the_button_word_for_word(
    visitor: FlaskClient, newsletter: Newsletter, language: str
) -> None:
    one = subscribe(newsletter, ADDRESS, "pending", language=language)
    texts = CONSENTS.read_text().split(f"## Version {CONSENT_WORDING}\n")[1].split("### Newsletter: what I am sent\n")[1]
    agreed = next(line.removeprefix(f"- **{language}** ") for line in texts.splitlines() if line.startswith(f"- **{language}**"))
    assert agreed in visitor.get(path_of(one)).text
