"""Forms: what somebody typed, kept when something is wrong with it, and words that say what to mend.

A page's form is held to the schema of the API, so that both ask the same. The names of fields are those of the schema; a
field inside another has a full stop between (`organisation.name`).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from network_api import measures
from network_api.errors import DomainError
from network_api.languages import LANGUAGES
from network_api.schemas import Schema


class Form:
    """What was typed into a form, by field; `errors` has a sentence for each field that has to be mended, "" for the whole.

    Forms of one page that have fields of the same names are told apart by their `prefix`.
    """

    def __init__(self, typed: Mapping[str, Any] | None = None, *, prefix: str = "field") -> None:
        self.prefix = prefix
        self.typed: MultiDict[str, str] = MultiDict(typed or {})
        self.errors: dict[str, str] = {}
        self.shown: dict[str, str] = {}  # fields that stand on the page so far, with their labels

    @classmethod
    def sent(cls) -> Self:
        """The form of this request."""
        return cls(request.form)

    @property
    def status(self) -> int:
        """The status of the page that shows the form: 422 while something has to be mended."""
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.errors else HTTPStatus.OK

    def __getitem__(self, name: str) -> str:
        """What stands in a field."""
        return str(self.typed.get(name, "")).strip()

    def lines(self, name: str) -> str:
        """A text of several lines, whose ends browsers send as CRLF (HTML, section 4.10.21.4)."""
        return self[name].replace("\r\n", "\n")

    def instant(self, name: str, zone: ZoneInfo) -> str:
        """The local time that a browser sends (HTML, section 2.3.5.7) with its offset in a zone; else what was typed."""
        try:
            return datetime.strptime(self[name], "%Y-%m-%dT%H:%M").replace(tzinfo=zone).isoformat()
        except ValueError:
            return self[name]

    def texts(self, name: str) -> dict[str, str]:
        """A text by language, from fields `name.fi`, `name.sv`, `name.en`; what was left empty is left out."""
        return {code: self.lines(f"{name}.{code}") for code in LANGUAGES if self[f"{name}.{code}"]}

    @property
    def version(self) -> int:
        """The version that the form was opened with; one that never was where it is no number."""
        return int(self["version"]) if self["version"].isdecimal() else 0

    def all(self, name: str) -> list[str]:
        """All that is chosen in a field of several."""
        return self.typed.getlist(name)

    def id(self, name: str) -> str:
        """The id of a field on the page."""
        return f"{self.prefix}-{name.replace('.', '-')}"

    def show(self, name: str, label: str) -> Self:
        """Note that a field stands on the page, so that the list of mistakes can lead to it."""
        self.shown[name] = label
        return self

    def load(self, schema: type[Schema], body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The body as the schema reads it; None where something is wrong, which `errors` then say."""
        try:
            loaded: dict[str, Any] = schema().load(body)
        except ValidationError as error:
            self._note(error.normalized_messages())  # type: ignore[no-untyped-call]  # marshmallow leaves the type out
            return None
        return loaded

    def refuse(self, error: DomainError, words: Mapping[str, str], at: Mapping[str, str] | None = None) -> None:
        """Note what a rule said: at its fields where it names some, else in words by its code, `at` the field that mends it."""
        measures.refusals.labels(error.code).inc()
        if error.errors:
            self._note(error.errors)
        else:
            self.errors[(at or {}).get(error.code, "")] = words.get(error.code, error.detail)

    def _note(self, messages: Mapping[Any, Any]) -> None:
        """A sentence for each field at fault, in the reader's language."""
        self.errors |= {field: _in_words(found, is_empty=not self[field]) for field, found in _told(messages)}


_PARTS = ("value", *range(100))  # of a map or a list: what is wrong with one is told at the field


def _told(messages: Mapping[Any, Any], inside: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each field at fault, with what the schema says of it."""
    for name, found in messages.items():
        is_part = name in _PARTS and not isinstance(found, Mapping)
        field = "" if name == "_schema" else inside.removesuffix(".") if is_part else f"{inside}{name}"
        if isinstance(found, Mapping):
            yield from _told(found, f"{field}.")
        else:
            yield field, [str(message) for message in found]


def _in_words(messages: list[str], *, is_empty: bool) -> str:
    """What to mend. The sentences of schemas are for programs; people get these, or the sentence itself."""
    known = {
        "Missing data for required field.": gettext("Please fill this in."),
        "Field may not be null.": gettext("Please fill this in."),
        "Not a valid email address.": gettext("This is no e-mail address. It should look like name@example.org."),
        "Not a valid choice.": gettext("Please choose one of these."),
        "Not a valid datetime.": gettext("Please give a date and a time."),
        "Not a valid date.": gettext("Please give a date."),
        "This day has passed.": gettext("Please choose a day to come."),
        "At least one language is needed.": gettext("Please write it in one language at least."),
        "This needs an answer.": gettext("Please answer this."),
        "This consent is needed.": gettext("Without this you cannot take part."),
        "This theme day does not offer it.": gettext("Please choose one of these."),
        "Not a valid integer.": gettext("Please give a whole number."),
        "After the start, and within 31 days of it.": gettext("The end has to come after the start, and within 31 days of it."),
        "After its start.": gettext("It has to end after it begins."),
        "Sessions are within the theme day.": gettext("This lies outside the hours of the theme day."),
        "A choice needs options, and nothing else has any.": gettext("Please say what can be chosen."),
        "Not a valid URL.": gettext("This is no web address. It should begin with https://."),
    }
    first = messages[0] if messages else ""
    if first.startswith("Must be one of"):
        return str(gettext("Please choose one of these."))
    if first.startswith("Session "):
        return str(gettext("Another part of the same track is on at that time."))
    if first.startswith(("Longer than maximum length", "A text of at most")) or (
        first.startswith("Length must be") and not is_empty
    ):
        return str(gettext("This is too long."))
    if first.startswith(("Shorter than minimum length", "Length must be")):
        return str(gettext("Please fill this in."))
    return str(known.get(first, first))
