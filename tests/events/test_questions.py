"""The organiser's questions: what may be asked, and how answers are held to what was asked at that moment."""

from collections.abc import Callable
from typing import Any

import pytest

from events import registration
from events.documents import Event
from network_api.auth.caller import STRANGER
from network_api.errors import Invalid
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import body, make_event, register

Link = Callable[..., str]


def question(name: str, kind: str = "text", *options: str, **given: Any) -> dict[str, Any]:
    """A question as an organiser writes it; only what is given."""
    listed = {"options": [{"id": option, "label": {"fi": option.title()}} for option in options]} if options else {}
    return {"id": name, "type": kind, "label": {"fi": name.title()}, **listed, **given}


QUESTIONS = [
    question("odotukset", max_length=20),
    question("paja", "choice", "kuuntelu", "verkostot", required=True),
    question("aiheet", "multiple_choice", "cv", "haastattelu", "some"),
    question("kuvaus", "yes_no", modes=["onsite"], required=True),
    question("tallenne", "consent", modes=["remote"], required=True),
]
GOOD = {"paja": "kuuntelu", "kuvaus": False}


@pytest.fixture
def event(regional: Network) -> Event:
    """A theme day that asks one question of each type."""
    return make_event(regional, questions=QUESTIONS)


def faults(answer: Any) -> set[str]:
    """The fields that a 422 names."""
    assert answer.status_code == 422, answer.json
    return set(answer.json["errors"])


def test_questions_are_stored_with_their_defaults_and_read_back(coordinator: Api, regional: Network) -> None:
    made = coordinator.post("/events", body(regional, questions=[*QUESTIONS, {"id": "muuta", "label": {"sv": "Annat"}}]))
    assert made.status_code == 201, made.json
    read = coordinator.get(f"/events/{made.json['id']}").json["questions"]
    assert read[-1] == {
        "id": "muuta",
        "type": "text",
        "label": {"sv": "Annat"},
        "required": False,
        "modes": None,
        "options": None,
        "max_length": None,
    }
    assert [entry["id"] for entry in read[1]["options"]] == ["kuuntelu", "verkostot"]
    fewer = coordinator.patch(f"/events/{made.json['id']}", {"questions": read[:2]}, If_Match="*")
    assert [entry["id"] for entry in fewer.json["questions"]] == ["odotukset", "paja"]


@pytest.mark.parametrize(
    "asked",
    [
        [question("a", "choice")],
        [question("a", "multiple_choice", "x", "x")],
        [question("a", "yes_no", "x")],
        [question("a", "consent", max_length=5)],
        [question("a"), question("a")],
        [question("a.b")],
        [question("a", "essay")],
        [question("a", modes=["moon"])],
        [question("a", modes=[])],
        [question("a", max_length=0)],
        [{"id": "a"}],
        [question(str(number)) for number in range(51)],
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(coordinator: Api, regional: Network, asked: list[Any]) -> None:
    assert faults(coordinator.post("/events", body(regional, questions=asked))) == {"questions"}


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({}, {"answers.paja", "answers.kuvaus"}),
        ({**GOOD, "paja": None}, {"answers.paja"}),
        ({**GOOD, "paja": "lepo"}, {"answers.paja"}),
        ({**GOOD, "paja": ["kuuntelu"]}, {"answers.paja"}),
        ({**GOOD, "aiheet": "cv"}, {"answers.aiheet"}),
        ({**GOOD, "aiheet": ["cv", "cv"]}, {"answers.aiheet"}),
        ({**GOOD, "aiheet": ["cv", {}]}, {"answers.aiheet"}),
        ({**GOOD, "kuvaus": "ehkä"}, {"answers.kuvaus"}),
        ({**GOOD, "odotukset": "x" * 21}, {"answers.odotukset"}),
        ({**GOOD, "odotukset": 7}, {"answers.odotukset"}),
        ({**GOOD, "ruoka": "kala"}, {"answers.ruoka"}),
        ({**GOOD, "tallenne": True}, {"answers.tallenne"}),
    ],
)
def test_answers_are_held_to_the_questions_and_each_fault_is_named(
    anyone: Api, event: Event, answers: dict[str, Any], named: set[str]
) -> None:
    assert faults(register(anyone, event, "eka", answers=answers)) == named
    assert Event.get(event.pk).seats["onsite"].taken == 0


def test_a_required_consent_must_be_given(anyone: Api, event: Event) -> None:
    for given in ({}, {"tallenne": False}, {"tallenne": "true"}):
        refused = register(anyone, event, "eka", mode="remote", answers={"paja": "kuuntelu", **given})
        assert faults(refused) == {"answers.tallenne"}
    assert register(anyone, event, "eka", mode="remote", answers={"paja": "kuuntelu", "tallenne": True}).status_code == 201


