"""What bounces and complaints do, and that a report which proves nothing does nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from bson import ObjectId
from flask import Flask

from network_api.audit import AuditEntry
from network_api.feature import Person
from network_api.networks.documents import Network
from newsletters.bounces import receiving
from newsletters.bounces.documents import LMTP, Bounce
from newsletters.bounces.tasks import forget_bounces
from newsletters.dispatch.letters import message_id
from newsletters.documents import Newsletter
from newsletters.feature import feature
from newsletters.issues.documents import Issue
from newsletters.subscriptions import subscribing, undeliverable, verp
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.suppression import Suppression
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters import bounce_mails as mails
from tests.newsletters.factories import issue_being_sent, subscribe, work_until_idle

ADDRESS = "tilaaja@example.org"
FULL = {"status": "5.2.2", "said": "552 5.2.2 Mailbox full"}


@pytest.fixture(autouse=True)
def bounce_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name an address for bounces."""
    monkeypatch.setitem(app.config, "BOUNCE_ADDRESS", mails.RETURN_PATH)


@pytest.fixture
def one(newsletter: Newsletter) -> Subscription:
    """Somebody who gets the letter."""
    return subscribe(newsletter, ADDRESS)


def send(newsletter: Newsletter) -> Issue:
    """An issue that has gone to all."""
    issue = work_until_idle(issue_being_sent(newsletter))
    assert issue.state == "sent"
    return issue


def path(issue: Issue, one: Subscription) -> str:
    found = verp.return_path(issue.pk, one.pk)
    assert found
    return found


def receive(raw: bytes, *envelope: str) -> Bounce:
    bounce = receiving.receive(raw, LMTP, envelope)
    assert bounce is not None
    return bounce


def state(one: Subscription) -> tuple[str, str | None]:
    """The state of a subscription, and why its address is suppressed."""
    found = Suppression.of(one.newsletter_id, one.email_key)
    return Subscription.get(one.pk).state, found and found["reason"]


@pytest.mark.parametrize("write", [mails.dsn, mails.exim, mails.exchange, mails.qmail])
def test_a_letter_that_came_back_from_a_dead_address_ends_the_subscription(
    newsletter: Newsletter, one: Subscription, write: Callable[..., bytes]
) -> None:
    raw = write(to=path(send(newsletter), one))
    for _ in range(2):
        bounce = receive(raw)
        assert (bounce.kind, bounce.matched, bounce.effect) == ("hard", True, "bounced")
        assert state(one) == ("bounced", "bounced")
    assert len(Bounce.rows({})) == 1
    assert ADDRESS not in repr(Bounce.rows({}))
    assert (Subscription.get(one.pk).bounce_answer or "").startswith("5.1.1")


def test_a_complaint_ends_the_subscription(newsletter: Newsletter, one: Subscription) -> None:
    issue = send(newsletter)
    bounce = receive(mails.complaint(to="fbl@example.org", mail_from=path(issue, one)))
    assert (bounce.kind, bounce.effect) == ("complaint", "unsubscribed")
    assert state(one) == ("unsubscribed", "complained")
    assert Subscription.get(one.pk).unsubscribed_at


def test_by_the_envelope_alone_the_letter_is_known(newsletter: Newsletter, one: Subscription) -> None:
    issue = send(newsletter)
    assert receive(mails.dsn(to="hidden"), path(issue, one).upper()).effect == "bounced"


def test_by_the_letter_that_is_quoted_it_is_known_too(newsletter: Newsletter, one: Subscription) -> None:
    issue = send(newsletter)
    bounce = receive(mails.dsn(quoted=mails.head_of_letter(issue.pk, one)))
    assert (bounce.matched, bounce.issue_id, bounce.effect) == (True, issue.pk, "bounced")


def test_a_complaint_that_hides_the_recipient_is_known_by_the_signed_link(newsletter: Newsletter, one: Subscription) -> None:
    issue = send(newsletter)
    assert receive(mails.complaint(quoted=mails.head_of_letter(issue.pk, one))).effect == "unsubscribed"


