"""An issue on its way from writing to mailboxes."""

import re
from typing import Any

import pytest

from network_api.audit import AuditEntry
from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import (
    EDITORIAL,
    introduce,
    make_newsletter,
    send_through_the_api,
    subscribe,
    theme_day,
    work_until_idle,
)

ASSEMBLED: dict[str, Any] = {"assemble": True, "title": {"fi": "Marraskuun kirje"}, "blocks": [EDITORIAL]}


def test_an_assembled_issue_reaches_its_confirmed_subscribers_in_both_parts(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network, mailbox: Mailbox
) -> None:
    theme_day(regional)
    introduce(regional, "aino@example.org", "Hei, olen **Aino** ja etsin kumppania.")
    subscribe(newsletter, "tilaaja@example.org")
    subscribe(newsletter, "epailija@example.org", "pending")
    path = send_through_the_api(editor, coordinator, newsletter.pk, ASSEMBLED)
    work_until_idle(Issue.get(path.split("/")[-1]))
    assert coordinator.get(path).json["state"] == "sent"
    assert coordinator.get(f"{path}/deliveries").json["counts"] == {"accepted": 1}
    assert coordinator.get(path).json["audience"]["excluded"] == {"pending": 1}
    assert mailbox.to("epailija@example.org") == []
    [mail] = mailbox.to("tilaaja@example.org")
    text = mailbox.text_to("tilaaja@example.org")
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for part in (text, html):
        assert "tervehdys toimituksesta" in part
        assert "Työhönvalmennuksen teemapäivä" in part
        assert "Aino" in part
    assert mail["Subject"] == "Marraskuun kirje"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<uutiskirje.localhost>" in mail["List-Id"]


def test_the_links_of_a_letter_are_whole_and_personal(
    editor: Api, coordinator: Api, anyone: Api, newsletter: Newsletter, mailbox: Mailbox
) -> None:
    subscribe(newsletter, "tilaaja@example.org")
    path = send_through_the_api(editor, coordinator, newsletter.pk, {"blocks": [EDITORIAL]})
    work_until_idle(Issue.get(path.split("/")[-1]))
    [mail] = mailbox.to("tilaaja@example.org")
    one_click = re.search(r"<http://localhost(/unsubscribe/\S+)>", mail["List-Unsubscribe"])
    assert one_click
    text = mailbox.text_to("tilaaja@example.org")
    assert f"http://localhost{one_click[1]}" in text
    manage = re.search(r"http://localhost(/manage/subscriptions/\S+)", text)
    assert manage
    assert anyone.get(manage[1]).json["state"] == "active"


def test_what_is_withdrawn_after_approval_is_not_sent_and_the_audit_log_names_it(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network, mailbox: Mailbox
) -> None:
    event = theme_day(regional)
    member = introduce(regional, "aino@example.org", "Hei, olen Aino.")
    subscribe(newsletter, "tilaaja@example.org")
    path = send_through_the_api(editor, coordinator, newsletter.pk, ASSEMBLED)
    event.change({"_id": event.pk}, {"$set": {"status": "cancelled"}})
    Member.get(member.pk).withdraw_introduction()
    issue = work_until_idle(Issue.get(path.split("/")[-1]))
    assert issue.state == "sent"
    text = mailbox.text_to("tilaaja@example.org")
    assert "Aino" not in text
    assert "teemapäivä" not in text
    assert "tervehdys" in text
    named = [
        row["changes"]["blocks"]["before"]
        for row in AuditEntry.rows({"target_id": issue.pk})
        if row["action"] == "issue.block_fell_out"
    ]
    assert sorted(named) == [f"event:{event.pk}", f"introduction:{member.pk}"]


@pytest.mark.parametrize(("audience", "newsletter_consent"), [("members", True), ("network", True), ("public", False)])
def test_an_introduction_needs_both_consents_to_be_assembled(
    editor: Api, newsletter: Newsletter, regional: Network, audience: str, newsletter_consent: bool
) -> None:
    introduce(regional, "aino@example.org", "Hei, olen Aino.", audience=audience, newsletter=newsletter_consent)
    made = editor.post(f"/newsletters/{newsletter.pk}/issues", {"assemble": True, "title": {"fi": "Kirje"}})
    assert made.json["blocks"] == []


def test_each_reader_gets_the_letter_in_their_language(
    editor: Api, coordinator: Api, regional: Network, mailbox: Mailbox
) -> None:
    newsletter = make_newsletter(regional, "tvasprakig", languages=["fi", "sv"])
    theme_day(regional)
    subscribe(newsletter, "tilaaja@example.org")
    subscribe(newsletter, "prenumerant@example.org", language="sv")
    blocks = [{"section": "editorial", "text": {"fi": "Hyvät verkostolaiset", "sv": "Kära nätverk"}}]
    path = send_through_the_api(editor, coordinator, newsletter.pk, {"assemble": True, "blocks": blocks})
    work_until_idle(Issue.get(path.split("/")[-1]))
    finnish, swedish = mailbox.text_to("tilaaja@example.org"), mailbox.text_to("prenumerant@example.org")
    assert "Hyvät verkostolaiset" in finnish
    assert "Teemapäivät" in finnish
    assert "Peru tilaus:" in finnish
    assert "Kära nätverk" in swedish
    assert "Temadagar" in swedish
    assert "Hyvät" not in swedish


def test_a_subscriber_of_one_section_gets_that_and_the_editorial(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network, mailbox: Mailbox
) -> None:
    theme_day(regional)
    introduce(regional, "aino@example.org", "Hei, olen Aino.")
    subscribe(newsletter, "tilaaja@example.org", sections=["introductions"])
    path = send_through_the_api(editor, coordinator, newsletter.pk, ASSEMBLED)
    work_until_idle(Issue.get(path.split("/")[-1]))
    text = mailbox.text_to("tilaaja@example.org")
    assert "Aino" in text
    assert "tervehdys" in text
    assert "teemapäivä" not in text


def test_the_archive_shows_what_was_sent_less_what_has_been_withdrawn_since(
    anyone: Api, editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    event = theme_day(regional)
    member = introduce(regional, "aino@example.org", "Hei, olen Aino.")
    path = send_through_the_api(editor, coordinator, newsletter.pk, ASSEMBLED)
    page = f"/newsletters/uutiskirje/{path.split('/')[-1]}"
    assert anyone.client.get(page).status_code == 404
    work_until_idle(Issue.get(path.split("/")[-1]))
    assert page in anyone.client.get("/newsletters/uutiskirje").text
    event.change({"_id": event.pk}, {"$set": {"starts_at": event.published_at, "ends_at": event.published_at}})
    shown = anyone.client.get(page).text
    assert "Aino" in shown
    assert "teemapäivä" in shown
    Member.get(member.pk).withdraw_introduction()
    assert "Aino" not in anyone.client.get(page).text
    assert anyone.client.get("/newsletters/tuntematon").status_code == 404


def test_a_preview_is_styled_and_runs_nothing(editor: Api, newsletter: Newsletter) -> None:
    made = editor.post(f"/newsletters/{newsletter.pk}/issues", {"blocks": [EDITORIAL]}).json
    shown = editor.get(f"/issues/{made['id']}/preview")
    assert shown.mimetype == "text/html"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
