"""How bounces come in: a mailbox over IMAP (Dovecot), LMTP from a mail server, and the commands for both."""

import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from imaplib import IMAP4
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from network_api.cli import main
from network_api.documents import BaseDocument
from newsletters.bounces import mailbox, receiving
from newsletters.bounces.documents import MAILBOX, Bounce
from newsletters.bounces.mailbox import HANDLED, OTHER, read_mailbox
from newsletters.bounces.tasks import read_bounces
from newsletters.documents import Newsletter
from newsletters.subscriptions import verp
from newsletters.subscriptions.documents import Subscription
from tests.newsletters import bounce_mails as mails
from tests.newsletters import dovecot
from tests.newsletters.factories import issue_being_sent, subscribe, work_until_idle

needs_dovecot = pytest.mark.skipif(
    dovecot.PROGRAM is None and os.environ.get("CI") != "true", reason="Dovecot is not installed (Debian: dovecot-imapd)"
)


@pytest.fixture(autouse=True)
def bounce_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name an address for bounces."""
    monkeypatch.setitem(app.config, "BOUNCE_ADDRESS", mails.RETURN_PATH)


@pytest.fixture(scope="module")
def imap() -> Iterator[dovecot.Server]:
    """An IMAP server for the tests of this file."""
    with dovecot.running() as server:
        yield server


@pytest.fixture
def inbox(imap: dovecot.Server) -> dovecot.Server:
    """The same with empty mailboxes."""
    for name in ("INBOX", f"INBOX/{HANDLED}", f"INBOX/{OTHER}", f"INBOX.{HANDLED}", f"INBOX.{OTHER}"):
        with imap.opened() as opened:
            if opened.select(name)[0] == "OK":
                opened.store("1:*", "+FLAGS", r"(\Deleted)") if opened.search(None, "ALL")[1][0] else None
                opened.expunge()
    return imap


@pytest.fixture
def one(newsletter: Newsletter) -> Subscription:
    """Somebody who gets the letter."""
    return subscribe(newsletter, "tilaaja@example.org")


@pytest.fixture
def came_back(newsletter: Newsletter, one: Subscription) -> bytes:
    """A report about a letter to them."""
    issue = work_until_idle(issue_being_sent(newsletter))
    return mails.dsn(to=verp.return_path(issue.pk, one.pk) or "")


def state(one: Subscription) -> str:
    return str(Subscription.get(one.pk).state)


def folder(server: dovecot.Server, name: str) -> int:
    """How many mails a folder below the inbox has."""
    with server.opened() as opened:
        separator = re.search(rb'\) "(.)" ', opened.list('""', '""')[1][0])
        assert separator
    return server.count(f"INBOX{separator[1].decode()}{name}")


@needs_dovecot
def test_what_came_to_the_mailbox_is_taken_in_and_moved(inbox: dovecot.Server, one: Subscription, came_back: bytes) -> None:
    inbox.deliver(came_back, mails.on_leave(), b"From: Aino <aino@example.org>\nSubject: Hei\n\nKiitos kirjeesta!\n")
    assert read_mailbox(inbox.url) == {HANDLED: 1, OTHER: 2}
    assert state(one) == "bounced"
    assert (inbox.count(), folder(inbox, HANDLED), folder(inbox, OTHER)) == (0, 1, 2)
    assert read_mailbox(inbox.url) == {}
    assert len(Bounce.rows({})) == 1


@needs_dovecot
def test_a_reader_that_dies_between_the_commit_and_the_move_reads_again_and_counts_once(
    inbox: dovecot.Server, one: Subscription, came_back: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(came_back)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mailbox._Mailbox, "move", dies)
        with pytest.raises(KeyboardInterrupt):
            read_mailbox(inbox.url)
    assert (state(one), inbox.count()) == ("bounced", 1)
    assert read_mailbox(inbox.url) == {HANDLED: 1}
    assert (len(Bounce.rows({})), inbox.count()) == (1, 0)


@needs_dovecot
def test_a_mail_that_the_database_did_not_take_stays_and_is_read_next_time(
    inbox: dovecot.Server, one: Subscription, came_back: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(came_back)

    def breaks(self: BaseDocument) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(Bounce, "insert", breaks)
        with pytest.raises(OSError, match="away"):
            read_mailbox(inbox.url)
    assert (state(one), inbox.count()) == ("active", 1)
    read_mailbox(inbox.url)
    assert (state(one), inbox.count()) == ("bounced", 0)


@needs_dovecot
def test_two_readers_at_once_take_each_mail_in_once(app: Flask, inbox: dovecot.Server, newsletter: Newsletter) -> None:
    people = [subscribe(newsletter, f"tilaaja{number}@example.org") for number in range(8)]
    issue = issue_being_sent(newsletter)
    inbox.deliver(
        *(mails.dsn(to=verp.return_path(issue.pk, one.pk) or "", number=f"N{place}") for place, one in enumerate(people))
    )

    def read(_: int) -> None:
        with app.app_context():
            read_mailbox(inbox.url)

    with ThreadPoolExecutor(2) as readers:
        list(readers.map(read, range(2)))
    assert (inbox.count(), len(Bounce.rows({}))) == (0, 8)
    assert {state(one) for one in people} == {"bounced"}


@needs_dovecot
def test_a_server_without_move_copies_and_expunges(
    inbox: dovecot.Server, one: Subscription, came_back: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(came_back, mails.on_leave())
    login: Callable[..., Any] = IMAP4.login

    def without_move(self: IMAP4, user: str, password: str) -> Any:
        answer = login(self, user, password)
        self.capabilities = tuple(each for each in self.capabilities if each not in ("MOVE", "UIDPLUS"))
        return answer

    monkeypatch.setattr(IMAP4, "login", without_move)
    assert read_mailbox(inbox.url) == {HANDLED: 1, OTHER: 1}
    assert (inbox.count(), folder(inbox, HANDLED), folder(inbox, OTHER)) == (0, 1, 1)


@needs_dovecot
def test_the_job_reads_the_mailbox_of_the_settings(
    app: Flask, inbox: dovecot.Server, one: Subscription, came_back: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(came_back)
    read_bounces()
    assert state(one) == "active"
    monkeypatch.setitem(app.config, "BOUNCE_MAILBOX", inbox.url)
    read_bounces()
    assert state(one) == "bounced"


@needs_dovecot
def test_a_wrong_password_and_a_server_that_is_away_are_told_and_break_nothing(
    app: Flask, inbox: dovecot.Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for url in (inbox.url.replace("word", "wort"), "imap://bounces:x@127.0.0.1:1/INBOX", inbox.url.replace("imap:", "imaps:")):
        monkeypatch.setitem(app.config, "BOUNCE_MAILBOX", url)
        read_bounces()
    assert [record.message.partition(":")[0] for record in caplog.records] == ["The mailbox of bounces cannot be read"] * 3


class Lmtp:
    """`network-api bounces listen` as a process of its own."""

    def __init__(self, settings: dict[str, Any]) -> None:
        names = ("SECRET_KEY", "MONGODB_URI", "PUBLIC_URL", "MAIL_SERVER", "MAIL_PORT", "MAIL_DEFAULT_SENDER")
        given = {f"NETWORK_{name}": str(settings[name]) for name in names}
        command = [sys.executable, "-u", "-m", "network_api", "bounces", "listen", "--port", "0"]
        self.process = subprocess.Popen(command, env={**os.environ, **given}, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        said = self.process.stdout.readline()
        self.port = int(said.rsplit(":", 1)[1])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        assert self.process.stdout
        self.process.stdout.close()
        return status


def test_a_mail_server_hands_bounces_over_by_lmtp(settings: dict[str, Any], one: Subscription, came_back: bytes) -> None:
    receiving.receive(mails.dsn(number="B1"), MAILBOX)
    server = Lmtp(settings)
    try:
        with smtplib.LMTP("127.0.0.1", server.port, timeout=30) as client:
            path = re.search(rb"bounces\+\w+@kirjeet\.example", came_back)
            assert path
            client.sendmail("", [path[0].decode()], came_back.replace(b"\n", b"\r\n") + b"x" * 5000 + b"\r\n")
            assert state(one) == "bounced"
            client.sendmail("", ["bounces@kirjeet.example"], mails.on_leave().replace(b"\n", b"\r\n"))
            client.mail("")
            assert client.rcpt("bounces@kirjeet.example")[0] == 250
            assert client.rcpt("toinen@kirjeet.example") == (452, b"4.5.3 One recipient at a time")
            client.rset()
            assert client.docmd("EHLO", "x")[0] == 500
    finally:
        assert server.end() == 0
    assert [(row["intake"], row["matched"]) for row in Bounce.rows({})] == [("mailbox", False), ("lmtp", True)]


def test_the_same_report_by_two_ways_is_one(one: Subscription, came_back: bytes) -> None:
    first = receiving.receive(came_back, MAILBOX)
    second = receiving.receive(b"Received: from mx by lmtp\n" + came_back, "lmtp", ["bounces@kirjeet.example"])
    assert first == second
    assert len(Bounce.rows({})) == 1


def test_the_command_says_what_is_missing(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"NETWORK_{name}", str(value).lower() if isinstance(value, bool) else str(value))
    done = CliRunner().invoke(main, ["bounces", "read"])
    assert done.exit_code == 1
    assert "NETWORK_BOUNCE_MAILBOX names no mailbox" in done.output
