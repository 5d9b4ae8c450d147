"""The gate before approval, comments, and who is told of what."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from bson import ObjectId

from network_api import audit
from network_api.audit import AuditEntry
from network_api.feature import Person
from network_api.members.documents import Member
from network_api.networks.documents import Network
from network_api.outbound import IpAddress
from newsletters.documents import Newsletter
from newsletters.feature import erase_person, export_person
from newsletters.issues import palette
from newsletters.issues.checks import CHECKS
from newsletters.issues.documents import Issue
from newsletters.issues.link_check import unreachable
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import contribute, introduce, make_newsletter, subscribe, theme_day


def begin(editor: Api, newsletter: Newsletter, text: str = "Hei.", **given: Any) -> str:
    body = {"title": {"fi": "Kirje"}, "blocks": [{"section": "editorial", "text": {"fi": text}}], **given}
    made = editor.post(f"/newsletters/{newsletter.pk}/issues", body)
    assert made.status_code == 201, made.json
    return f"/issues/{made.json['id']}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("![](https://example.org/a.png)", "alt_text_missing"),
        ("![kuva](http://example.org/a.png)", "image_bad"),
        ("[x](/uutiset)", "link_bad"),
        ("[x](javascript:alert(1))", "link_bad"),
        ("[x](https://example)", "link_bad"),
        ("[x](mailto:toimitus)", "link_bad"),
        ("ä" * 19_000 + "\n\n" + "ö" * 900, None),
    ],
)
def test_each_fault_of_a_text_is_named_with_its_block(editor: Api, newsletter: Newsletter, text: str, code: str | None) -> None:
    path = begin(editor, newsletter, text)
    found = editor.get(f"{path}/checks").json
    assert [failure["code"] for failure in found["failures"]] == ([code] if code else [])
    assert all((failure["block"], failure["language"]) == (0, "fi") for failure in found["failures"])
    submitted = editor.post(f"{path}/submit")
    assert submitted.status_code == (409 if code else 200)
    if code:
        assert submitted.json["code"] == "checks_failed"
        assert submitted.json["errors"]["blocks.0"][0].startswith(code)


def test_a_letter_that_programs_would_cut_off_is_too_large(editor: Api, newsletter: Newsletter) -> None:
    blocks = [{"section": "editorial", "text": {"fi": "a" * 19_000}}] * 6
    found = editor.get(f"{begin(editor, newsletter, blocks=blocks)}/checks").json
    assert {failure["code"] for failure in found["failures"]} == {"too_large"}


def test_an_issue_without_anything_to_read_or_with_too_long_a_subject_is_stopped(editor: Api, newsletter: Newsletter) -> None:
    path = begin(editor, newsletter, blocks=[], title={"fi": "x" * 160})
    codes = {failure["code"] for failure in editor.get(f"{path}/checks").json["failures"]}
    assert codes == {"no_content", "title_too_long"}


def test_another_language_is_a_notice_and_no_failure(editor: Api, regional: Network) -> None:
    newsletter = make_newsletter(regional, "kaksi", languages=["fi", "sv"])
    found = editor.get(f"{begin(editor, newsletter)}/checks").json
    assert found["passed"] is True
    assert [(one["code"], one["block"], one["language"]) for one in found["notices"]] == [
        ("other_language", None, "sv"),
        ("other_language", 0, "sv"),
    ]


def test_the_palette_can_be_read_by_day_and_by_night() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert palette.too_pale(palette.LIGHT) == palette.too_pale(palette.DARK) == []
    assert [text for text, *_ in palette.too_pale({**palette.LIGHT, "muted": "#999999"})] == ["muted"] * 3
    assert len(CHECKS) == 6


class Answering(BaseHTTPRequestHandler):
    """A server with a page, a hole, and ways into other networks."""

    def do_HEAD(self) -> None:
        where = {"/into": "http://127.0.0.2:1/", "/round": "/round", "/on": "/here", "/file": "file:///etc/passwd"}.get(self.path)
        self.send_response(302 if where else 404 if self.path == "/gone" else 200)
        if where:
            self.send_header("Location", where)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def website() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def only_this_website(address: IpAddress) -> bool:
    return str(address) == "127.0.0.1"


def test_links_are_followed_but_not_into_other_networks(website: str) -> None:
    links = [f"{website}{path}" for path in ("/", "/gone", "/into", "/round", "/on", "/file")]
    found = {link.removeprefix(website): reason for link, reason in unreachable(links, only_this_website).items()}
    assert found == {
        "/gone": "The server answers 404.",
        "/into": "It leads into a private network.",
        "/round": "It leads from one place to the next without end.",
        "/file": "It leads out of the web.",
    }


def test_links_are_tried_only_where_the_setting_says_so(
    app: Any, editor: Api, newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = begin(editor, newsletter, "[x](http://127.0.0.1/)")
    assert editor.get(f"{path}/checks").json["passed"] is True
    monkeypatch.setitem(app.config, "CHECK_LINKS", True)
    assert [one["code"] for one in editor.get(f"{path}/checks").json["failures"]] == ["link_unreachable"]


def test_those_who_may_approve_are_told_in_their_language_and_the_author_of_the_answer(
    signed_in: Callable[..., Api],
    editor: Api,
    coordinator: Api,
    newsletter: Newsletter,
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    coordinator.patch("/members/me", {"language": "sv"})
    path = begin(editor, newsletter, "Hei, arvoisat.")
    editor.post(f"{path}/submit")
    deliver()
    assert mailbox.to("koordinaattori@example.org")[0]["Subject"] == "Läs gärna: Kirje"
    assert "Hei, arvoisat." in mailbox.text_to("koordinaattori@example.org")
    assert mailbox.to("toimittaja@example.org") == []
    rejected = coordinator.post(f"{path}/reject", {"reason": "Alku on liian pitkä."})
    assert (rejected.status_code, rejected.json["state"]) == (200, "draft")
    assert coordinator.post(f"{path}/reject", {"reason": "x"}).json["code"] == "wrong_state"
    deliver()
    assert "Alku on liian pitkä." in mailbox.text_to("toimittaja@example.org")
    assert [one["text"] for one in editor.get(f"{path}/comments").json["items"]] == ["Alku on liian pitkä."]
    editor.post(f"{path}/submit")
    assert coordinator.post(f"{path}/approve").status_code == 200
    deliver()
    assert mailbox.to("toimittaja@example.org")[-1]["Subject"] == "Hyväksytty: Kirje"
    steps = [row["action"] for row in AuditEntry.rows({"target_id": ObjectId(path.split("/")[-1])}, sort=[("_id", 1)])]
    assert steps == ["issue.made", "issue.submitted", "issue.rejected", "issue.submitted", "issue.approved"]


def test_comments_are_their_authors_own_and_go_with_them(editor: Api, coordinator: Api, newsletter: Newsletter) -> None:
    path = begin(editor, newsletter)
    said = editor.post(f"{path}/comments", {"text": "Hieno alku.", "block": 0})
    assert said.status_code == 201
    assert editor.post(f"{path}/comments", {"text": "x", "block": 9}).status_code == 422
    assert coordinator.delete(f"{path}/comments/{said.json['id']}").status_code == 404
    coordinator.post(f"{path}/comments", {"text": "Samaa mieltä."})
    writer = Member.of_address("toimittaja@example.org")
    person = Person(writer.pk, writer.email_key)
    assert [row["text"] for row in export_person(person)["issue_comments"]] == ["Hieno alku."]
    for _ in range(2):
        erase_person(person)
    assert [one["text"] for one in editor.get(f"{path}/comments").json["items"]] == ["Samaa mieltä."]
    own = coordinator.get(f"{path}/comments").json["items"][0]
    assert coordinator.delete(f"{path}/comments/{own['id']}").status_code == 204


def test_a_contribution_can_be_edited_until_it_is_told_and_always_be_withdrawn(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    newsletter.edit({"sections": ["editorial", "news"]})
    given = {"section": "news", "title": {"fi": "Uutinen"}, "text": {"fi": "Teksti."}}
    made = editor.post(f"/networks/{regional.pk}/contributions", given)
    path = f"/contributions/{made.json['id']}"
    assert editor.patch(path, {"text": {"sv": "Text."}}, If_Match=made.headers["ETag"]).status_code == 422
    picture = {"url": "https://example.org/a.png", "alt": {"sv": "En bild"}}
    assert editor.patch(path, {"image": picture}, If_Match=made.headers["ETag"]).status_code == 422
    changed = editor.patch(path, {"text": {"fi": "Toinen."}}, If_Match=made.headers["ETag"])
    issue = begin(editor, newsletter, assemble=True)
    for caller, step in ((editor, "submit"), (coordinator, "approve"), (coordinator, "send")):
        assert caller.post(f"{issue}/{step}").status_code in (200, 202)
    assert editor.get(path).json["told_at"] is not None
    late = editor.patch(path, {"text": {"fi": "Kolmas."}}, If_Match=changed.headers["ETag"])
    assert (late.status_code, late.json["code"]) == (409, "already_told")
    writer = Member.of_address("toimittaja@example.org")
    assert len(export_person(Person(writer.pk, writer.email_key))["contributions"]) == 1
    erase_person(Person(writer.pk, writer.email_key))
    assert editor.get(path).json["author_id"] is None
    assert editor.delete(path, If_Match=changed.headers["ETag"]).status_code == 204


def test_an_introduction_goes_out_of_issues_and_their_audit_log_with_its_person(
    editor: Api, regional: Network, newsletter: Newsletter
) -> None:
    member = introduce(regional, "aino@example.org", "Valmennan Hanskassa.")
    path = begin(editor, newsletter, assemble=True)
    issue_id = ObjectId(path.split("/")[-1])
    before = Issue.get(issue_id)
    assert "Hanskassa" in str(before.to_mongo())
    blocks = [block.to_mongo() for block in before.blocks]
    audit.record(None, "issue.changed", issue_id, changes={"blocks": {"before": [], "after": blocks}})
    assert "Hanskassa" in str(export_person(Person(member.pk, member.email_key))["introductions_in_letters"])
    for _ in range(2):
        erase_person(Person(member.pk, member.email_key))
    Member.remove({"_id": member.pk})
    after = Issue.get(issue_id)
    assert (len(after.blocks), after.content_hash) == (len(before.blocks), before.content_hash)
    assert "Hanskassa" not in str(after.to_mongo())
    assert "Hanskassa" not in str(AuditEntry.rows({}))
    assert editor.get(path).status_code == editor.get(f"{path}/preview").status_code == 200
    assert "Hanskassa" not in editor.get(f"{path}/preview").text


def test_variants_follow_languages_sections_and_regions_and_equal_ones_are_one(
    editor: Api, national: Network, regional: Network, other_region: Network, signed_in: Callable[..., Api]
) -> None:
    letter = make_newsletter(
        national, "kansallinen", languages=["fi", "sv"], sections=["editorial", "events", "introductions", "news"]
    )
    chief = signed_in("valtakunta@example.org", national, "editor")
    theme_day(regional, "Jyväskylä")
    theme_day(other_region, "Rovaniemi")
    introduce(other_region, "aino@example.org", "Hei.")
    contribute(national, "Kaikille")
    choices: dict[str, dict[str, Any]] = {
        "a": {},
        "b": {"regions": ["FI-08"]},
        "c": {"regions": ["FI-08", "FI-09"]},
        "d": {"sections": ["news"]},
    }
    for address, chosen in choices.items():
        subscribe(letter, f"{address}@example.org", **chosen)
    subscribe(letter, "e@example.org", language="sv", regions=["FI-10"])
    subscribe(letter, "f@example.org", "pending")
    path = begin(chief, letter, assemble=True)
    found = chief.get(f"{path}/variants").json["items"]
    assert {(one["language"], tuple(one["blocks"])): one["recipients"] for one in found} == {
        ("fi", (0, 1, 2, 3, 4)): 1,
        ("fi", (0, 1, 4)): 2,
        ("fi", (0, 4)): 1,
        ("sv", (0, 2, 3, 4)): 1,
        ("sv", (0, 1, 2, 3, 4)): 0,
    }
    (one,) = (one for one in found if one["recipients"] == 2)
    shown = chief.get(f"{path}/preview?variant={one['id']}&format=text").text
    assert ("Jyväskylä" in shown, "Rovaniemi" in shown, "Kaikille" in shown) == (True, False, True)
    assert chief.get(f"{path}/preview?language=fi&region=FI-08&format=text").text == shown
    assert chief.get(f"{path}/preview?variant=fi.fff").status_code == 422
    assert chief.get(f"{path}/preview?variant=xx.1").status_code == 422
