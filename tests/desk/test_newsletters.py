"""Newsletters on the desk: an issue from its beginning to its sending, with every refusal in words."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from network_api.networks.documents import Network
from newsletters.bounces.documents import Bounce
from newsletters.dispatch.ledger import count
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.desk.conftest import Person
from tests.mailserver import Mailbox
from tests.newsletters.factories import make_newsletter, subscribe, theme_day, work_until_idle
from tests.newsletters.smtp import FaultyServer
from tests.queries import queries


@pytest.fixture
def path(editor: Person, newsletter: Newsletter, regional: Network) -> str:
    """The page of an issue that the editor has begun; it tells a theme day."""
    theme_day(regional, "Verkostopäivä")
    typed = {"title.fi": "Marraskuun kirje", "assemble": "yes"}
    answer = editor.send(f"/desk/newsletters/{newsletter.pk}/issues", typed)
    assert answer.status_code == 303
    return str(answer.location.partition("#")[0])


def issue_of(path: str) -> Issue:
    return Issue.get(path.rpartition("/")[2])


def typed_of(path: str, **others: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands, with the line ends of forms."""
    issue = issue_of(path)
    typed = {"version": str(issue.version), **{f"title.{code}": text for code, text in issue.title.items()}, "do": "save"}
    for place, block in enumerate(issue.blocks):
        name = f"blocks.{place}"
        typed |= {f"{name}.section": block.section}
        typed |= {f"{name}.text.{code}": text.replace("\n", "\r\n") for code, text in block.text.items()}
        typed |= {f"{name}.{mark}": "yes" for mark in ("pinned", "hidden", "edited") if getattr(block, mark)}
        if block.source:
            typed |= {f"{name}.source": f"{block.source.type}:{block.source.id}:{block.source.version}"}
    return {**typed, **others}


def test_pieces_are_added_moved_marked_and_taken_out(editor: Person, path: str) -> None:
    new = {"new.section": "editorial", "new.text.fi": "Hyvää *talvea*", "new.text.sv": "God vinter", "do": "add"}
    assert editor.send(path, typed_of(path, **new)).status_code == 303
    assert [block.section for block in issue_of(path).blocks] == ["events", "editorial"]
    assert issue_of(path).blocks[1].text == {"fi": "Hyvää *talvea*", "sv": "God vinter"}
    for step in ("up.1", "pin.0", "hide.1"):
        assert editor.send(path, typed_of(path, do=step)).status_code == 303
    first, second = issue_of(path).blocks
    assert (first.section, first.pinned, second.section, second.hidden) == ("editorial", True, "events", True)
    assert editor.send(path, typed_of(path, do="remove.1")).status_code == 303
    assert editor.send(path, typed_of(path, do="up.7")).status_code == 303
    assert [block.section for block in issue_of(path).blocks] == ["editorial"]


def test_words_of_a_source_stay_its_own_until_somebody_changes_them(editor: Person, path: str) -> None:
    assert "\n" in issue_of(path).blocks[0].text["fi"]
    editor.send(path, typed_of(path))
    assert not issue_of(path).blocks[0].edited
    editor.send(path, typed_of(path, **{"blocks.0.text.fi": "Omin sanoin"}))
    assert (issue_of(path).blocks[0].edited, issue_of(path).blocks[0].text["fi"]) == (True, "Omin sanoin")
    assert "Take the source's words again" in editor.get(path).text
    editor.send(path, typed_of(path, do="reread.0"))
    assert not issue_of(path).blocks[0].edited


def test_an_edit_of_an_older_version_says_so_and_keeps_what_was_typed(editor: Person, coordinator: Person, path: str) -> None:
    typed = typed_of(path, **{"title.fi": "Myöhästynyt otsikko"})
    coordinator.send(path, typed_of(path, **{"title.fi": "Uusi otsikko"}))
    answer = editor.send(path, typed)
    assert (answer.status_code, "Somebody has changed this issue since you opened it." in answer.text) == (422, True)
    assert 'value="Myöhästynyt otsikko"' in answer.text
    assert issue_of(path).title == {"fi": "Uusi otsikko"}


def test_a_mistake_is_told_at_its_field(editor: Person, path: str) -> None:
    answer = editor.send(path, typed_of(path, **{"title.fi": "x" * 201}))
    assert answer.status_code == 422
    assert re.search('<a href="#field-title-fi">[^<]*: This is too long.</a>', answer.text), answer.text
    empty = editor.send(path, typed_of(path, do="add", **{"new.section": "editorial", "new.text.fi": "  "}))
    assert (empty.status_code, "Please write it in one language at least." in empty.text) == (422, True)


