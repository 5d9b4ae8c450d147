"""The form of a theme day on the desk: what it asks, and what was typed into it as the API's request has it."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from events import times
from events.documents import Event
from events.schemas import EventPatch, EventRequest
from events.seating import MODES, ONSITE
from events.telling import HOME_ZONE
from network_api.documents import Row
from network_api.pages.forms import Form

TEXTS = ("title", "summary", "description")
TIMES = ("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")
_NEEDED = TIMES[:2]  # the others may be left out
_CLOCK = "%Y-%m-%dT%H:%M"
_PLACES: Mapping[str, tuple[str, ...]] = {"venue": ("name", "address"), "remote": ("join_url", "platform")}


def blank(network_id: str) -> Form:
    """An empty form."""
    return Form({"network_id": network_id, "modes": [ONSITE]})


def filled(event: Row) -> Form:
    """The form with a theme day as it is stored."""
    typed: dict[str, Any] = {f"{name}.{code}": text for name in TEXTS for code, text in (event.get(name) or {}).items()}
    for name in TIMES:
        typed[name] = times.local(event[name], event["timezone"]).strftime(_CLOCK) if event.get(name) else ""
    for part, names in _PLACES.items():
        typed |= {f"{part}.{name}": (event.get(part) or {}).get(name) or "" for name in names}
    seats: Mapping[str, Row] = event.get("seats", {})
    typed |= {f"capacity.{mode}": _told(found.get("capacity")) for mode, found in seats.items()}
    return Form({**typed, "modes": list(seats), "network_id": str(event["network_id"]), "version": event["version"]})


def load(form: Form, event: Event | None = None) -> dict[str, Any] | None:
    """What was typed, as the schema reads it; None where something has to be mended."""
    given = form.load(EventPatch if event else EventRequest, request(form, event))
    if "title" in form.errors:  # in no language: it is mended in the first field
        form.errors["title.fi"] = form.errors.pop("title")
    return None if form.errors else given


def request(form: Form, event: Event | None = None) -> dict[str, Any]:
    """What was typed, as the body of a request to draft a theme day, or to change this one."""
    zone = event.timezone if event else HOME_ZONE
    there = ZoneInfo(zone)
    given: dict[str, Any] = {name: form.texts(name) for name in TEXTS}
    given = {name: texts or None for name, texts in given.items() if texts or event or name == "title"}
    given["title"] = given["title"] or {}
    given |= {name: form.instant(name, there) for name in TIMES if form[name]}
    given |= {name: None for name in TIMES if event and name not in (*given, *_NEEDED)}
    given |= {part: _place(form, part, event) for part in _PLACES if _is_told(form, part) or event}
    if not form.all("modes"):
        form.errors["modes"] = gettext("Please choose one at least.")
    given["capacity"] = {mode: _number(form[f"capacity.{mode}"]) for mode in MODES if mode in form.all("modes")}
    return given if event else {**given, "network_id": form["network_id"], "timezone": zone}


def _told(capacity: int | None) -> str:
    return "" if capacity is None else str(capacity)


def _is_told(form: Form, part: str) -> bool:
    return any(form[f"{part}.{name}"] for name in _PLACES[part])


def _place(form: Form, part: str, event: Event | None) -> dict[str, Any] | None:
    """The venue or the room; what the form does not ask stays as it is."""
    if not _is_told(form, part):
        return None
    before = getattr(event, part, None)
    kept = before.to_mongo().to_dict() if before else {}
    typed = {name: form[f"{part}.{name}"] for name in _PLACES[part] if form[f"{part}.{name}"]}
    return {**{name: value for name, value in kept.items() if name not in _PLACES[part]}, **typed}


def _number(typed: str) -> int | str | None:
    return int(typed) if typed.isdecimal() else typed or None