def forged(newsletter: Newsletter, one: Subscription, issue: Issue) -> dict[str, bytes]:
    """Reports that anybody could have written who knows an address, or ids."""
    token = path(issue, one)
    other = subscribe(newsletter, "muu@example.org")
    head = f"To: <{ADDRESS}>\nMessage-ID: "
    return {
        "only an address": mails.dsn(),
        "a complaint about an address": mails.complaint(),
        "another signature": mails.dsn(to=token.replace("+", "+aaaa")),
        "a signature cut off": mails.dsn(to=f"{token.partition('@')[0][:-4]}@kirjeet.example"),
        "ids without a recipient": mails.dsn(
            recipient="x@example.org", said="550 5.1.1 no", quoted=f"Message-ID: {message_id(issue.pk, one.pk)}\n"
        ),
        "a letter that was not sent to it": mails.dsn(quoted=head + message_id(issue.pk, other.pk) + "\n"),
        "an issue that there is not": mails.dsn(quoted=head + message_id(ObjectId(), one.pk) + "\n"),
        "another host": mails.dsn(quoted=head + f"<{issue.pk}.{one.pk}@elsewhere.example>\n"),
    }


def test_a_report_that_proves_nothing_does_nothing_and_is_listed(
    newsletter: Newsletter, one: Subscription, coordinator: Api
) -> None:
    issue = send(newsletter)
    for what, raw in forged(newsletter, one, issue).items():
        bounce = receiving.receive(raw, LMTP)
        assert bounce is not None, what
        assert (bounce.matched, bounce.effect) == (False, None), what
        assert state(one) == ("active", None), what
        Bounce.remove({"_id": bounce.pk})
    receive(mails.dsn())
    listed = coordinator.get(f"/newsletters/{newsletter.pk}/bounces?matched=false").json["items"]
    assert [(row["subscription_id"], row["matched"], row["effect"]) for row in listed] == [(str(one.pk), False, None)]
    assert coordinator.get(f"/newsletters/{newsletter.pk}/bounces?matched=true").json["items"] == []