def test_each_variant_is_shown_in_a_frame_that_no_other_site_may_have(editor: Person, path: str) -> None:
    page = editor.get(f"{path}/preview?language=sv&region=FI-08").text
    assert f'<iframe class="letter" sandbox title="The letter as its readers see it" src="{path}/letter?' in page
    letter = editor.get(f"{path}/letter?language=sv&region=FI-08")
    assert "frame-ancestors 'self'" in letter.headers["Content-Security-Policy"]
    assert 'lang="sv"' in letter.text
    assert "Verkostopäivä" in editor.get(f"{path}/letter?format=text").text
    assert editor.get(f"{path}/preview?language=xx").status_code == 422
    assert editor.get(f"{path}/letter?language=xx").status_code == 303


def test_checks_are_told_in_words(editor: Person, path: str) -> None:
    assert "Fit to be read." in editor.get(f"{path}/checks").text
    editor.send(path, typed_of(path, do="add", **{"new.section": "editorial", "new.text.fi": "![](https://example.org/a.png)"}))
    text = editor.get(f"{path}/checks").text
    assert ("One thing has to be mended first:" in text, "A picture lacks words" in text) == (True, True)
    answer = editor.post(f"{path}/submit")
    assert answer.location == f"{path}/checks"
    assert issue_of(path).state == "draft"


def test_the_author_submits_and_another_approves_what_they_have_read(editor: Person, coordinator: Person, path: str) -> None:
    assert editor.post(f"{path}/submit").status_code == 303
    assert "Read and approve:" in coordinator.get("/desk").text
    assert editor.post(f"{path}/approve").status_code == 403
    stale = coordinator.post(f"{path}/approve", content_hash="0" * 64)
    assert (stale.status_code, "Read it again before you approve it." in stale.text) == (422, True)
    assert "Please fill this in." in coordinator.post(f"{path}/reject").text
    assert coordinator.post(f"{path}/reject", reason="Paikka puuttuu").status_code == 303
    assert "Paikka puuttuu" in editor.get(path).text
    editor.post(f"{path}/submit")
    assert coordinator.post(f"{path}/approve", content_hash=issue_of(path).content_hash).status_code == 303
    assert issue_of(path).state == "approved"
    again = coordinator.post(f"{path}/approve", content_hash=issue_of(path).content_hash)
    assert "somebody has moved the issue on" in again.text


def test_nobody_approves_their_own(coordinator: Person, path: str) -> None:
    coordinator.send(path, typed_of(path, **{"title.fi": "Minun otsikkoni"}))
    coordinator.post(f"{path}/submit")
    assert "You have written in it, so somebody else has to approve it." in coordinator.get(path).text
    refused = coordinator.post(f"{path}/approve", content_hash=issue_of(path).content_hash)
    assert (refused.status_code, "Somebody else has to approve what you have written." in refused.text) == (422, True)


@pytest.fixture
def approved(editor: Person, coordinator: Person, path: str) -> str:
    """The page of an issue that is approved."""
    editor.post(f"{path}/submit")
    coordinator.post(f"{path}/approve", content_hash=issue_of(path).content_hash)
    return path


def test_it_is_scheduled_by_the_clock_of_the_newsletter(coordinator: Person, approved: str) -> None:
    assert "Please give a date and a time." in coordinator.post(f"{approved}/schedule", send_at="huomenna").text
    assert "This time has passed." in coordinator.post(f"{approved}/schedule", send_at="2020-01-01T09:00").text
    assert coordinator.post(f"{approved}/schedule", send_at="2035-01-08T09:00").status_code == 303
    assert issue_of(approved).send_at.isoformat() == "2035-01-08T07:00:00+00:00"


def test_it_is_sent_held_and_watched_until_it_has_ended(
    coordinator: Person, editor: Person, newsletter: Newsletter, approved: str, server: FaultyServer
) -> None:
    for who in ("eka", "toka"):
        subscribe(newsletter, f"{who}@example.org")
    subscribe(newsletter, "odottaa@example.org", "pending")
    server.at_dot = {"toka@example.org": "drop"}.get
    assert editor.post(f"{approved}/send").status_code == 403
    assert coordinator.post(f"{approved}/send").location == f"{approved}/sending"
    assert "sending.js" in coordinator.get(f"{approved}/sending").text
    coordinator.post(f"{approved}/pause")
    assert "It is held until somebody goes on." in coordinator.get(f"{approved}/sending").text
    coordinator.post(f"{approved}/resume")
    work_until_idle(issue_of(approved))
    told = coordinator.get(f"{approved}/progress.json")
    assert (told.json["state"], told.json["done"], told.json["counts"]) == ("sent", 2, {"accepted": 1, "unknown": 1})
    assert told.headers["Cache-Control"] == "no-store"
    text = coordinator.get(f"{approved}/sending").text
    for words in ("In doubt: the answer was lost", "Has not confirmed", "The answer to one delivery was lost"):
        assert words in text
    assert "One delivery in doubt:" in coordinator.get("/desk").text
    assert coordinator.post(f"{approved}/resolve", action="settle").status_code == 303
    assert count(issue_of(approved).pk) == {"accepted": 2}
    assert "cannot" not in coordinator.get(approved).text
    assert "somebody has moved the issue on" in coordinator.post(f"{approved}/cancel").text


