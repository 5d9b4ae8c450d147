"""What an issue is filled with: everything once, nothing missed, whoever else writes at the same time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events.documents import Event, Venue
from events.material_documents import Material
from events.seating import CANCELLED
from network_api.documents import utcnow
from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.contributions.documents import Contribution
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from newsletters.issues.told import Told
from tests.conftest import Api
from tests.newsletters.factories import (
    contribute,
    introduce,
    make_newsletter,
    send_through_the_api,
    theme_day,
    work_until_idle,
)

FILLED: dict[str, Any] = {
    "assemble": True,
    "title": {"fi": "Kirje"},
    "blocks": [{"section": "editorial", "text": {"fi": "Hei."}}],
}


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    return make_newsletter(regional, sections=["editorial", "events", "introductions", "news", "practices"])


def fill(editor: Api, newsletter: Newsletter, **given: Any) -> dict[str, Any]:
    made = editor.post(f"/newsletters/{newsletter.pk}/issues", {**FILLED, **given})
    assert made.status_code == 201, made.json
    return dict(made.json)


def told_by(issue: dict[str, Any]) -> list[str]:
    return [block["source"]["type"] for block in issue["blocks"] if block["source"]]


def finish(editor: Api, coordinator: Api, newsletter: Newsletter) -> Issue:
    path = send_through_the_api(editor, coordinator, newsletter.pk, FILLED)
    return work_until_idle(Issue.get(path.split("/")[-1]))


def test_contributions_are_told_once_in_their_sections(editor: Api, newsletter: Newsletter, regional: Network) -> None:
    contribute(regional, "Uusi vertaisryhmä")
    contribute(regional, "Aikataulu ensimmäisenä päivänä", section="practices")
    blocks = fill(editor, newsletter)["blocks"]
    assert [block["section"] for block in blocks] == ["editorial", "news", "practices"]
    assert blocks[1]["text"]["fi"].startswith("### Uusi vertaisryhmä")
    assert told_by(fill(editor, newsletter)) == []


@pytest.mark.parametrize("end", ["cancel", "delete", "hide", "remove"])
def test_what_an_issue_does_not_tell_is_given_back(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network, end: str
) -> None:
    contribute(regional, "Uusi vertaisryhmä")
    path = f"/issues/{fill(editor, newsletter)['id']}"
    read = editor.get(path)
    news = read.json["blocks"][1]
    blocks = {"hide": [read.json["blocks"][0], {**news, "hidden": True}], "remove": read.json["blocks"][:1]}
    if end in blocks:
        assert editor.patch(path, {"blocks": blocks[end]}, If_Match=read.headers["ETag"]).status_code == 200
    elif end == "cancel":
        assert coordinator.post(f"{path}/cancel").status_code == 200
    else:
        assert editor.delete(path, If_Match=read.headers["ETag"]).status_code == 204
    assert told_by(fill(editor, newsletter)) == ["contribution"]


def test_a_letter_that_went_out_moves_the_watermark_and_a_draft_does_not(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    first = contribute(regional, "Ensimmäinen")
    long_ago = utcnow() - timedelta(hours=2)
    Newsletter.alter({"_id": newsletter.pk}, {"$set": {"created_at": long_ago - timedelta(hours=1)}})
    Contribution.alter({"_id": first.pk}, {"$set": {"created_at": long_ago}})
    draft = fill(editor, newsletter)
    assert fill(editor, newsletter)["blocks"][1:] == []
    assert Newsletter.get(newsletter.pk).watermarks[str(regional.pk)] < long_ago
    coordinator.post(f"/issues/{draft['id']}/cancel")
    finish(editor, coordinator, newsletter)
    fill(editor, newsletter)
    assert Newsletter.get(newsletter.pk).watermarks[str(regional.pk)] > long_ago
    contribute(regional, "Toinen")
    assert told_by(fill(editor, newsletter)) == ["contribution"]


def test_what_falls_out_of_a_letter_is_told_by_the_next(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    contribution = contribute(regional, "Uusi vertaisryhmä")
    path = send_through_the_api(editor, coordinator, newsletter.pk, FILLED)
    contribution.fresh().edit({"text": {"fi": "Ryhmä kokoontuukin torstaisin."}})
    issue = Issue.get(path.split("/")[-1])
    assert issue.drop(f"contribution:{contribution.pk}")
    (block,) = fill(editor, newsletter)["blocks"][1:]
    assert "torstaisin" in block["text"]["fi"]


def test_what_was_changed_after_it_was_submitted_does_not_go_out(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    contribution = contribute(regional, "Uusi vertaisryhmä")
    path = f"/issues/{fill(editor, newsletter)['id']}"
    contribution = contribution.edit({"text": {"fi": "Ennen lähettämistä."}})[0]
    assert editor.post(f"{path}/submit").status_code == 200
    assert "Ennen lähettämistä." in editor.get(f"{path}/preview?format=text").text
    contribution.edit({"text": {"fi": "Kukaan ei ole lukenut tätä."}})
    shown = editor.get(f"{path}/preview?format=text").text
    assert "Ennen lähettämistä." not in shown
    assert "Kukaan ei ole" not in shown


def test_the_words_of_an_editor_stay_until_their_source_changes(editor: Api, newsletter: Newsletter, regional: Network) -> None:
    contribution = contribute(regional, "Uusi vertaisryhmä")
    path = f"/issues/{fill(editor, newsletter)['id']}"
    read = editor.get(path)
    own = [read.json["blocks"][0], {**read.json["blocks"][1], "text": {"fi": "Toimituksen sanoin."}}]
    edited = editor.patch(path, {"blocks": own}, If_Match=read.headers["ETag"])
    assert edited.json["blocks"][1]["edited"] is True
    assert editor.post(f"{path}/assemble").json["blocks"][1]["text"] == {"fi": "Toimituksen sanoin."}
    contribution.edit({"text": {"fi": "Jotain muuta."}})
    refused = editor.post(f"{path}/submit")
    assert (refused.status_code, refused.json["code"]) == (409, "checks_failed")
    assert "source_changed" in refused.json["errors"]["blocks.1"][0]
    read = editor.get(path)
    seen = {**read.json["blocks"][1], "source": {**read.json["blocks"][1]["source"], "version": 2}}
    editor.patch(path, {"blocks": [read.json["blocks"][0], seen]}, If_Match=read.headers["ETag"])
    assert editor.post(f"{path}/submit").status_code == 200


def test_a_theme_day_is_told_with_its_time_of_now_and_marked_where_readers_heard_another(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    event = theme_day(regional, venue=Venue(name="Työllisyystalo"))
    path = send_through_the_api(editor, coordinator, newsletter.pk, FILLED)
    event = event.edit({"venue": Venue(name="Kaupunginkirjasto")})[0]
    first = editor.get(f"{path}/preview?format=text").text
    assert "Kaupunginkirjasto" in first
    assert f"Ohjelma ja ilmoittautuminen: http://localhost/events/{event.slug}\n" in first
    assert "Työllisyystalo" not in first
    work_until_idle(Issue.get(path.split("/")[-1]))
    second = editor.get(f"/issues/{fill(editor, newsletter)['id']}/preview?format=text").text
    assert "Tulossa" in second
    assert "Työnantajayhteistyö" not in second
    assert "Kaupunginkirjasto" in second
    assert "Muuttunut" in second  # what was approved named the first place
    finish(editor, coordinator, newsletter)
    assert "Muuttunut" not in editor.get(f"/issues/{fill(editor, newsletter)['id']}/preview?format=text").text
    Event.change({"_id": event.pk}, {"$set": {"status": CANCELLED}})
    assert "Kaupunginkirjasto" not in editor.get(f"/issues/{fill(editor, newsletter)['id']}/preview?format=text").text


def test_contributions_after_the_deadline_are_for_the_next_issue(
    editor: Api, newsletter: Newsletter, regional: Network, other_region: Network
) -> None:
    contribute(regional, "Myöhässä")
    past, future = (utcnow() + timedelta(hours=hours) for hours in (-1, 1))
    late = fill(editor, newsletter, contributions_until=past.isoformat())
    assert (told_by(late), late["contributions_until"] is not None) == ([], True)
    own = {"network_deadlines": {str(regional.pk): future.isoformat()}}
    assert told_by(fill(editor, newsletter, contributions_until=past.isoformat(), **own)) == ["contribution"]


def test_the_deadline_follows_the_cadence(coordinator: Api, editor: Api, newsletter: Newsletter) -> None:
    path = f"/newsletters/{newsletter.pk}"
    changes = {"cadence": {"day": 15, "time": "09:00"}, "contribution_days": 7}
    changed = coordinator.patch(path, changes, If_Match=coordinator.get(path).headers["ETag"])
    assert changed.json["contribution_days"] == 7
    until = fill(editor, newsletter)["contributions_until"]
    assert until[8:10] == "08"


def test_a_network_has_days_of_its_own_in_each_issue_that_names_no_other_time(
    coordinator: Api, editor: Api, newsletter: Newsletter, regional: Network, other_region: Network
) -> None:
    path = f"/newsletters/{newsletter.pk}"
    assert coordinator.get(path).json["network_contribution_days"] == {}
    own = {str(regional.pk): 3, str(other_region.pk): 5}
    changes = {"cadence": {"day": 15, "time": "09:00"}, "contribution_days": 7, "network_contribution_days": own}
    changed = coordinator.patch(path, changes, If_Match=coordinator.get(path).headers["ETag"])
    assert changed.json["network_contribution_days"] == own
    named = {"network_deadlines": {str(other_region.pk): "2027-01-02T07:00:00Z"}}
    deadlines = fill(editor, newsletter, **named)["network_deadlines"]
    assert (deadlines[str(regional.pk)][8:10], deadlines[str(other_region.pk)]) == ("12", "2027-01-02T07:00:00Z")
    nobody = coordinator.patch(path, {"network_contribution_days": {"x": 3}}, If_Match=changed.headers["ETag"])
    assert nobody.status_code == 422


def test_an_introduction_that_is_opened_later_is_not_missed(
    editor: Api, coordinator: Api, newsletter: Newsletter, regional: Network
) -> None:
    member = introduce(regional, "aino@example.org", "Hei.", audience="network")
    Member.alter({"_id": member.pk}, {"$set": {"introduction.introduced_at": utcnow() - timedelta(days=100)}})
    finish(editor, coordinator, newsletter)
    given = {"text": {"fi": "Hei."}, "offers": [], "wishes": [], "audience": "public", "publish_in_newsletter": True}
    Member.get(member.pk).introduce(given)
    assert told_by(fill(editor, newsletter)) == ["introduction"]


def test_what_networks_do_is_news(
    signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network
) -> None:
    chief = signed_in("valtakunta@example.org", national, "coordinator")
    letter = make_newsletter(national, "kansallinen", sections=["events", "news"])
    body = {"name": {"fi": "Kainuun verkosto"}, "kind": "regional", "regions": ["FI-05"], "parent_id": str(national.pk)}
    assert chief.post("/networks", body).status_code == 201
    path = f"/networks/{regional.pk}"
    organisation = {"coordinating_organisation": {"name": "Kaisla ry", "type": "association"}}
    assert chief.patch(path, organisation, If_Match=chief.get(path).headers["ETag"]).status_code == 200
    ended = utcnow() - timedelta(days=2)
    material = Material(title={"fi": "Kalvot"}, audience="public", url="https://example.org/kalvot")
    theme_day(regional, "Mennyt päivä", starts_at=ended - timedelta(hours=6), ends_at=ended, materials=[material])
    issue = fill(chief, letter, blocks=[])
    texts = [block["text"]["fi"] for block in issue["blocks"]]
    assert sorted(told_by(issue)) == ["coordination", "materials", "network"]
    assert any("Kainuun verkosto" in text for text in texts)
    assert any("Kaisla ry" in text for text in texts)
    assert any("[Kalvot](<https://example.org/kalvot>)" in text for text in texts)
    assert told_by(fill(chief, letter, blocks=[])) == []


def test_nothing_is_kept_that_is_too_old_to_be_told(editor: Api, newsletter: Newsletter, regional: Network) -> None:
    contribute(regional, "Vanha")
    fill(editor, newsletter)
    Told.collection().update_many({}, {"$set": {"created_at": utcnow() - timedelta(days=800)}})
    contribute(regional, "Uusi")
    fill(editor, newsletter)
    assert {row["created_at"] > utcnow() - timedelta(days=1) for row in Told.rows({})} == {True}
