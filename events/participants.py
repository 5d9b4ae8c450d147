"""The participants of a theme day, and who came, as tables. Each download is a look at personal data, and is noted.

Without a `language` the headings and values are those of the API, for programs; with one they are for people.
What people need is not in them: it has a list and a term of its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from flask import Response
from flask_babel import force_locale, gettext

from events import registration
from events.attendance_documents import Attendance
from events.documents import Event
from events.registration_documents import Registration
from network_api import audit, tables
from network_api.auth.caller import Caller
from network_api.documents import Row
from network_api.languages import in_language

_READ_AT_ONCE = 500  # entries whose people are looked up together
_REGISTERED: Mapping[str, Callable[[Row], Any]] = {
    "id": lambda row: row["_id"],
    "status": lambda row: row["status"],
    "mode": lambda row: row["mode"],
    "name": lambda row: row["name"],
    "email": lambda row: row["email"],
    "organisation": lambda row: (row.get("organisation") or {}).get("name"),
    "organisation_type": lambda row: (row.get("organisation") or {}).get("type"),
    "region": lambda row: row.get("region"),
    "language": lambda row: row["language"],
    "registered_at": lambda row: row["created_at"],
    "cancelled_at": lambda row: row.get("cancelled_at"),
    "attended_at": lambda row: row.get("attended_at"),
    "attended_mode": lambda row: row.get("attended_mode"),
}
_ENTERED = ("id", "at", "source", "mode", "minutes", "state", "registration_id", "name", "email", "organisation")


def registrations(kind: str, caller: Caller, event: Event, query: Mapping[str, Any]) -> Response:
    """The registrations that match, each answer in a column of its own."""
    where = registration.filters(caller, event, query)
    rows = _registered(event, where, query.get("language"))
    return _noted(caller, "registrations.exported", kind, event, tables.download(kind, event.slug, rows))


def attendance(kind: str, caller: Caller, event: Event, query: Mapping[str, Any]) -> Response:
    """The ledger of attendance, entry by entry, voided ones too."""
    source = {"source": query["source"]} if "source" in query else {}
    rows = _entered({"event_id": event.pk, **source}, query.get("language"))
    return _noted(caller, "attendance.exported", kind, event, tables.download(kind, f"{event.slug}-attendance", rows))


def _noted(caller: Caller, action: str, kind: str, event: Event, download: Response) -> Response:
    changes = {"format": {"before": None, "after": kind}}
    audit.record(caller.member_id, action, event.pk, network_id=event.network_id, changes=changes)
    return download


def _registered(event: Event, where: Mapping[str, Any], language: str | None) -> Iterator[Sequence[Any]]:
    questions = {question["id"]: question for question in event.questions if question.get("id")}
    asked = [in_language(question.get("label"), language) if language else name for name, question in questions.items()]
    yield [*headings(tuple(_REGISTERED), language), *asked, *headings(("other_answers",), language)]
    for row in Registration.each(where, sort=[("_id", 1)]):
        answers = dict(row.get("answers") or {})
        told = [_said(question, answers.pop(name, None), language) for name, question in questions.items()]
        other = json.dumps(answers, ensure_ascii=False) if answers else None
        yield [*(read(row) for read in _REGISTERED.values()), *told, other]


def _said(question: Mapping[str, Any], answer: Any, language: str | None) -> Any:
    """An answer as one cell: what was chosen by its label in a language, by its id without one."""
    if isinstance(answer, bool) and language:
        with force_locale(language):
            return gettext("Yes") if answer else gettext("No")
    labels = {option["id"]: option.get("label") for option in question.get("options") or ()} if language else {}
    chosen = answer if isinstance(answer, list) else [answer]
    said = [in_language(labels.get(one), language or "") or str(one) for one in chosen if one is not None]
    return "; ".join(said)


def _entered(where: Mapping[str, Any], language: str | None) -> Iterator[Sequence[Any]]:
    yield headings(_ENTERED, language)
    entries = Attendance.each(where, sort=[("_id", 1)])
    while some := list(islice(entries, _READ_AT_ONCE)):
        people = Registration.by_ids(row["registration_id"] for row in some)
        for row in some:
            person = people.get(row["registration_id"], {})
            told = {**row, "id": row["_id"], "name": person.get("name"), "email": person.get("email")}
            told["organisation"] = (person.get("organisation") or {}).get("name")
            yield [told.get(name) for name in _ENTERED]


def headings(names: Sequence[str], language: str | None) -> list[str]:
    """The names of columns, as the API has them or in a language."""
    if language is None:
        return list(names)
    with force_locale(language):
        said = _headings()
    return [said.get(name, name) for name in names]


def _headings() -> Mapping[str, str]:
    return {
        "id": gettext("Number"),
        "status": gettext("Status"),
        "mode": gettext("Takes part"),
        "name": gettext("Name"),
        "email": gettext("E-mail"),
        "organisation": gettext("Organisation"),
        "organisation_type": gettext("Kind of organisation"),
        "region": gettext("Region"),
        "language": gettext("Language"),
        "registered_at": gettext("Registered"),
        "cancelled_at": gettext("Cancelled"),
        "attended_at": gettext("Came"),
        "attended_mode": gettext("Came on site or remotely"),
        "other_answers": gettext("Answers to earlier questions"),
        "at": gettext("Time"),
        "source": gettext("Noted by"),
        "minutes": gettext("Minutes"),
        "state": gettext("State"),
        "registration_id": gettext("Number of the registration"),
    }