def test_it_is_called_off_or_deleted_before_it_is_sent(coordinator: Person, newsletter: Newsletter, approved: str) -> None:
    assert coordinator.post(f"{approved}/cancel").status_code == 303
    assert issue_of(approved).state == "cancelled"
    assert "somebody has moved the issue on" in coordinator.post(f"{approved}/remove").text
    begun = coordinator.send(f"/desk/newsletters/{newsletter.pk}/issues", {"title.fi": "Turha"}).location
    assert coordinator.post(f"{begun}/remove").location == f"/desk/newsletters/{newsletter.pk}"
    assert coordinator.get(begun).status_code == 404


def test_what_is_no_step_is_not_taken(coordinator: Person, path: str) -> None:
    assert coordinator.post(f"{path}/explode").status_code == 404


def test_reports_that_prove_nothing_are_told_to_coordinators(coordinator: Person, editor: Person, newsletter: Newsletter) -> None:
    given = {"cause": "x", "kind": "hard", "intake": "mailbox", "status": "5.1.1", "answer": "550 No such user"}
    Bounce(**given, newsletter_id=newsletter.pk, matched=False).insert()
    assert "prove nothing" in coordinator.get("/desk").text
    page = f"/desk/newsletters/{newsletter.pk}"
    assert ("550 No such user" in coordinator.get(page).text, "550 No such user" in editor.get(page).text) == (True, False)


def test_the_number_of_queries_does_not_grow(coordinator: Person, regional: Network, newsletter: Newsletter) -> None:
    counts = []
    for number in (1, 4):
        for place in range(number):
            theme_day(regional, f"Päivä {number} {place}")
        begun = coordinator.send(f"/desk/newsletters/{newsletter.pk}/issues", {"title.fi": "Kirje", "assemble": "yes"}).location
        counted = []
        for path in ("/desk", f"/desk/newsletters/{newsletter.pk}", begun, f"{begun}/preview", f"{begun}/checks"):
            with queries.counted() as sent:
                assert coordinator.get(path).status_code == 200
            counted.append(len(sent))
        counts.append(counted)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 14, counts


def test_a_newsletter_of_another_network_is_not_theirs(person: Callable[..., Person], other_region: Network, path: str) -> None:
    other = person("lappi", other_region, "coordinator")
    for step in ("submit", "assemble", "remove"):
        assert other.post(f"{path}/{step}").status_code == 404
    assert issue_of(path).state == "draft"


def test_a_comment_is_made_on_the_desk(coordinator: Person, path: str) -> None:
    assert coordinator.post(f"{path}/comment", text="Voisiko alku olla lyhyempi?").status_code == 303
    assert "Voisiko alku olla lyhyempi?" in coordinator.get(path).text
    refused = coordinator.post(f"{path}/comment", text="")
    assert (refused.status_code, 'href="#field-text"' in refused.text) == (422, True)


def test_a_test_goes_to_one_address_from_the_desk(
    coordinator: Person, path: str, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    wrong = coordinator.post(f"{path}/test-send", email="aino at work", language="fi")
    assert (wrong.status_code, 'value="aino at work"' in wrong.text) == (422, True)
    sent = coordinator.post(f"{path}/test-send", email="koe@example.org", language="fi")
    assert sent.status_code == 303
    assert "The test is on its way." in coordinator.get(sent.location).text
    deliver()
    assert [message["To"] for message in mailbox.messages] == ["koe@example.org"]
    assert issue_of(path).state == "draft"


def test_reports_that_prove_nothing_name_their_own_newsletter_only(
    coordinator: Person, newsletter: Newsletter, regional: Network
) -> None:
    make_newsletter(regional, "toinen", name={"fi": "Toinen kirje"})
    Bounce(newsletter_id=newsletter.pk, matched=False, kind="hard", cause="x", intake="mailbox", status="5.1.1").insert()
    (waiting,) = re.findall(r'id="waiting".*?</section>', coordinator.get("/desk").text, re.DOTALL)
    assert "Uutiskirje" in waiting
    assert "Toinen kirje" not in waiting
