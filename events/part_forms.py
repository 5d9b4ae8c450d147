"""The parts of a theme day as forms on the desk: the organiser's questions and the agenda, a row of fields for each.

A row's fields are `<part>.<place>.<name>`; the last row is empty, for a new one. A row that is marked to be taken out, or
in which nothing stands, falls away; what the form does not ask stays as it is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from events import times
from events.documents import Event
from events.questions import WITH_OPTIONS
from events.schemas import EventPatch
from events.seating import MODES
from network_api.languages import LANGUAGES, slugify
from network_api.pages.forms import Form

Entry = dict[str, Any]
QUESTIONS, AGENDA = "questions", "agenda"
_CLOCK = "%Y-%m-%dT%H:%M"
_MOST = 101  # rows


def filled(event: Event, part: str) -> Form:
    """The form with this part of a theme day as it is stored."""
    typed: dict[str, Any] = {"version": event.version}
    for place, entry in enumerate([*getattr(event, part), {}]):
        row = _PARTS[part].typed(entry, event)
        typed |= {f"{part}.{place}.{name}": value for name, value in {"id": entry.get("id", ""), **row}.items()}
    return Form(typed)


def places(form: Form, part: str) -> list[int]:
    """The places of the rows that stand in the form."""
    return [place for place in range(_MOST) if f"{part}.{place}.id" in form.typed]


def load(form: Form, part: str, event: Event) -> dict[str, Any] | None:
    """What was typed, as the schema reads it; None where something has to be mended."""
    given = form.load(EventPatch, {part: [row for _, row in _rows(form, part, event)]})
    show_faults(form, part, event)
    return given


def show_faults(form: Form, part: str, event: Event) -> None:
    """Have each mistake at the row that it is about; one about a text in no language in particular at its first field."""
    told = [place for place, _ in _rows(form, part, event)]
    form.errors = {_field(name, part, told): words for name, words in form.errors.items()}


def _field(name: str, part: str, told: Sequence[int]) -> str:
    found = re.fullmatch(rf"{part}\.(\d+)\.(\w+)(.*)", name)
    if not found:
        return name
    of_language = f".{LANGUAGES[0]}" if found[2] in ("label", "title", "options") else ""
    rest = found[3] if found[3].removeprefix(".") in LANGUAGES else of_language
    return f"{part}.{told[int(found[1])]}.{found[2]}{rest}"


def _rows(form: Form, part: str, event: Event) -> list[tuple[int, Entry]]:
    """The rows that stay, with their places in the form."""
    stored: Sequence[Mapping[str, Any]] = getattr(event, part)
    rows = []
    for place in places(form, part):
        name = f"{part}.{place}"
        if not form[f"{name}.remove"] and any(form[f"{name}.{field}"] for field in _PARTS[part].said):
            kept = dict(stored[place]) if place < len(stored) else {}
            rows.append((place, {**kept, **_PARTS[part].read(form, name, kept, event)}))
    return rows


def _texts(name: str, texts: Mapping[str, str] | None) -> Entry:
    return {f"{name}.{code}": text for code, text in (texts or {}).items()}


def _question_typed(entry: Mapping[str, Any], event: Event) -> Entry:
    options = entry.get("options") or ()
    listed = {code: "\n".join(option["label"].get(code, "") for option in options).rstrip("\n") for code in LANGUAGES}
    return {
        **_texts("label", entry.get("label")),
        **_texts("options", listed),
        "type": entry.get("type", "text"),
        "required": "yes" if entry.get("required") else "",
        "mode": (entry.get("modes") or [""])[0] if len(entry.get("modes") or ()) == 1 else "",
    }


def _question_read(form: Form, name: str, kept: Entry, event: Event) -> Entry:
    label, kind = form.texts(f"{name}.label"), form[f"{name}.type"]
    known = [*(kept.get("options") or ())]
    options = [_option(label, place, known) for place, label in enumerate(_labels(form, f"{name}.options"))]
    return {
        "id": kept.get("id") or f"{slugify(next(iter(label.values()), ''))[:50] or 'kysymys'}-{name.rpartition('.')[2]}",
        "type": kind,
        "label": label,
        "options": options if kind in WITH_OPTIONS else None,
        "required": bool(form[f"{name}.required"]),
        "modes": [form[f"{name}.mode"]] if form[f"{name}.mode"] in MODES else None,
        "max_length": kept.get("max_length") if kind == "text" else None,
    }


def _labels(form: Form, name: str) -> list[dict[str, str]]:
    """The options, a line each; the same line in each language is the same option."""
    lines = {code: form.lines(f"{name}.{code}").split("\n") for code in LANGUAGES}
    longest = max(len(found) for found in lines.values())
    rows = [{code: found[line].strip() for code, found in lines.items() if line < len(found)} for line in range(longest)]
    told = [{code: text for code, text in row.items() if text} for row in rows]
    return [row for row in told if row]


def _option(label: Mapping[str, str], place: int, known: Sequence[Mapping[str, Any]]) -> Entry:
    """An option keeps its id with its words, or else with its place: answers name it."""
    same = next((option for option in known if option["label"] == label), None) or next(iter(known[place : place + 1]), None)
    return {"id": same["id"] if same else f"{slugify(next(iter(label.values())))[:50] or 'vaihtoehto'}-{place}", "label": label}


def _session_typed(entry: Mapping[str, Any], event: Event) -> Entry:
    speakers = [
        ", ".join(filter(None, (found["name"], found.get("role"), found.get("organisation"))))
        for found in entry.get("speakers", ())
    ]
    begins, ends = entry.get("starts_at", event.starts_at), entry.get("ends_at")
    return {
        **_texts("title", entry.get("title")),
        "starts_at": times.local(begins, event.timezone).strftime(_CLOCK),
        "ends_at": times.local(ends, event.timezone).strftime(_CLOCK) if ends else "",
        "room": entry.get("room") or "",
        "track": entry.get("track") or "",
        "speakers": "\n".join(speakers),
    }


def _session_read(form: Form, name: str, kept: Entry, event: Event) -> Entry:
    zone = ZoneInfo(event.timezone)
    at = {of: form.instant(f"{name}.{of}", zone) for of in ("starts_at", "ends_at")}
    speakers = [_speaker(line) for line in form.lines(f"{name}.speakers").split("\n") if line.strip()]
    return {
        **at,
        "title": form.texts(f"{name}.title"),
        "room": form[f"{name}.room"] or None,
        "track": form[f"{name}.track"] or None,
        "speakers": speakers,
    }


def _speaker(line: str) -> Entry:
    name, *rest = (part.strip() for part in line.split(",", 2))
    return dict(zip(("name", "role", "organisation"), (name, *rest), strict=False))


class _Part(NamedTuple):
    """How a row is written into a form, and read from one."""

    typed: Callable[[Mapping[str, Any], Event], Entry]
    read: Callable[[Form, str, Entry, Event], Entry]
    said: tuple[str, ...]  # the fields that are empty in a row for a new one


_BY_LANGUAGE = tuple(f"{name}.{code}" for name in ("label", "options", "title") for code in LANGUAGES)
_PARTS = {
    QUESTIONS: _Part(_question_typed, _question_read, _BY_LANGUAGE),
    AGENDA: _Part(_session_typed, _session_read, (*_BY_LANGUAGE, "ends_at", "room", "track", "speakers")),
}
