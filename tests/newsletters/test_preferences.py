"""What subscribers choose: sections, regions, language, a pause until a day, every issue or one a quarter."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.dispatch import audience
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.links import manage_url, unsubscribe_url
from newsletters.subscriptions.suppression import Suppression
from newsletters.subscriptions.tasks import lapse
from tests.conftest import Api
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe

ADDRESS = "tilaaja@example.org"


def manage(one: Subscription) -> str:
    return manage_url(one.pk, one.nonce).removeprefix("http://localhost")


def frozen(newsletter: Newsletter) -> dict[str, Any]:
    """Who gets an issue that is sent now, and who does not and why."""
    issue = audience.freeze(issue_being_sent(newsletter))
    assert issue is not None
    return {"recipients": issue.audience.recipients, **issue.audience.excluded}


def days(number: int) -> str:
    return (utcnow().date() + timedelta(days=number)).isoformat()


def test_a_pause_until_a_day_is_shown_and_ends_by_itself(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    paused = anyone.patch(manage(one), {"paused_until": days(10)})
    assert (paused.json["state"], paused.json["paused_until"]) == ("paused", days(10))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=8)):
        lapse()
        assert anyone.get(manage(one)).json["state"] == "paused"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=11)):
        lapse()
        resumed = anyone.get(manage(one)).json
    assert (resumed["state"], resumed["paused_until"]) == ("active", None)


def test_letters_come_again_on_the_day_though_no_job_ever_ran(newsletter: Newsletter) -> None:
    subscribe(newsletter, ADDRESS, "paused", paused_until=utcnow().date() + timedelta(days=2))
    subscribe(newsletter, "toistaiseksi@example.org", "paused")
    assert frozen(newsletter) == {"recipients": 0, "paused": 2}
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        assert frozen(newsletter) == {"recipients": 1, "paused": 1}


def test_the_day_begins_in_the_newsletter_s_time_zone(regional: Network) -> None:
    newsletter = make_newsletter(regional, timezone="Europe/Helsinki")
    subscribe(newsletter, ADDRESS, "paused", paused_until=date(2027, 3, 4))
    with time_machine.travel("2027-03-03T21:59:00Z"):
        assert frozen(newsletter)["recipients"] == 0
    with time_machine.travel("2027-03-03T22:01:00Z"):
        assert frozen(newsletter)["recipients"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"paused_until": "2020-01-01"},
        {"state": "active", "paused_until": "2999-01-01"},
        {"frequency": "weekly"},
        {"state": "pending"},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(anyone: Api, newsletter: Newsletter, changes: dict[str, Any]) -> None:
    one = subscribe(newsletter, ADDRESS)
    answer = anyone.patch(manage(one), changes)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert Subscription.get(one.pk).version == one.version


def test_going_on_ends_the_pause_and_its_day(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    anyone.patch(manage(one), {"state": "paused", "paused_until": days(10)})
    assert anyone.patch(manage(one), {"paused_until": days(20)}).json["paused_until"] == days(20)
    for_good = anyone.patch(manage(one), {"paused_until": None}).json
    assert (for_good["state"], for_good["paused_until"]) == ("paused", None)
    resumed = anyone.patch(manage(one), {"state": "active"}).json
    assert (resumed["state"], resumed["paused_until"]) == ("active", None)


def test_who_wants_a_letter_a_quarter_gets_its_first(regional: Network) -> None:
    newsletter = make_newsletter(regional, timezone="Europe/Helsinki")
    subscribe(newsletter, "joka@example.org")
    subscribe(newsletter, "neljannes@example.org", frequency="quarterly")
    sent = {}
    for moment in ("2027-01-15T07:00", "2027-02-15T07:00", "2027-03-31T20:59", "2027-03-31T21:01", "2027-05-15T07:00"):
        with time_machine.travel(f"{moment}:00Z"):
            sent[moment] = frozen(newsletter)
    both, one = {"recipients": 2}, {"recipients": 1, "later_in_quarter": 1}
    assert list(sent.values()) == [both, one, one, both, one]


def test_an_issue_that_was_cancelled_was_not_the_quarter_s_first(newsletter: Newsletter) -> None:
    subscribe(newsletter, ADDRESS, frequency="quarterly")
    with time_machine.travel("2027-01-15T07:00:00Z"):
        issue = issue_being_sent(newsletter)
        audience.freeze(issue)
        Issue.get(issue.pk).move("cancelled", ("sending",))
    with time_machine.travel("2027-01-20T07:00:00Z"):
        assert frozen(newsletter) == {"recipients": 1}


def test_subscribers_choose_the_frequency_when_they_subscribe_and_later(anyone: Api, newsletter: Newsletter) -> None:
    anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": ADDRESS, "frequency": "quarterly"})
    one = Subscription.first({})
    assert one is not None
    assert one.frequency == "quarterly"
    assert anyone.patch(manage(one), {"frequency": "monthly"}).json["frequency"] == "monthly"


@pytest.mark.parametrize("state", ["pending", "active", "paused", "bounced", "unsubscribed"])
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_one_click_unsubscribes_from_any_state(anyone: Api, newsletter: Newsletter, state: str, form: str) -> None:
    one = subscribe(newsletter, ADDRESS, state)
    path = unsubscribe_url(one.pk, one.nonce).removeprefix("http://localhost")
    sent: dict[str, Any] = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}
    if form == "multipart":
        body = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
        sent = {"data": body, "content_type": "multipart/form-data; boundary=x"}
    for _ in range(2):
        done = anyone.client.post(path, **sent)
        assert (done.status_code, "Location" in done.headers, "Set-Cookie" in done.headers) == (200, False, False)
    assert Subscription.get(one.pk).state == "unsubscribed"
    assert Suppression.holds(newsletter.pk, ADDRESS)


def test_one_click_is_taken_from_wherever_a_mail_program_runs(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    path = unsubscribe_url(one.pk, one.nonce).removeprefix("http://localhost")
    foreign = {"Origin": "https://posti.example", "Sec-Fetch-Site": "cross-site"}
    assert anyone.client.post(path, data={"List-Unsubscribe": "One-Click"}, headers=foreign).status_code == 200
    assert Subscription.get(one.pk).state == "unsubscribed"


def test_a_coordinator_sees_how_a_subscriber_agreed_and_why_nothing_is_sent(coordinator: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    path = f"/subscriptions/{one.pk}"
    seen = coordinator.get(path)
    assert (seen.json["consent"]["source"], seen.json["suppression"]) == ("test", None)
    assert coordinator.delete(path).status_code == 428
    assert coordinator.delete(path, If_Match='"9"').status_code == 412
    assert coordinator.delete(path, If_Match=seen.headers["ETag"]).status_code == 204
    after = coordinator.get(path).json
    assert (after["state"], after["suppression"]["reason"]) == ("unsubscribed", "unsubscribed")
    [entry] = [row for row in AuditEntry.rows({}) if row["action"] == "subscription.ended"]
    assert entry["changes"]["state"] == {"before": "active", "after": "unsubscribed"}


def test_the_consent_of_earlier_letters_survives_a_form_that_anybody_can_fill_in(
    anyone: Api, coordinator: Api, newsletter: Newsletter
) -> None:
    one = subscribe(newsletter, ADDRESS)
    anyone.delete(manage(one))
    anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": ADDRESS})
    seen = coordinator.get(f"/subscriptions/{one.pk}").json
    assert (seen["state"], seen["consent"]["source"], seen["consent"]["confirmed_at"]) == ("pending", "form", None)
    assert [consent["source"] for consent in seen["earlier_consents"]] == ["test"]


def travelled(number: float, work: Callable[[], None]) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=number)):
        work()


def test_who_does_not_confirm_is_forgotten(anyone: Api, newsletter: Newsletter) -> None:
    anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": ADDRESS})
    travelled(13, lapse)
    assert len(Subscription.rows({})) == 1
    for _ in range(2):
        travelled(15, lapse)
    assert Subscription.rows({}) == []
    assert not Suppression.holds(newsletter.pk, ADDRESS)


def test_who_had_left_and_does_not_confirm_has_left_still(anyone: Api, newsletter: Newsletter) -> None:
    one = subscribe(newsletter, ADDRESS)
    anyone.delete(manage(one))
    anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": ADDRESS})
    travelled(15, lapse)
    after = Subscription.get(one.pk)
    assert (after.state, after.consent.source, after.earlier_consents) == ("unsubscribed", "test", [])
    assert Suppression.holds(newsletter.pk, ADDRESS)


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_who_left_long_ago_is_forgotten_but_for_a_hash(newsletter: Newsletter, state: str) -> None:
    subscribe(newsletter, ADDRESS, state)
    subscribe(newsletter, "pysyva@example.org")
    Suppression.add(newsletter.pk, ADDRESS, "unsubscribed")
    travelled(364, lapse)
    assert len(Subscription.rows({})) == 2
    travelled(366, lapse)
    assert [row["email"] for row in Subscription.rows({})] == ["pysyva@example.org"]
    assert Suppression.holds(newsletter.pk, ADDRESS)
