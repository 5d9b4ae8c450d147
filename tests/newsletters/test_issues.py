"""Writing and approving: four eyes, states, and who may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.dispatch import tasks
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import EDITORIAL, introduce, send_through_the_api, theme_day, work_until_idle

BODY: dict[str, Any] = {"title": {"fi": "Marraskuun kirje"}, "blocks": [EDITORIAL]}


def begin(writer: Api, newsletter: Newsletter, body: dict[str, Any] = BODY) -> str:
    made = writer.post(f"/newsletters/{newsletter.pk}/issues", body)
    assert made.status_code == 201, made.json
    return f"/issues/{made.json['id']}"


def test_nobody_approves_what_they_wrote_or_edited_last(
    signed_in: Callable[..., Api], coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    path = begin(coordinator, newsletter)
    coordinator.post(f"{path}/submit")
    own = coordinator.post(f"{path}/approve")
    assert (own.status_code, own.json["code"]) == (403, "own_issue")
    second = signed_in("toinen@example.org", regional, "coordinator")
    second.patch(path, {"title": {"fi": "Uusi"}}, If_Match=second.get(path).headers["ETag"])
    second.post(f"{path}/submit")
    assert second.post(f"{path}/approve").json["code"] == "own_issue"
    third = signed_in("kolmas@example.org", regional, "coordinator")
    assert third.post(f"{path}/approve").json["state"] == "approved"


def test_any_edit_voids_the_approval(editor: Api, coordinator: Api, newsletter: Newsletter) -> None:
    path = begin(editor, newsletter)
    editor.post(f"{path}/submit")
    approved = coordinator.post(f"{path}/approve")
    assert approved.json["approval"]["content_hash"] == approved.json["content_hash"]
    edited = editor.patch(path, {"title": {"fi": "Toinen otsikko"}}, If_Match=approved.headers["ETag"])
    assert (edited.json["state"], edited.json["approval"]) == ("draft", None)
    assert coordinator.post(f"{path}/send").json["code"] == "wrong_state"


def test_an_approver_can_insist_on_what_they_have_read(editor: Api, coordinator: Api, newsletter: Newsletter) -> None:
    path = begin(editor, newsletter)
    read = coordinator.get(path)
    editor.patch(path, {"title": {"fi": "Vaihdettu"}}, If_Match=read.headers["ETag"])
    editor.post(f"{path}/submit")
    refused = coordinator.post(f"{path}/approve", {"content_hash": read.json["content_hash"]})
    assert (refused.status_code, refused.json["code"]) == (409, "content_changed")


def test_editing_needs_the_version_that_was_read(editor: Api, newsletter: Newsletter) -> None:
    path = begin(editor, newsletter)
    tag = editor.get(path).headers["ETag"]
    assert editor.patch(path, {"title": {"fi": "x"}}).status_code == 428
    assert editor.patch(path, {"title": {"fi": "x"}}, If_Match=tag).status_code == 200
    assert editor.patch(path, {"title": {"fi": "y"}}, If_Match=tag).status_code == 412


@pytest.mark.parametrize(
    ("steps", "step"),
    [
        ([], "approve"),
        ([], "send"),
        ([], "pause"),
        ([], "resume"),
        (["submit"], "submit"),
        (["submit"], "send"),
        (["submit", "approve", "send"], "approve"),
        (["submit", "approve", "send"], "resume"),
        (["submit", "cancel"], "submit"),
    ],
)
def test_steps_out_of_order_are_refused(
    editor: Api, coordinator: Api, newsletter: Newsletter, steps: list[str], step: str
) -> None:
    path = begin(editor, newsletter)
    for earlier in steps:
        assert coordinator.post(f"{path}/{earlier}").status_code in (200, 202)
    refused = coordinator.post(f"{path}/{step}")
    assert (refused.status_code, refused.json["code"]) == (409, "wrong_state")


def test_what_has_been_sent_can_be_neither_edited_nor_deleted(editor: Api, coordinator: Api, newsletter: Newsletter) -> None:
    path = send_through_the_api(editor, coordinator, newsletter.pk, BODY)
    work_until_idle(Issue.get(path.split("/")[-1]))
    tag = editor.get(path).headers["ETag"]
    assert editor.patch(path, {"title": {"fi": "x"}}, If_Match=tag).json["code"] == "wrong_state"
    assert editor.delete(path, If_Match=tag).json["code"] == "wrong_state"
    again = coordinator.post(f"{path}/send")
    assert (again.status_code, again.json["state"]) == (202, "sent")


def test_a_scheduled_issue_starts_when_its_time_has_come(editor: Api, coordinator: Api, newsletter: Newsletter) -> None:
    path = begin(editor, newsletter)
    editor.post(f"{path}/submit")
    coordinator.post(f"{path}/approve")
    assert coordinator.post(f"{path}/schedule", {"send_at": "2020-01-01T08:00:00Z"}).status_code == 422
    at = (utcnow() + timedelta(hours=1)).isoformat()
    assert coordinator.post(f"{path}/schedule", {"send_at": at}).json["state"] == "scheduled"
    tasks.sweep()
    assert coordinator.get(path).json["state"] == "scheduled"
    Issue.change({"_id": Issue.get(path.split("/")[-1]).pk}, {"$set": {"send_at": utcnow()}})
    tasks.sweep()
    assert work_until_idle(Issue.get(path.split("/")[-1])).state == "sent"


def test_assembly_tells_introductions_once_and_theme_days_shortly_the_second_time(
    editor: Api, newsletter: Newsletter, regional: Network, other_region: Network
) -> None:
    theme_day(regional)
    theme_day(other_region, "Lapin päivä")
    theme_day(regional, "Luonnos", status="draft")
    introduce(regional, "aino@example.org", "Hei, olen Aino.")
    body = {"assemble": True, "title": {"fi": "Kirje"}}
    first, second = (editor.post(f"/newsletters/{newsletter.pk}/issues", body).json["blocks"] for _ in range(2))
    assert [block["section"] for block in first] == ["events", "introductions"]
    assert "Työnantajayhteistyö käytännössä" in first[0]["text"]["fi"]
    assert [block["section"] for block in second] == ["events"]
    assert "Työnantajayhteistyö käytännössä" not in second[0]["text"]["fi"]


def test_a_national_letter_tells_what_the_networks_below_do(
    signed_in: Callable[..., Api], national: Network, regional: Network, newsletter: Newsletter
) -> None:
    theme_day(regional)
    writer = signed_in("valtakunta@example.org", national, "coordinator")
    made = writer.post(
        "/newsletters",
        {
            "name": {"fi": "Valtakunnallinen kirje"},
            "network_id": str(national.pk),
            "sender": {"name": "Ryhmä", "email": "kirje@example.org"},
        },
    )
    assert (made.status_code, made.json["slug"]) == (201, "valtakunnallinen-kirje")
    issue = writer.post(f"/newsletters/{made.json['id']}/issues", {"assemble": True, "title": {"fi": "Kirje"}})
    assert len(issue.json["blocks"]) == 1


def test_markdown_carries_no_script(editor: Api, newsletter: Newsletter) -> None:
    text = "Hei <script>alert(1)</script> [x](javascript:alert(1)) [y](https://example.org)"
    path = begin(editor, newsletter, {"title": {"fi": "Kirje"}, "blocks": [{"section": "editorial", "text": {"fi": text}}]})
    html = editor.get(f"{path}/preview?format=html").text
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'href="https://example.org"' in html
    assert "https://example.org" in editor.get(f"{path}/preview?format=text").text


def test_a_test_letter_goes_to_the_address_that_was_given(
    editor: Api, newsletter: Newsletter, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    path = begin(editor, newsletter)
    assert editor.post(f"{path}/test-send", {"email": "koe@example.org"}).status_code == 200
    deliver()
    assert "tervehdys" in mailbox.text_to("koe@example.org")


READS = [
    ("GET", "/newsletters/{n}/issues"),
    *(("GET", "{i}" + part) for part in ("", "/preview", "/variants", "/checks", "/comments")),
]
EDITS = [
    ("POST", "/newsletters/{n}/issues"),
    ("PATCH", "{i}"),
    ("DELETE", "{i}"),
    ("POST", "{i}/submit"),
    ("POST", "{i}/test-send"),
    ("POST", "{i}/assemble"),
    ("POST", "{i}/comments"),
]
COORDINATES = [
    ("PATCH", "/newsletters/{n}"), ("GET", "/newsletters/{n}/subscribers"), ("GET", "/newsletters/{n}/subscribers.csv"),
    ("GET", "{i}/deliveries"), ("GET", "{i}/deliveries.csv"), ("POST", "{i}/deliveries/resolve"),
    *(("POST", "{i}/" + step) for step in ("approve", "reject", "schedule", "send", "pause", "resume", "cancel")),
]  # fmt: skip


@pytest.fixture
def outsiders(signed_in: Callable[..., Api], regional: Network, other_region: Network) -> list[Api]:
    """A plain member of the network, and somebody who coordinates another one."""
    return [signed_in("jasen@example.org", regional, "member"), signed_in("muu@example.org", other_region, "coordinator")]


@pytest.mark.parametrize(("method", "path"), READS + EDITS + COORDINATES)
def test_who_may(
    anyone: Api, outsiders: list[Api], editor: Api, coordinator: Api, newsletter: Newsletter, method: str, path: str
) -> None:
    url = path.format(n=newsletter.pk, i=begin(editor, newsletter))

    def answer(caller: Api) -> int:
        return caller(method, url, {} if method in ("POST", "PATCH") else None).status_code

    assert answer(anyone) == 401
    assert {answer(outsider) for outsider in outsiders} == ({404} if path.startswith("{i}") else {403})
    assert (answer(editor) == 403) == ((method, path) in COORDINATES)
    assert answer(coordinator) not in (401, 403, 404)


@pytest.mark.parametrize("role", ["member", "editor"])
def test_founding_a_newsletter_takes_a_coordinator(signed_in: Callable[..., Api], regional: Network, role: str) -> None:
    body = {"network_id": str(regional.pk)}
    assert signed_in("joku@example.org", regional, role).post("/newsletters", body).status_code == 403
    assert signed_in("koko@example.org", regional, "coordinator").post("/newsletters", body).status_code == 422


def test_a_newsletter_is_public_and_edited_with_its_version(anyone: Api, coordinator: Api, newsletter: Newsletter) -> None:
    path = f"/newsletters/{newsletter.pk}"
    read = anyone.get(path)
    assert read.json["slug"] == "uutiskirje"
    assert coordinator.patch(path, {"name": {"fi": "Uusi"}}).status_code == 428
    changed = coordinator.patch(path, {"name": {"fi": "Uusi"}}, If_Match=read.headers["ETag"])
    assert changed.json["name"] == {"fi": "Uusi"}
    assert [row["id"] for row in anyone.get("/newsletters").json["items"]] == [str(newsletter.pk)]
    twin = {
        "slug": "uutiskirje",
        "name": {"fi": "x"},
        "network_id": str(newsletter.network_id),
        "sender": {"name": "x", "email": "x@example.org"},
    }
    assert coordinator.post("/newsletters", twin).json["code"] == "slug_taken"
