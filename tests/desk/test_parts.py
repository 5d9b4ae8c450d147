"""The parts of a theme day on the desk: questions, agenda, materials, co-hosts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from events.documents import Event
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.desk.conftest import HEADERS, Person
from tests.events.factories import register
from tests.mailserver import Mailbox

QUESTION = {
    "questions.0.id": "",
    "questions.0.label.fi": "Ruokavalio",
    "questions.0.label.sv": "Kost",
    "questions.0.type": "choice",
    "questions.0.options.fi": "Kasvis\r\nSeka",
    "questions.0.options.sv": "Vegetariskt\r\nBlandat",
    "questions.0.required": "yes",
    "questions.0.mode": "onsite",
}


@pytest.fixture
def path(event: Event) -> str:
    """The theme day on the desk."""
    return f"/desk/events/{event.pk}"


def version(person: Person, path: str) -> str:
    """The version that the form was opened with."""
    return person.get(path).text.split('name="version" value="')[1].split('"')[0]


def test_questions_are_asked_changed_and_taken_out(editor: Person, event: Event, path: str, anyone: Api) -> None:
    path += "/questions"
    assert editor.send(path, {**QUESTION, "version": version(editor, path)}).status_code == 303
    (asked,) = anyone.get(f"/events/{event.pk}").json["questions"]
    assert (asked["label"], asked["type"], asked["required"]) == ({"fi": "Ruokavalio", "sv": "Kost"}, "choice", True)
    assert [option["label"] for option in asked["options"]] == [
        {"fi": "Kasvis", "sv": "Vegetariskt"},
        {"fi": "Seka", "sv": "Blandat"},
    ]
    assert asked["modes"] == ["onsite"]
    given = register(anyone, event, "aino", answers={asked["id"]: asked["options"][0]["id"]})
    assert given.status_code == 201, given.json
    reworded = {**QUESTION, "questions.0.id": asked["id"], "questions.0.options.fi": "Vegaani\nSeka"}
    second = {"questions.1.id": "", "questions.1.label.fi": "Mitä toivot?", "questions.1.type": "text"}
    assert editor.send(path, {**reworded, **second, "version": version(editor, path)}).status_code == 303
    first, second_asked = anyone.get(f"/events/{event.pk}").json["questions"]
    assert (first["id"], first["options"][0]["id"]) == (asked["id"], asked["options"][0]["id"])  # answers name them
    assert (second_asked["label"], second_asked["modes"]) == ({"fi": "Mitä toivot?"}, None)
    gone = {**reworded, "questions.0.remove": "yes", **second, "questions.1.id": second_asked["id"]}
    assert editor.send(path, {**gone, "version": version(editor, path)}).status_code == 303
    assert [found["id"] for found in anyone.get(f"/events/{event.pk}").json["questions"]] == [second_asked["id"]]


def test_a_mistake_in_a_question_is_told_at_its_row(editor: Person, event: Event, path: str) -> None:
    path += "/questions"
    removed = {"questions.0.id": "", "questions.0.label.fi": "Pois", "questions.0.type": "text", "questions.0.remove": "yes"}
    wrong = {"questions.1.id": "", "questions.1.label.fi": "Mistä tulet?", "questions.1.type": "choice"}
    answer = editor.send(path, {**removed, **wrong, "version": version(editor, path)})
    assert answer.status_code == 422
    assert '<a href="#field-questions-1-options-fi">' in answer.text
    assert "Please say what can be chosen." in answer.text
    assert "Mistä tulet?" in answer.text
    assert Event.get(event.pk).questions == []


def session(place: int, begins: str, ends: str, **given: str) -> dict[str, str]:
    """A part of the programme as it is typed."""
    fields = {"id": "", "title.fi": f"Osa {place}", "starts_at": begins, "ends_at": ends, **given}
    return {f"agenda.{place}.{name}": value for name, value in fields.items()}


@pytest.fixture
def day(event: Event) -> Event:
    """The theme day with hours that are known."""
    times = {"starts_at": "2031-03-04T07:00:00Z", "ends_at": "2031-03-04T13:00:00Z"}
    changed: dict[str, Any] = {name: datetime.fromisoformat(at) for name, at in times.items()}
    return event.edit(changed)[0]


def test_the_programme_is_by_the_clock_of_the_place(editor: Person, day: Event, path: str, anyone: Api) -> None:
    path += "/agenda"
    typed = session(0, "2031-03-04T09:00", "2031-03-04T10:00", room="Iso sali", speakers="Sofia, valmentaja, Säätiö\r\nOtto")
    assert editor.send(path, {**typed, "version": version(editor, path)}).status_code == 303
    (found,) = anyone.get(f"/events/{day.pk}").json["agenda"]
    assert (found["starts_at"], found["room"]) == ("2031-03-04T07:00:00Z", "Iso sali")
    assert found["speakers"][0] == {"name": "Sofia", "role": "valmentaja", "organisation": "Säätiö"}
    assert found["speakers"][1]["name"] == "Otto"
    assert 'value="2031-03-04T09:00"' in editor.get(path).text


def test_what_cannot_be_in_a_programme_is_told_at_its_row(editor: Person, day: Event, path: str) -> None:
    path += "/agenda"
    gone = session(0, "2031-03-04T09:00", "2031-03-04T10:00", remove="yes")
    typed = {**gone, **session(1, "2031-03-04T09:00", "2031-03-04T10:00"), **session(2, "2031-03-04T09:30", "2031-03-04T11:00")}
    answer = editor.send(path, {**typed, "version": version(editor, path)})
    assert answer.status_code == 422
    assert '<a href="#field-agenda-2-starts_at">' in answer.text
    assert "Another part of the same track is on at that time." in answer.text
    nameless = editor.send(path, {**session(0, "2031-03-04T09:00", "", **{"title.fi": "", "room": "Aula"}), "version": "1"})
    assert '<a href="#field-agenda-0-title-fi">' in nameless.text
    assert '<a href="#field-agenda-0-ends_at">' in nameless.text
    assert 'value="Aula"' in nameless.text
    outside = editor.send(path, {**session(0, "2031-03-04T05:00", "2031-03-04T06:00"), "version": version(editor, path)})
    assert "This lies outside the hours of the theme day." in outside.text
    assert Event.get(day.pk).agenda == []


def test_who_opened_a_part_before_somebody_changed_the_theme_day_overwrites_nothing(
    editor: Person, event: Event, path: str
) -> None:
    opened = version(editor, path + "/questions")
    event.edit({"topics": ["nuoret"]})
    answer = editor.send(path + "/questions", {**QUESTION, "version": opened})
    assert answer.status_code == 422
    assert "Somebody has changed this theme day since you opened the form." in answer.text
    assert "Ruokavalio" in answer.text


def test_materials_are_links_and_files(editor: Person, event: Event, path: str) -> None:
    path += "/materials"
    typed = {"title.fi": "Esitys", "kind": "material", "audience": "public", "opens": "before"}
    assert editor.send(path, {**typed, "url": "ei osoite"}).status_code == 422
    assert editor.send(path, {**typed, "title.fi": ""}).status_code == 422
    assert editor.send(path, {**typed, "url": "https://example.org/esitys"}).status_code == 303
    assert editor.send(path, typed).status_code == 303
    link, place = Event.get(event.pk).materials
    assert link.url == "https://example.org/esitys"
    to = f"{path}/{place.material_id}/file"

    def sent(content: bytes, kind: str = "application/pdf") -> int:
        head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="esitys.pdf"\r\nContent-Type: {kind}\r\n\r\n'
        body = head.encode() + content + b"\r\n--edge--\r\n"
        return editor.visitor.post(to, data=body, headers=HEADERS, content_type="multipart/form-data; boundary=edge").status_code

    assert sent(b"%PDF-1.7 esitys" + b" " * 2_000_000) == 303  # more than other forms may hold
    assert sent(b"<html>", "text/html") == 422
    assert sent(b"no PDF") == 422
    kept = Event.get(event.pk).materials[1]
    assert (kept.filename, kept.size) == ("esitys.pdf", 2_000_015)
    for found in (link, place):
        assert editor.post(f"{path}/{found.material_id}/remove").status_code == 303
    assert Event.get(event.pk).materials == []


def test_a_network_is_asked_and_answers_where_its_mail_leads(
    editor: Person,
    person: Callable[..., Person],
    event: Event,
    path: str,
    other_region: Network,
    mailbox: Mailbox,
    deliver: Callable[[], None],
) -> None:
    theirs = person("lappi", other_region, "coordinator")
    path += "/co-hosts"
    assert theirs.get(path).status_code == 403
    assert editor.post(path, network=str(other_region.pk), version=version(editor, path)).status_code == 303
    deliver()
    assert f"http://localhost{path}" in mailbox.text_to("lappi@example.org")
    answers = f"{path}/{other_region.pk}"
    waits = f'<a href="{path}">Asked to arrange it too:'
    assert [waits in who.get("/desk").text for who in (theirs, editor)] == [True, False]
    assert editor.post(f"{answers}/accept").status_code == 403  # not for whom it was asked
    assert theirs.post(f"{answers}/accept").status_code == 303
    assert waits not in theirs.get("/desk").text
    assert Event.get(event.pk).accepted_co_hosts == [other_region.pk]
    assert "arranges it too" in editor.get(path).text
    assert editor.post(path, remove=str(other_region.pk), version=version(editor, path)).status_code == 303
    assert Event.get(event.pk).co_hosts == []
    assert theirs.post(f"{answers}/decline").status_code == 404
