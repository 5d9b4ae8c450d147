"""The organiser's questions, and the answers to them.

Answers are checked against the questions of the moment at which they are given, and kept with those questions as they
read then: an organiser may reword or drop one later, and what was answered stays readable. A question with `modes` is
asked of who takes part, or waits to take part, in one of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from events.documents import Event
from events.registration_documents import Registration
from network_api.errors import Invalid

TEXT, CHOICE, MULTIPLE_CHOICE, YES_NO, CONSENT = TYPES = ("text", "choice", "multiple_choice", "yes_no", "consent")
WITH_OPTIONS = (CHOICE, MULTIPLE_CHOICE)
LONGEST_TEXT = 2000  # characters, where a question sets no `max_length`

Question = Mapping[str, Any]


def answer(
    questions: Sequence[Question], given: Mapping[str, Any], modes: Collection[str | None], *, complete: bool = True
) -> dict[str, Any]:
    """What is kept of these answers: `answers` by question id, and `asked`, the questions that they answer.

    Null, an empty text and an empty list are no answer. `complete` asks for all that are required. Raises Invalid, naming
    each `answers.<id>` at fault.
    """
    asked = {question["id"]: question for question in questions if is_asked(question, modes)}
    errors = {f"answers.{name}": ["This is not asked here."] for name in given if name not in asked}
    answers = {name: value for name, value in given.items() if not _is_empty(value)}
    for name, question in asked.items():
        fault = _fault(question, answers[name]) if name in answers else _absence(question) if complete else None
        if fault:
            errors[f"answers.{name}"] = [fault]
    if errors:
        raise Invalid(errors=errors)
    return {"answers": answers, "asked": [_as_asked(asked[name], answers[name]) for name in asked if name in answers]}


def answer_again(event: Event, registration: Registration, changes: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
    """What an edit of a registration changes of its answers.

    Named answers replace the others. Another mode may ask more: what it requires has to be answered. Raises Invalid.
    """
    mode = changes.get("mode", registration.mode)
    switches = mode != registration.mode
    if "answers" in changes:
        offered = registration.offer.mode if registration.offer else None
        modes = {mode} if switches and not changes["wait"] else {mode, registration.mode, registration.waiting_for, offered}
        return answer(event.questions, changes["answers"], modes, complete=complete)
    if switches and complete:
        _require(
            question for question in event.questions if is_asked(question, {mode}) and question["id"] not in registration.answers
        )
    return {}


def _require(unanswered: Iterable[Question]) -> None:
    errors = {f"answers.{question['id']}": [fault] for question in unanswered if (fault := _absence(question))}
    if errors:
        raise Invalid(errors=errors)


def is_asked(question: Question, modes: Collection[str | None]) -> bool:
    """Whether it is asked of who takes part in one of these modes."""
    return not question.get("modes") or not set(modes).isdisjoint(question["modes"])


def _is_empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _absence(question: Question) -> str | None:
    return "This needs an answer." if question.get("required") else None


def _fault(question: Question, value: Any) -> str | None:
    """What is wrong with an answer, or None."""
    kind = question.get("type", TEXT)
    if kind == TEXT:
        most = question.get("max_length") or LONGEST_TEXT
        return None if isinstance(value, str) and len(value) <= most else f"A text of at most {most} characters."
    if kind in WITH_OPTIONS:
        return _fault_of_choice(kind, [option["id"] for option in question["options"]], value)
    if not isinstance(value, bool):
        return "True or false."
    return "This consent is needed." if kind == CONSENT and question.get("required") and not value else None


def _fault_of_choice(kind: str, options: Sequence[str], value: Any) -> str | None:
    named = f"of {', '.join(options)}."
    if kind == CHOICE:
        return None if isinstance(value, str) and value in options else f"One {named}"
    known = isinstance(value, list) and all(isinstance(chosen, str) and chosen in options for chosen in value)
    return None if known and len(set(value)) == len(value) else f"A list {named} Each once."


def _as_asked(question: Question, value: Any) -> dict[str, Any]:
    """The question as it reads now, of its options only those that were chosen."""
    chosen = value if isinstance(value, list) else [value]
    options = [option for option in question.get("options") or () if option["id"] in chosen]
    return {"id": question["id"], "type": question.get("type", TEXT), "label": question["label"], "options": options}
