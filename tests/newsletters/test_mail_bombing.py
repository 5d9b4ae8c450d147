"""Nobody's mailbox is flooded through a form, and the form tells nobody who subscribes."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from pymongo import monitoring
from pymongo.monitoring import CommandListener

from network_api.app import create_app
from network_api.documents import utcnow
from network_api.mail.outbox import OutgoingMail
from newsletters.documents import Newsletter
from newsletters.subscriptions import subscribing
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.suppression import MAILS_A_DAY, MailAllowance
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import make_newsletter, subscribe
from tests.processes import at_once, together

ADDRESS = "tilaaja@example.org"


def _use(settings: dict[str, Any], times: int) -> int:
    with create_app(settings).app_context():
        together()
        return sum(MailAllowance.use(ADDRESS) for _ in range(times))


def _subscribe(settings: dict[str, Any], newsletter_id: str) -> None:
    with create_app(settings).app_context():
        newsletter = Newsletter.get(newsletter_id)
        together()
        subscribing.subscribe(newsletter, {"email": ADDRESS}, "form")


def test_processes_that_ask_at_once_use_up_exactly_a_day_s_mails(app: Flask, settings: dict[str, Any]) -> None:
    assert MailAllowance.use("muu@example.org")
    assert sum(at_once(_use, *[(settings, 3)] * 4)) == MAILS_A_DAY
    assert sorted(row["used"] for row in MailAllowance.rows({})) == [1, MAILS_A_DAY]


def test_the_same_address_from_several_processes_at_once_is_one_subscription(
    newsletter: Newsletter, settings: dict[str, Any]
) -> None:
    subscribing.subscribe(newsletter, {"email": "muu@example.org"}, "form")
    at_once(_subscribe, *[(settings, str(newsletter.pk))] * 4)
    assert sorted(row["email"] for row in Subscription.rows({})) == ["muu@example.org", ADDRESS]
    assert [row["to"] for row in OutgoingMail.rows({})].count(ADDRESS) == 4


def _use_unguarded(settings: dict[str, Any], times: int) -> int:
    """As `MailAllowance.use` would be if it read the count first and wrote it later."""
    with create_app(settings).app_context():
        used = 0
        for _ in range(times):
            before = (MailAllowance.row({"_id": "unguarded"}) or {"used": 0})["used"]
            together()
            if before < MAILS_A_DAY:
                MailAllowance.alter({"_id": "unguarded"}, {"$set": {"used": before + 1}})
                used += 1
        return used


def test_a_count_that_is_no_guard_lets_more_mails_through(app: Flask, settings: dict[str, Any]) -> None:
    """The negative control."""
    MailAllowance(id="unguarded", used=0, expires_at=utcnow()).insert()
    assert sum(at_once(_use_unguarded, *[(settings, 3)] * 4)) > MAILS_A_DAY


def test_what_stands_behind_a_plus_is_the_same_mailbox(
    anyone: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    for number in range(MAILS_A_DAY + 3):
        anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": f"uhri+{number}@example.org"})
    deliver()
    assert len(mailbox.messages) == MAILS_A_DAY


def test_letters_of_several_newsletters_count_together(anyone: Api, newsletter: Newsletter, regional: Any) -> None:
    letters = [newsletter, *(make_newsletter(regional, f"kirje-{number}") for number in range(MAILS_A_DAY + 2))]
    for letter in letters:
        anyone.post(f"/newsletters/{letter.pk}/subscriptions", {"email": ADDRESS})
    assert len(OutgoingMail.rows({})) == MAILS_A_DAY


class Commands(CommandListener):
    """The commands that the database is sent."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: Any) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: Any) -> None:
        """Nothing to note."""

    def failed(self, event: Any) -> None:
        """Nothing to note."""


def test_the_answer_and_the_work_are_the_same_whether_an_address_is_known_or_not(
    anyone: Api, newsletter: Newsletter, settings: dict[str, Any]
) -> None:
    for state in ("pending", "active", "paused", "unsubscribed", "bounced"):
        subscribe(newsletter, f"{state}@example.org", state)
    commands = Commands()
    monitoring.register(commands)
    work: dict[str, int] = {}
    with create_app(settings).app_context():
        for address in ("uusi", "pending", "active", "paused", "unsubscribed", "bounced"):
            commands.names.clear()
            subscribing.subscribe(newsletter, {"email": f"{address}@example.org"}, "form")
            work[address] = len([name for name in commands.names if name in ("find", "insert", "update", "commitTransaction")])
    answers = {
        (answer.status_code, answer.data, answer.headers.get("ETag"))
        for answer in (
            anyone.post(f"/newsletters/{newsletter.pk}/subscriptions", {"email": f"{address}@example.org"})
            for address in ("toinen", "active", "bounced")
        )
    }
    assert answers == {(202, b"", None)}
    assert max(work.values()) - min(work.values()) <= 2, work
