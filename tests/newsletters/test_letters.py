"""The bytes of letters as a server receives them: their headers, their parts, and their signatures."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from pathlib import Path

import dkim
import pytest
from bson import ObjectId
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.dispatch.ledger import count
from newsletters.dispatch.letters import Placeholders, Variant, message_id
from newsletters.dispatch.mailing import mailing
from newsletters.documents import Newsletter, Sender
from newsletters.issues.documents import Issue
from newsletters.issues.rendering import render
from newsletters.schemas import SendingAddress
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.verp import read
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe, work_until_idle
from tests.newsletters.keys import look_up, write_key
from tests.newsletters.smtp import FaultyServer

STRICT = SMTP.clone(raise_on_defect=True)
TITLE = {
    "fi": "Työyhteisö – äänessä 100 % ✓",
    "sv": "Å, så många ord i rubriken att den inte ryms på en rad hur man än vänder på den",
    "en": "News",
}
TEXT = {
    "fi": "Alku.\n\n.\n\n. piste edessä\n\n" + "Pitkärivi" * 300 + "\n\nloppu  välejä \t \n",
    "sv": "..två punkter\n\n" + "å" * 1200,
    "en": "From here on\n\n.\r\n\nend " + "x" * 2000,
}
NAME = {"fi": "Työhönvalmennuksen uutiskirje", "sv": 'Nyheter, "Arbetscoachning" <nu>', "en": "News (monthly)"}


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    """A letter in three languages, with names that headers cannot carry as they are."""
    sender = Sender(name='Keski-Suomen verkosto, "TYÖ"', email="uutiskirje@example.org")
    return make_newsletter(regional, name=NAME, languages=["fi", "sv", "en"], sender=sender, reply_to="vastaa@example.org")


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FaultyServer]:
    """The SMTP server of an application that signs its letters."""
    faulty = FaultyServer()
    faulty.start()
    settings = {"MAIL_PORT": faulty.port, "BOUNCE_ADDRESS": "bounces@lists.example.org", **write_key(tmp_path / "dkim.pem")}
    for name, value in settings.items():
        monkeypatch.setitem(app.config, name, value)
    yield faulty
    faulty.stop()


@pytest.fixture
def issue(newsletter: Newsletter, server: FaultyServer) -> Issue:
    """An issue that has gone out to a reader of every variant."""
    for language in ("fi", "sv", "en"):
        subscribe(newsletter, f"{language}@example.com", language=language)
        subscribe(newsletter, f"{language}.paivat@example.com", language=language, sections=["events"])
    return work_until_idle(issue_being_sent(newsletter, title=TITLE, text=TEXT))


@pytest.fixture
def received(issue: Issue, server: FaultyServer) -> dict[str, bytes]:
    """What the server was given, by recipient."""
    assert len(server.contents) == 6
    return server.contents


def parsed(content: bytes) -> EmailMessage:
    """A mail, read without mercy."""
    message = message_from_bytes(content, _class=EmailMessage, policy=STRICT)
    for part in message.walk():
        assert part.defects == []
        assert [name for name, value in part.items() if value.defects] == []
    return message


def is_signed(content: bytes) -> bool:
    """Whether the signature holds, by dkimpy."""
    return bool(dkim.verify(content, dnsfunc=look_up))


def test_every_letter_is_signed_as_it_arrives(received: dict[str, bytes]) -> None:
    assert any(b"\r\n." in content or b" =2E" in content or b"\r\n=2E" in content for content in received.values())
    assert {recipient: is_signed(content) for recipient, content in received.items()} == dict.fromkeys(received, True)


def test_a_changed_byte_breaks_the_signature(received: dict[str, bytes]) -> None:
    content = received["fi@example.com"]
    body = content.index(b"\r\n\r\n")
    places = [body + 4, *range(body + 7, len(content), 97), len(content) - 5]
    for place in places:
        if content[place : place + 1].isspace():
            continue
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert not is_signed(changed), content[place - 20 : place + 20]


def test_no_header_can_be_changed_added_or_taken_away(received: dict[str, bytes]) -> None:
    content = received["sv@example.com"]
    of_everybody = {"Received", "Return-Path", "DKIM-Signature", "Precedence"}
    names = [name for name in parsed(content) if name not in of_everybody]
    assert {"From", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type"} < set(names)
    for name in names:
        header = re.search(rf"(?m)^{name}: (.+\r\n(?:[ \t].+\r\n)*)".encode(), content)
        assert header is not None, name
        start, end = header.span()
        assert not is_signed(content[:start] + content[end:]), name
        assert not is_signed(f"{name}: other\r\n".encode() + content), name
        assert not is_signed(content[: header.start(1)] + b"x" + content[header.start(1) :]), name


def test_white_space_may_be_changed_on_the_way(received: dict[str, bytes]) -> None:
    content = received["fi@example.com"]
    refolded = content.replace(b"\r\nTo: <", b"\r\nTO:\r\n\t<", 1).replace(b"MIME-Version: 1.0", b"MIME-Version:   1.0 ")
    assert refolded != content
    assert is_signed(refolded + b"\r\n\r\n")


def test_every_letter_is_read_without_a_defect(received: dict[str, bytes]) -> None:
    for recipient, content in received.items():
        language = recipient[:2]
        message = parsed(content)
        assert message["Subject"] == " ".join(TITLE[language].split())
        assert message["Content-Language"] == language
        assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
        assert max(len(line) for line in content.split(b"\r\n")) <= 998
        assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
        assert content.isascii()
        for part in message.iter_parts():
            assert ("." in part.get_content()) is True


def test_headers_are_there_once_and_say_who_writes(received: dict[str, bytes], newsletter: Newsletter, issue: Issue) -> None:
    for recipient, content in received.items():
        message = parsed(content)
        assert sorted(set(message.keys())) == sorted(message.keys())
        assert message["From"].addresses[0].addr_spec == "uutiskirje@example.org"
        assert message["From"].addresses[0].display_name == newsletter.sender.name
        assert [address.addr_spec for address in message["Reply-To"].addresses] == ["vastaa@example.org"]
        assert [address.addr_spec for address in message["To"].addresses] == [recipient]
        row = Subscription.row({"newsletter_id": newsletter.pk, "email_key": recipient}) or {}
        assert message["Message-ID"] == message_id(issue.pk, row["_id"])
        assert parsedate_to_datetime(message["Date"]).replace(tzinfo=None) == issue.started_at.replace(microsecond=0, tzinfo=None)


def test_the_list_is_named_as_rfc_2919_asks(received: dict[str, bytes]) -> None:
    for recipient, content in received.items():
        raw = re.search(rb"(?m)^List-Id: ((?:.|\r\n[ \t])+)\r\n", content)
        assert raw is not None
        value = re.sub(rb"\r\n(?=[ \t])", b"", raw[1]).decode("ascii")
        phrase, _, identifier = value.rpartition(" ")
        assert identifier == "<uutiskirje.localhost>"
        atom = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
        assert re.fullmatch(rf"{atom}( +{atom})*", phrase), phrase
        assert str(message_from_bytes(f"Subject: {phrase}\n\n".encode(), policy=STRICT)["Subject"]) == NAME[recipient[:2]]


def test_the_commands_of_the_list_are_as_rfcs_2369_and_8058_ask(received: dict[str, bytes]) -> None:
    links = set()
    for content in received.values():
        message = parsed(content)
        unsubscribe = re.fullmatch(r"<(http://localhost/unsubscribe/[A-Za-z0-9._-]+)>", message["List-Unsubscribe"])
        assert unsubscribe is not None
        links.add(unsubscribe[1])
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Archive"] == message["List-Help"] == "<http://localhost/newsletters/uutiskirje>"
        assert message["List-Post"] == "NO"
        for part in message.iter_parts():
            assert unsubscribe[1] in part.get_content()
    assert len(links) == 6


def test_letters_are_no_answers_of_a_machine_and_want_none(received: dict[str, bytes]) -> None:
    for content in received.values():
        message = parsed(content)
        assert (message["Precedence"], message["Auto-Submitted"]) == ("bulk", None)


def test_without_a_key_letters_are_not_signed(
    app: Flask, newsletter: Newsletter, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DKIM_KEY_FILE", None)
    subscribe(newsletter, "fi@example.com")
    work_until_idle(issue_being_sent(newsletter))
    assert parsed(server.contents["fi@example.com"])["DKIM-Signature"] is None


INJECTIONS = (
    "x\r\nBcc: all@example.org",
    "x\n.\r\nQUIT\r\n",
    "=?utf-8?q?a=0D=0ABcc:_b@c.d?=",
    "a" * 3000,
    "ä" * 900,
    "\r\n\r\n<b>",
)
ODD = 'a\r\n\0\t :<>@,;"\\.=?_\u2028\x85\x0bä✓'
HOSTILE = st.one_of(st.text(max_size=60), st.text(ODD, max_size=60), st.sampled_from(INJECTIONS))


def written(newsletter: Newsletter, title: str) -> bytes:
    """A letter with this title, as it would arrive."""
    issue = Issue(id=ObjectId(), newsletter_id=newsletter.pk, title={"fi": title}, blocks=[])
    placeholders = Placeholders()
    rendered = render(newsletter, issue, "fi", placeholders.links, blocks=[])
    row = {"_id": ObjectId(), "nonce": "n"}
    data = Variant(newsletter, rendered, "fi", placeholders, utcnow()).mail(issue.pk, row, "aino@example.org")
    return re.sub(rb"(?m)^\.\.", b".", data)  # as the server hands it on


@pytest.mark.usefixtures("server")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_makes_another_header(newsletter: Newsletter, title: str, name: str, sender: str) -> None:
    plain = message_from_bytes(written(newsletter, "Otsikko")).keys()
    newsletter.name, newsletter.sender = {"fi": name}, Sender(name=sender, email="uutiskirje@example.org")
    content = written(newsletter, title)
    message = message_from_bytes(content)
    assert message.keys() == plain
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert b"\0" not in content
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert is_signed(content)


@settings(max_examples=300)
@given(st.one_of(HOSTILE, st.emails(), st.builds("{}@{}".format, HOSTILE, st.sampled_from(["example.org", "työ.fi", "a\nb.fi"]))))
def test_an_address_that_letters_come_from_is_plain_or_refused(given: str) -> None:
    try:
        address = SendingAddress().deserialize(given)
    except ValidationError:
        return
    assert re.fullmatch(r"[!-;=?-~]{1,64}@[!-;=?-~]{1,255}", address)


def test_an_address_that_carries_commands_reaches_nobody_and_stops_nothing(newsletter: Newsletter, server: FaultyServer) -> None:
    hostile = ["a@example.org>\r\nDATA\r\nx", "b@example.org\nBcc: c@example.org", "työ@example.org", "d e@example.org"]
    for address in [*hostile, "aino@example.org", "eino@työ.fi"]:
        subscribe(newsletter, address)
    issue = work_until_idle(issue_being_sent(newsletter))
    assert issue.state == "sent"
    assert server.times() == {"aino@example.org": 1, "eino@xn--ty-gka.fi": 1}
    assert count(issue.pk) == {"accepted": 2, "refused": 4}
    assert set(server.commands) <= {"EHLO", "MAIL", "RCPT", "DATA", "QUIT", "NOOP"}
    assert server.senders["aino@example.org"].startswith("bounces+")
    found = read(server.senders["aino@example.org"])
    assert found is not None
    assert found[0] == issue.pk


def test_variants_are_kept_from_job_to_job_until_somebody_edits_what_they_are_made_of(newsletter: Newsletter) -> None:
    issue = issue_being_sent(newsletter)
    kept = mailing(issue)
    assert mailing(Issue.get(issue.pk)) is kept
    Newsletter.change({"_id": newsletter.pk}, {"$set": {"reply_to": "uusi@example.org"}, "$inc": {"version": 1}})
    assert mailing(issue).newsletter.reply_to == "uusi@example.org"
    later = issue.change({"_id": issue.pk}, {"$inc": {"version": 1}})
    assert later is not None
    assert mailing(later).issue.version == later.version
