"""The statements, and the form by which people say what does not work."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from network_api.mail.outbox import OutgoingMail
from tests.conftest import Api
from tests.mailserver import Mailbox

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def send(visitor: FlaskClient, deliver: Callable[[], None]) -> Callable[..., int]:
    """Send feedback; the status."""

    def sent(message: str, email: str = "") -> int:
        answer = visitor.post("/accessibility", data={"message": message, "email": email}, headers=ENGLISH)
        deliver()
        return answer.status_code

    return sent


def test_feedback_reaches_every_administrator_and_can_be_answered(
    send: Callable[..., int], mailbox: Mailbox, signed_in: Callable[..., Api]
) -> None:
    for who in ("eka", "toka"):
        signed_in(f"{who}@example.org", administrator=True)
    assert send("Kartta ei suurene.\nPuhelimella.", "aino@example.org") == 303
    for who in ("eka", "toka"):
        text = "\n".join(mailbox.text_to(f"{who}@example.org").splitlines())
        assert "Kartta ei suurene.\nPuhelimella." in text
        assert "aino@example.org" in text
    assert {message["Reply-To"] for message in mailbox.messages} == {"aino@example.org"}
    assert [row.get("text") for row in OutgoingMail.rows({})] == [None, None]


def test_it_goes_to_the_contact_address_where_there_is_one(
    app: Flask, send: Callable[..., int], mailbox: Mailbox, signed_in: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in("admin@example.org", administrator=True)
    monkeypatch.setitem(app.config, "CONTACT_ADDRESS", "Tuki <tuki@example.org>")
    assert send("Ei toimi.") == 303
    assert [message["To"] for message in mailbox.messages] == ["tuki@example.org"]
    assert mailbox.messages[0]["Reply-To"] is None


def test_without_administrators_it_goes_to_the_sender_of_our_mails(send: Callable[..., int], mailbox: Mailbox) -> None:
    assert send("Ei toimi.") == 303
    assert [message["To"] for message in mailbox.messages] == ["network@example.org"]


@pytest.mark.parametrize(
    ("message", "email", "field"), [("", "", "message"), ("x" * 5001, "", "message"), ("Hei", "aino at work", "email")]
)
def test_a_mistake_keeps_what_was_typed(visitor: FlaskClient, message: str, email: str, field: str) -> None:
    answer = visitor.post("/accessibility", data={"message": message, "email": email}, headers=ENGLISH)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert message in answer.text
    assert email in answer.text
    assert OutgoingMail.row({}) is None


def test_a_header_cannot_be_slipped_in(visitor: FlaskClient) -> None:
    answer = visitor.post("/accessibility", data={"message": "Hei", "email": "a@example.org\r\nBcc: b@example.org"})
    assert answer.status_code == 422


def test_feedback_is_limited(limited: Callable[..., Flask]) -> None:
    client = limited(RATELIMIT_FEEDBACK="2 per minute").test_client()
    seen = [client.post("/accessibility", data={"message": "Hei"}).status_code for _ in range(3)]
    assert seen == [303, 303, 429]


def test_the_privacy_notice_tells_the_terms_that_are_set(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RETAIN_REGISTRATIONS_DAYS", 211)
    monkeypatch.setitem(app.config, "RETAIN_NEEDS_DAYS", 1)
    monkeypatch.setitem(app.config, "SESSION_DAYS", 17)
    monkeypatch.setitem(app.config, "RETAIN_UNSUBSCRIBED_DAYS", 123)
    monkeypatch.setitem(app.config, "RETAIN_UNCONFIRMED_DAYS", 9)
    monkeypatch.setitem(app.config, "RETAIN_BOUNCES_DAYS", 321)
    monkeypatch.setitem(app.config, "CONTROLLER_NAME", "Esimerkkisäätiö")
    monkeypatch.setitem(app.config, "CONTACT_ADDRESS", "tietosuoja@example.org")
    page = visitor.get("/privacy", headers=ENGLISH).text
    for told in (
        "211 days after",
        "One day after the theme day.",
        "for 17 days",
        "123 days after you have left",
        "after 9 days",
        "why: 321 days",
        "Esimerkkisäätiö",
        "mailto:tietosuoja@example.org",
    ):
        assert told in page


def test_the_accessibility_statement_has_what_the_act_asks_for(visitor: FlaskClient) -> None:
    page = visitor.get("/accessibility", headers={"Accept-Language": "fi"}).text
    for told in (
        "306/2019",
        "osittain",
        "kahden viikon",
        "Traficom",
        "saavutettavuusvaatimukset.fi",
        "24. marraskuuta 2026",
        "<form",
    ):
        assert told in page
