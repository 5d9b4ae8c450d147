"""The outbox: no mail is lost, and none is sent twice that the server is known to have taken."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from network_api import jobs
from network_api.documents import AlreadyExists, transactional, utcnow
from network_api.mail import outbox, tasks
from network_api.mail.message import Attachment, MailMessage
from network_api.mail.outbox import GIVE_UP_AFTER, OutgoingMail
from tests.mailserver import Mailbox

HELLO = MailMessage("cause:1", "aino@example.org", "Hei", "Tervetuloa mukaan.\n")


@transactional
def put(message: MailMessage = HELLO) -> None:
    outbox.put(message)


def stored() -> OutgoingMail:
    found = OutgoingMail.first({})
    assert found is not None
    return found


def test_a_mail_is_sent_with_its_stored_message_id(app: Flask, mailbox: Mailbox) -> None:
    put()
    tasks.sweep()
    (message,) = mailbox.to("aino@example.org")
    assert message["Message-ID"] == stored().message_id
    assert (message["Subject"], message["Auto-Submitted"]) == ("Hei", "auto-generated")


def test_lines_of_any_length_arrive_whole(app: Flask, mailbox: Mailbox) -> None:
    long = "ääkkösiä. =" * 500
    put(MailMessage("cause:long", "aino@example.org", "Hei", f"{long}\n.\n", html=f"<p>{long}</p>"))
    tasks.sweep()
    (message,) = mailbox.to("aino@example.org")
    text, html = (part.get_content() for part in message.walk() if not part.is_multipart())
    assert (text.split(), html.strip()) == ([*long.split(), "."], f"<p>{long}</p>")


def test_a_mail_leaves_once_however_often_jobs_come_for_it(app: Flask, mailbox: Mailbox) -> None:
    put()
    for _ in range(3):
        tasks.deliver(str(stored().pk))
        tasks.sweep()
    assert len(mailbox.messages) == 1


def test_what_is_sent_keeps_no_content(app: Flask, mailbox: Mailbox) -> None:
    put()
    tasks.sweep()
    row = OutgoingMail.row({})
    assert row is not None
    assert row["state"] == "sent"
    assert not row.keys() & {"text", "subject", "html", "attachments"}


def test_a_transaction_that_fails_mails_nothing(app: Flask, mailbox: Mailbox) -> None:
    @transactional
    def fail() -> None:
        outbox.put(HELLO)
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    tasks.sweep()
    assert mailbox.messages == []
    assert OutgoingMail.row({}) is None


def test_the_same_cause_is_refused(app: Flask) -> None:
    put()
    with pytest.raises(AlreadyExists):
        put()


def test_a_killed_worker_s_mail_is_taken_up_when_its_lease_ends(app: Flask, mailbox: Mailbox) -> None:
    put()
    (killed,) = OutgoingMail.claim([stored().pk])
    tasks.sweep()
    assert mailbox.messages == []
    with time_machine.travel(utcnow() + timedelta(seconds=app.config["MAIL_LEASE_SECONDS"] + 1)):
        tasks.sweep()
        assert len(mailbox.messages) == 1
        assert not killed.succeed(), "a claim that was taken over may not say how it ended"


def test_a_temporary_refusal_is_tried_again_later(app: Flask, mailbox: Mailbox) -> None:
    mailbox.answer = "451 Try again later"
    put()
    tasks.sweep()
    assert stored().state == "ready"
    assert "451" in stored().last_answer
    mailbox.answer = "250 OK"
    tasks.sweep()
    assert mailbox.messages == [], "before it is due"
    with time_machine.travel(utcnow() + timedelta(minutes=1)):
        tasks.sweep()
    assert len(mailbox.messages) == 1


def test_a_permanent_refusal_ends_it(app: Flask, mailbox: Mailbox) -> None:
    mailbox.answer = "554 No"
    put()
    tasks.sweep()
    assert (stored().state, "554" in stored().last_answer) == ("refused", True)


def test_after_three_days_of_refusals_it_is_given_up(app: Flask, mailbox: Mailbox) -> None:
    mailbox.answer = "451 Try again later"
    put()
    with time_machine.travel(utcnow() + GIVE_UP_AFTER + timedelta(hours=1)):
        tasks.sweep()
    assert stored().state == "refused"


def test_an_attachment_arrives_whole(app: Flask, mailbox: Mailbox) -> None:
    put(
        MailMessage(
            "cause:2",
            "aino@example.org",
            "Lippu",
            "Liitteenä.",
            attachments=(Attachment("lippu.svg", "image/svg+xml", b"<svg/>"),),
        )
    )
    tasks.sweep()
    (part,) = mailbox.messages[0].iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("lippu.svg", b"<svg/>")


def test_a_mail_that_cannot_be_written_is_refused_and_holds_up_nobody(app: Flask, mailbox: Mailbox) -> None:
    put(MailMessage("cause:3", "aino@example.org", "Hei\nBcc: muu@example.org", "x"))
    put(MailMessage("cause:4", "toinen@example.org", "Hei", "x"))
    tasks.sweep()
    assert [str(message["To"]) for message in mailbox.messages] == ["toinen@example.org"]


def test_of_two_workers_that_claim_the_same_mails_each_gets_what_the_other_has_not(app: Flask) -> None:
    for number in range(3):
        put(MailMessage(f"cause:{number}", "aino@example.org", "Hei", "x"))
    due = OutgoingMail.due()
    first, second = OutgoingMail.claim(due[:2]), OutgoingMail.claim(due)
    assert [mail.pk for mail in first] == due[:2]
    assert [mail.pk for mail in second] == due[2:]


def test_mails_of_a_sweep_share_a_connection_and_a_refused_one_ends_it(app: Flask, mailbox: Mailbox) -> None:
    for number in range(30):
        put(MailMessage(f"cause:{number}", f"osallistuja{number}@example.org", "Hei", "x"))
    put(MailMessage("cause:bad", "aino@example.org", "Hei\nBcc: muu@example.org", "x"))
    tasks.sweep()
    assert len(mailbox.messages) == 30


def test_a_claim_that_is_nearly_over_is_left_to_the_next_worker(app: Flask, mailbox: Mailbox) -> None:
    put()
    late = utcnow() + timedelta(seconds=app.config["MAIL_LEASE_SECONDS"] * 0.6)
    (claimed,) = OutgoingMail.claim(OutgoingMail.due())
    assert claimed.has_time
    with time_machine.travel(late):
        assert not claimed.has_time


def test_in_a_rush_wake_ups_stop_and_the_sweep_finds_the_rest(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(jobs, "wake", lambda task, *arguments: woken.append(task))
    for number in range(jobs.RUSH * 4):
        put(MailMessage(f"cause:{number}", "aino@example.org", "Hei", "x"))
    assert len(woken) < jobs.RUSH * 4
    assert len(OutgoingMail.due()) == jobs.RUSH * 4