def test_answers_stay_readable_when_their_questions_change(anyone: Api, coordinator: Api, event: Event) -> None:
    made = register(anyone, event, "eka", answers={**GOOD, "aiheet": ["some", "cv"], "odotukset": " "}).json
    assert made["answers"] == {**GOOD, "aiheet": ["some", "cv"]}
    changed = coordinator.patch(f"/events/{event.pk}", {"questions": [question("uusi", required=True)]}, If_Match="*")
    assert changed.status_code == 200
    read = coordinator.get(f"/registrations/{made['id']}").json
    assert read["answers"] == made["answers"]
    labels = {asked["id"]: (asked["type"], asked["label"]["fi"], [o["id"] for o in asked["options"]]) for asked in read["asked"]}
    assert labels == {
        "paja": ("choice", "Paja", ["kuuntelu"]),
        "aiheet": ("multiple_choice", "Aiheet", ["cv", "some"]),
        "kuvaus": ("yes_no", "Kuvaus", []),
    }
    assert faults(register(anyone, event, "toka", answers=GOOD)) == {"answers.paja", "answers.kuvaus", "answers.uusi"}


def test_an_edit_replaces_the_answers_and_is_held_to_the_questions_of_its_moment(
    anyone: Api, coordinator: Api, event: Event, link: Link
) -> None:
    register(anyone, event, "eka", answers={**GOOD, "odotukset": "kahvia"})
    path = f"/manage/registrations/{link('eka')}"
    assert faults(anyone.patch(path, {"answers": {"kuvaus": True}})) == {"answers.paja"}
    assert anyone.patch(path, {"answers": {"kuvaus": True, "paja": "verkostot"}}).json["answers"] == {
        "kuvaus": True,
        "paja": "verkostot",
    }
    coordinator.patch(f"/events/{event.pk}", {"questions": [*QUESTIONS, question("uusi", required=True)]}, If_Match="*")
    assert anyone.patch(path, {"name": "Eka Uusi"}).status_code == 200
    assert faults(anyone.patch(path, {"answers": GOOD})) == {"answers.uusi"}


def test_switching_asks_what_the_other_mode_requires(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eka", answers=GOOD)
    path = f"/manage/registrations/{link('eka')}"
    assert faults(anyone.patch(path, {"mode": "remote"})) == {"answers.tallenne"}
    assert faults(anyone.patch(path, {"mode": "remote", "answers": {**GOOD, "tallenne": True}})) == {"answers.kuvaus"}
    switched = anyone.patch(path, {"mode": "remote", "answers": {"paja": "kuuntelu", "tallenne": True}})
    assert (switched.status_code, switched.json["mode"]) == (200, "remote")
    adds_up()


def test_who_keeps_a_seat_and_waits_for_the_other_answers_for_both(anyone: Api, event: Event, link: Link) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who, answers=GOOD)
    register(anyone, event, "eta", mode="remote", answers={"paja": "kuuntelu", "tallenne": True})
    path, both = f"/manage/registrations/{link('eta')}", {**GOOD, "tallenne": True}
    waiting = anyone.patch(path, {"mode": "onsite", "wait": True, "answers": both})
    assert (waiting.status_code, waiting.json["waiting_for"], waiting.json["answers"]) == (200, "onsite", both)
    assert anyone.patch(path, {"answers": {**both, "odotukset": "kahvia"}}).status_code == 200


def test_a_coordinator_may_leave_to_the_person_what_is_required(anyone: Api, coordinator: Api, event: Event) -> None:
    made = register(anyone, event, "eka", answers=GOOD).json
    path = f"/registrations/{made['id']}"
    assert coordinator.patch(path, {"mode": "remote"}, If_Match="*").status_code == 200
    assert coordinator.patch(path, {"answers": {}}, If_Match="*").status_code == 200
    assert faults(coordinator.patch(path, {"answers": {"paja": "lepo"}}, If_Match="*")) == {"answers.paja"}


def test_nobody_is_kept_from_cancelling_by_a_question(anyone: Api, coordinator: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eka", answers=GOOD)
    coordinator.patch(f"/events/{event.pk}", {"questions": [question("uusi", "consent", required=True)]}, If_Match="*")
    assert anyone.delete(f"/manage/registrations/{link('eka')}").status_code == 204
    adds_up()


def test_who_registers_while_the_questions_change_answers_the_new_ones(event: Event) -> None:
    """The claim of a seat holds for the theme day as it was read; as it is now, the answers are checked again."""
    stale = Event.get(event.pk)
    event.edit({"questions": [*QUESTIONS, question("uusi", required=True)]})
    given = {"mode": "onsite", "name": "Eka", "email": "eka@example.org", "answers": GOOD, "wait": False}
    with pytest.raises(Invalid) as refused:
        registration.register(STRANGER, stale, given)
    assert set(refused.value.errors or {}) == {"answers.uusi"}
    adds_up()
