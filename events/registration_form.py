"""The form of a registration on the pages: what it asks, and what was typed into it as the API's request has it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flask_babel import get_locale, gettext, ngettext

from events.documents import Event
from events.needs_documents import NEEDS
from events.questions import CONSENT, MULTIPLE_CHOICE, YES_NO, Question, is_asked
from events.registration_documents import Registration
from events.telling import free_seats
from network_api.documents import Row
from network_api.pages.forms import Form

_PERSON = ("name", "region", "language", *NEEDS)
_WITHOUT_VALUE = ("region", *NEEDS)  # what may be left empty, and is null then
_BOOLEANS: Mapping[str, bool] = {"yes": True, "no": False}


def blank(event: Row, member: Row) -> Form:
    """An empty form, with what is known of the member who fills it in."""
    chosen = {"mode": event["modes"][0]} if len(event["modes"]) == 1 else {}
    return Form({"language": str(get_locale()), **chosen, **_typed(member), **({"email": member["email"]} if member else {})})


def filled(registration: Row) -> Form:
    """The form with what is registered."""
    answers = {f"answers.{name}": _as_typed(value) for name, value in registration["answers"].items()}
    return Form({**_typed(registration), **answers})


def _typed(row: Row) -> dict[str, Any]:
    """What a form has of a person, who is a member or has registered."""
    works = row.get("organisation") or {}
    typed = {name: row.get(name) for name in _PERSON} | {f"organisation.{name}": works.get(name) for name in ("name", "type")}
    return {name: value for name, value in typed.items() if value}


def _as_typed(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def person(form: Form) -> dict[str, Any]:
    """What was typed about the person; what was left empty is null."""
    works = {name: form[f"organisation.{name}"] for name in ("name", "type") if form[f"organisation.{name}"]}
    typed = {name: form[name] or None for name in _PERSON if form[name] or name in _WITHOUT_VALUE}
    return {**typed, "name": form["name"], "organisation": works or None}


def request(form: Form, event: Event) -> dict[str, Any]:
    """What was typed, as the body of a request to register."""
    given = {name: value for name, value in person(form).items() if value is not None}
    chosen = {name: form[name] for name in ("mode", "email") if form[name]}
    return {**given, **chosen, "wait": bool(form["wait"]), "answers": answers(form, asked(event, [form["mode"]]))}


def asked(event: Event, modes: Collection[str | None]) -> list[Question]:
    """The questions that are asked of who takes part, or waits to take part, in one of these modes."""
    return [question for question in event.questions if is_asked(question, modes)]


def answers(form: Form, questions: Iterable[Question]) -> dict[str, Any]:
    """The answers to these questions, by their id."""
    return {question["id"]: _answer(form, question) for question in questions}


def _answer(form: Form, question: Question) -> Any:
    name, kind = f"answers.{question['id']}", question.get("type")
    if kind == MULTIPLE_CHOICE:
        return form.all(name)
    if kind == CONSENT:
        return bool(form[name]) or None
    return _BOOLEANS.get(form[name]) if kind == YES_NO else form[name] or None


def modes_of(registration: Registration) -> set[str | None]:
    """The modes that somebody takes part in, waits for, or is offered."""
    offered = registration.offer.mode if registration.offer else None
    return {registration.mode, registration.waiting_for, offered}


def room_left(seats: Mapping[str, Any]) -> str:
    """How many seats of a mode are free, in words."""
    free = free_seats(seats)
    if free is None:
        return str(gettext("Room for everybody"))
    return str(ngettext("One free seat", "%(num)d free seats", free)) if free else str(gettext("Full, you can join the queue"))


def refusals() -> dict[str, str]:
    """What the rules of registration say, in words for people, by code."""
    return {
        "event_full": gettext("All seats of this kind are taken. Say below that you wait for one, or take part otherwise."),
        "already_registered": gettext("This address is registered already. The link to the registration has been mailed to it."),
        "event_cancelled": gettext("This theme day has been cancelled."),
        "event_ended": gettext("This theme day is over."),
        "registration_not_open": gettext("Registration has not opened yet."),
        "registration_closed": gettext("Registration has closed."),
        "registration_cancelled": gettext("This registration has been cancelled. You are welcome to register again."),
        "no_offer": gettext("The offer is not open any more: it was answered already, or its time was over."),
    }


REFUSED_AT: Mapping[str, str] = {"event_full": "wait", "already_registered": "email"}  # the fields that mend it
