"""Who may open which page of the desk: a stranger signs in first, others read why not."""

from collections.abc import Callable

import pytest

from events.documents import Event
from network_api.networks.documents import Network
from newsletters.documents import Newsletter
from newsletters.issues.documents import Block, Issue
from tests.desk.conftest import Person
from tests.newsletters.factories import TEXT

EVENT_PAGES = (
    "",
    "/edit",
    "/questions",
    "/agenda",
    "/materials",
    "/co-hosts",
    "/participants",
    "/check-in",
    "/participants.csv",
    "/attendance.xlsx",
    "/figures.csv",
)
ISSUE_PAGES = ("", "/preview", "/letter", "/checks", "/sending", "/progress.json")
EDITORS = {
    "/desk",
    "/desk/events/new",
    "event",
    "event/edit",
    "event/questions",
    "event/agenda",
    "event/materials",
    "event/co-hosts",
    "newsletter",
    "issue",
    "issue/preview",
    "issue/letter",
    "issue/checks",
}


@pytest.fixture
def issue(newsletter: Newsletter) -> Issue:
    """A draft."""
    author = newsletter.pk
    return Issue(
        newsletter_id=newsletter.pk,
        network_id=newsletter.network_id,
        title={"fi": "Marraskuun kirje"},
        blocks=[Block(section="editorial", text=TEXT)],
        author_id=author,
        edited_by=author,
    ).insert()


@pytest.fixture
def paths(event: Event, newsletter: Newsletter, issue: Issue) -> dict[str, str]:
    """Every page of the desk."""
    return {
        "/desk": "/desk",
        "/desk/events/new": "/desk/events/new",
        "newsletter": f"/desk/newsletters/{newsletter.pk}",
        **{f"event{rest}": f"/desk/events/{event.pk}{rest}" for rest in EVENT_PAGES},
        **{f"issue{rest}": f"/desk/issues/{issue.pk}{rest}" for rest in ISSUE_PAGES},
    }


def test_a_stranger_signs_in_first_and_comes_back(stranger: Person, paths: dict[str, str]) -> None:
    for path in paths.values():
        answer = stranger.get(path)
        assert answer.status_code == 303, path
        assert answer.location.startswith("/sign-in?next=")


def test_coordinators_open_every_page_and_nobody_keeps_them(coordinator: Person, paths: dict[str, str]) -> None:
    for path in paths.values():
        answer = coordinator.get(path)
        assert answer.status_code == 200, path
        if "." not in path.rpartition("/")[2]:
            assert answer.headers["Cache-Control"] == "no-store", path


def test_editors_open_what_they_write_and_no_list_of_people(editor: Person, paths: dict[str, str]) -> None:
    assert {name for name, path in paths.items() if editor.get(path).status_code == 200} == EDITORS


def test_others_read_in_words_that_it_is_not_theirs(
    person: Callable[..., Person], regional: Network, other_region: Network, paths: dict[str, str]
) -> None:
    member, other = person("jasen", regional, "member"), person("lappi", other_region, "coordinator")
    for somebody, own in ((member, set()), (other, {"/desk", "/desk/events/new"})):
        for name, path in paths.items():
            answer = somebody.get(path)
            assert answer.status_code == (200 if name in own else 404 if name.startswith("issue") else 403), (name, path)
            if answer.status_code == 403:
                assert "Ask a coordinator of the network." in answer.text


def test_national_coordinators_and_administrators_open_every_page(
    person: Callable[..., Person], national: Network, paths: dict[str, str]
) -> None:
    for somebody in (person("kansallinen", national, "coordinator"), person("yllapito", administrator=True)):
        assert {somebody.get(path).status_code for path in paths.values()} == {200}


def test_no_form_of_another_site_is_taken(coordinator: Person, event: Event) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
    assert coordinator.visitor.post(f"/desk/events/{event.pk}/cancel", headers=headers).status_code == 403
    assert Event.get(event.pk).status == "published"