def test_links_and_paths_made_with_an_older_secret_key_prove_as_well(
    app: Flask, newsletter: Newsletter, one: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = send(newsletter)
    raw = mails.dsn(to=path(issue, one))
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret of the tests, long too")
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert receive(raw).effect == "bounced"


def month(number: int) -> Any:
    return time_machine.travel(datetime.now(UTC) + timedelta(days=28 * number))


def fails_softly(newsletter: Newsletter, one: Subscription, number: int) -> Bounce:
    with month(number):
        issue = send(newsletter)
        again = [receive(mails.dsn(to=path(issue, one), number=f"S{number}{twice}", **FULL)) for twice in "ab"]
    return again[-1]


def test_three_issues_in_a_row_that_fail_softly_are_as_a_dead_address(newsletter: Newsletter, one: Subscription) -> None:
    assert [fails_softly(newsletter, one, number).effect for number in (0, 1)] == [None, None]
    assert state(one) == ("active", None)
    fails_softly(newsletter, one, 2)
    assert state(one) == ("bounced", "bounced")


def test_an_issue_that_arrived_begins_the_count_anew(newsletter: Newsletter, one: Subscription) -> None:
    fails_softly(newsletter, one, 0)
    fails_softly(newsletter, one, 1)
    with month(2):
        send(newsletter)
        assert fails_softly(newsletter, one, 1).effect is None
    assert state(one) == ("active", None)


def test_soft_bounces_of_long_ago_do_not_count(newsletter: Newsletter, one: Subscription) -> None:
    for number in (0, 3, 6):
        fails_softly(newsletter, one, number)
    assert state(one) == ("active", None)


def test_who_has_confirmed_since_is_not_ended_by_an_old_report(newsletter: Newsletter, one: Subscription) -> None:
    issue = send(newsletter)
    subscribing.unsubscribe(one)
    subscribing.subscribe(newsletter, {"email": ADDRESS}, "form")
    subscribing.confirm(Subscription.get(one.pk))
    assert receive(mails.dsn(to=path(issue, one))).effect is None
    assert state(one) == ("active", None)


def test_who_had_unsubscribed_stays_so(newsletter: Newsletter, one: Subscription) -> None:
    issue = send(newsletter)
    subscribing.unsubscribe(one)
    assert receive(mails.dsn(to=path(issue, one))).effect is None
    assert state(one) == ("unsubscribed", "unsubscribed")


@pytest.mark.parametrize(
    ("answer", "bounced"),
    [
        ("550 5.1.1 No such user", True),
        ("550-5.1.1 The account\n550 5.1.1 does not exist", True),
        ("556 5.1.10 Null MX", True),
        ("553 5.1.8 Bad sender", False),
        ("552 5.2.2 Mailbox full", False),
        ("554 5.7.1 Spam", False),
        ("550 No such user", False),
        ("450 4.1.1 Not now", False),
    ],
)
def test_a_refusal_for_good_of_the_address_is_a_bounce(one: Subscription, answer: str, bounced: bool) -> None:
    for _ in range(2):
        undeliverable.note_refusal(one.pk, answer)
    assert state(one) == (("bounced", "bounced") if bounced else ("active", None))


def test_an_address_that_is_refused_while_a_letter_goes_out_gets_no_other(
    newsletter: Newsletter, one: Subscription, mailbox: Mailbox, coordinator: Api
) -> None:
    mailbox.answer = "550 5.1.1 <tilaaja@example.org>: No such user"
    issue = send(newsletter)
    assert coordinator.get(f"/issues/{issue.pk}/deliveries").json["counts"] == {"refused": 1}
    assert state(one) == ("bounced", "bounced")
    assert coordinator.get(f"/subscriptions/{one.pk}").json["bounce_answer"] == "550 5.1.1 <…@…>: No such user"
    with month(1):
        assert send(newsletter).audience.excluded == {"bounced": 1}


def test_no_letter_goes_to_who_bounced_and_the_form_lets_them_back(
    newsletter: Newsletter, one: Subscription, anyone: Api
) -> None:
    receive(mails.dsn(to=path(send(newsletter), one)))
    with month(1):
        assert send(newsletter).audience.excluded == {"bounced": 1}
    anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": ADDRESS})
    assert state(one) == ("pending", "bounced")
    subscribing.confirm(Subscription.get(one.pk))
    assert state(one) == ("active", None)


def post(client: Api, raw: bytes, content_type: str = "message/rfc822") -> Any:
    sent = {"Authorization": f"Bearer {client.token}"} if client.token else {}
    return client.client.post("/api/v1/bounces", data=raw, content_type=content_type, headers=sent)


def test_coordinators_hand_in_reports_about_their_own_letters(
    newsletter: Newsletter, one: Subscription, coordinator: Api, signed_in: Callable[..., Api], other_region: Network
) -> None:
    raw = mails.dsn(to=path(send(newsletter), one))
    stranger = signed_in("muualta@example.org", other_region, "coordinator")
    assert post(stranger, raw).status_code == 403
    assert Bounce.rows({}) == []
    first, again = post(coordinator, raw), post(coordinator, raw)
    assert (first.status_code, first.json["effect"], first.json["intake"]) == (201, "bounced", "api")
    assert again.json["id"] == first.json["id"]
    assert state(one) == ("bounced", "bounced")
    assert "bounce.reported" in [row["action"] for row in AuditEntry.rows({})]
    assert post(coordinator, mails.on_leave()).json["code"] == "no_report"
    assert post(coordinator, raw, "text/plain").status_code == 415
    assert coordinator.get(f"/subscriptions/{one.pk}/bounces").json["items"][0]["status"] == "5.1.1"
    assert coordinator.get(f"/subscriptions/{one.pk}").json["suppression"]["reason"] == "bounced"


def test_what_belongs_to_no_newsletter_is_for_administrators(signed_in: Callable[..., Api], newsletter: Newsletter) -> None:
    receive(mails.dsn(recipient="tuntematon@example.org", said="550 5.1.1 no"))
    listed = signed_in("yllapito@example.org", administrator=True).get("/bounces?kind=hard").json["items"]
    assert [(row["newsletter_id"], row["matched"]) for row in listed] == [(None, False)]


def test_erasure_takes_the_bounces_along_and_the_export_has_them(newsletter: Newsletter, one: Subscription) -> None:
    receive(mails.dsn(to=path(send(newsletter), one)))
    person = Person(None, ADDRESS)
    assert [row["status"] for row in feature.export_person(person)["bounces"]] == ["5.1.1"]
    for _ in range(2):
        feature.erase_person(person)
    assert Bounce.rows({}) == []
    assert Suppression.holds(newsletter.pk, ADDRESS)


def test_bounces_are_kept_for_their_term(newsletter: Newsletter, one: Subscription) -> None:
    receive(mails.dsn(to=path(send(newsletter), one)))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=364)):
        forget_bounces()
    assert len(Bounce.rows({})) == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(days=366)):
        forget_bounces()
    assert Bounce.rows({}) == []
