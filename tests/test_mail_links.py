"""A GET on any link in any mail changes nothing: mail scanners follow them all, and browsers fetch ahead."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, template_rendered

from events import mails as event_mails
from events.documents import Event
from events.mails import manage_link
from events.registration_documents import Offer, Registration
from network_api.app import documents
from network_api.documents import utcnow
from network_api.mail import outbox
from network_api.mail.message import MailMessage
from network_api.members.documents import Member
from network_api.networks import mails as network_mails
from network_api.networks.documents import Network
from network_api.site import mails as site_mails
from network_api.webhooks import mails as webhook_mails
from network_api.webhooks.documents import GONE, Webhook
from newsletters.documents import Newsletter
from newsletters.issues import mails as issue_mails
from newsletters.issues.rendering import Links, render
from newsletters.subscriptions import mails as subscription_mails
from tests.conftest import Api, give_role
from tests.events.factories import make_event, register
from tests.mailserver import Mailbox
from tests.newsletters.factories import issue_being_sent, make_newsletter, subscribe, work_until_idle

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"http://localhost[^\s\"'<>)\]]*")


@pytest.fixture
def rendered(app: Flask) -> Iterator[set[str]]:
    """The names of the templates that have been used."""
    names: set[str] = set()

    def note(sender: Flask, template: Any, context: Any, **more: Any) -> None:
        names.add(template.name)

    with template_rendered.connected_to(note, app):
        yield names


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    """A letter."""
    return make_newsletter(regional)


def of_event(registration: Registration, event: Event) -> Iterator[MailMessage]:
    """Every mail about a registration."""
    for name in ("confirmed", "promoted", "switched", "cancelled", "link_again", "join_link_again", "offered"):
        yield getattr(event_mails, name)(registration, event)
    yield event_mails.waiting(registration, event, 3)
    yield event_mails.offer_ended(registration, event, lapsed=True)
    for name in ("event_changed", "event_cancelled", "reminder", "thanks"):
        yield getattr(event_mails, name)(registration, event, f"test:{name}")
    person = {"name": "Yhteyshenkilö", "email": "yhteys@example.org"}
    yield event_mails.group_registered(person, [Registration.row({"_id": registration.pk}) or {}], event)


def stored() -> dict[str, list[Any]]:
    """Everything in the database."""
    return {each.collection().name: list(each.collection().find({}).sort("_id", 1)) for each in documents()}


@pytest.fixture
def mails(
    app: Flask, anyone: Api, regional: Network, newsletter: Newsletter, mailbox: Mailbox, deliver: Callable[[], None]
) -> Mailbox:
    """One of every mail that the platform sends, as it arrives."""
    event = make_event(regional, cancel_reason={"fi": "Sairastuminen"})
    assert register(anyone, event, "aino", mode="remote").status_code == 201
    registration = Registration.get((Registration.row({"email": "aino@example.org"}) or {})["_id"])
    until = utcnow() + timedelta(hours=2)
    registration, _ = registration.edit({"reminded_at": utcnow(), "offer": Offer(mode="onsite", expires_at=until)})
    coordinator = Member.of_address("koordinaattori@example.org")
    membership = give_role(coordinator, regional, "coordinator")
    row = Member.row({"_id": coordinator.pk}) or {}
    subscription = subscribe(newsletter, "lukija@example.org")
    host = Network.row({"_id": regional.pk}) or {}
    issue = issue_being_sent(newsletter)
    messages = [
        *of_event(registration, event),
        event_mails.co_host_invited(row, event, host, host),
        network_mails.invitation(membership, regional),
        network_mails.without_coordinator(row, regional),
        subscription_mails.please_confirm(subscription, newsletter),
        subscription_mails.already_subscribed(subscription, newsletter),
        issue_mails.please_approve(row, issue, newsletter, render(newsletter, issue, "fi", Links())),
        *(issue_mails.answered(row, issue, step, "Hyvä") for step in ("approved", "rejected")),
        site_mails.feedback("yllapito@example.org", "fi", "Lomake ei avaudu.", "kayttaja@example.org"),
        webhook_mails.disabled(row, Webhook(name="Nettisivut", url="https://example.org/", disabled_because=GONE)),
    ]
    for message in messages:
        outbox.put(message)
    assert anyone.post("/auth/codes", {"email": "aino@example.org"}).status_code == 202
    deliver()
    work_until_idle(issue)
    assert len(mailbox.messages) >= len(messages) + 2
    assert manage_link(registration) in links(mailbox)
    return mailbox


def links(mailbox: Mailbox) -> set[str]:
    """Every link of ours in every part and header of every mail."""
    found: set[str] = set()
    for message in mailbox.messages:
        texts = [str(value) for value in message.values()]
        texts += [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
        for text in texts:
            found |= {link.rstrip(".,;").replace("&amp;", "&") for link in LINK.findall(text)}
    return found


def test_every_mail_is_among_these(rendered: set[str], mails: Mailbox) -> None:
    templates = {path.relative_to(path.parents[1]).as_posix() for path in ROOT.glob("*/templates/*/*.txt")}
    assert {name for name in templates if not Path(name).name.startswith("_")} <= rendered


def test_a_get_on_any_link_in_any_mail_changes_nothing(app: Flask, mails: Mailbox) -> None:
    found = links(mails)
    first = {f"{urlsplit(link).path}/".split("/", maxsplit=2)[1] for link in found}
    assert first >= {"manage", "unsubscribe", "join", "newsletters"}, first
    before = stored()
    for link in sorted(found):
        address = urlsplit(link)
        for method in ("GET", "HEAD"):
            for headers in ({}, {"Purpose": "prefetch"}, {"Accept": "text/html", "User-Agent": "Mozilla/5.0"}):
                path = f"{address.path}?{address.query}" if address.query else address.path
                answer = app.test_client().open(path, method=method, headers=headers)
                assert answer.status_code < 500, (link, answer.status_code)
                assert stored() == before, link
    one_click = next(urlsplit(link).path for link in sorted(found) if "/unsubscribe/" in link)
    assert app.test_client().post(one_click, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert stored() != before  # a POST does, so the comparison would have seen it
