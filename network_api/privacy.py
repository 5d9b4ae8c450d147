"""The register of personal data (GDPR, article 30): what each stored field is for, on which basis, and for how long.

Each feature has a `Holding` for every class that it stores, and for every part inside one. A field stands in it either as
personal, with its purpose, basis and term, or as telling nothing about anybody; a test finds the field that stands in
neither. `network-api privacy` prints the register, and docs/privacy.md is made of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from flask import current_app
from flask_babel import LazyString
from mongoengine import EmbeddedDocumentField

from network_api.documents import BaseDocument, Part
from network_api.settings import PREFIX

# What processing rests on: articles of the GDPR.
CONSENT = "6(1)(a)"
SENSITIVE = "6(1)(a) and 9(2)(a)"  # consent, to what may tell of health or religion
SERVICE = "6(1)(b)"  # what the person asked for
DUTY = "6(1)(c)"  # to show what the law wants shown
INTEREST = "6(1)(f)"
SHARED = frozenset(BaseDocument._fields)  # of every document: identity, version, times


class Term(NamedTuple):
    """How long something is kept: until what `ends` says, or for the days of a setting from there."""

    ends: str
    setting: str | None = None

    @property
    def length(self) -> timedelta:
        """The days that the setting says."""
        return timedelta(days=current_app.config[str(self.setting)])

    def __str__(self) -> str:
        return f"`{PREFIX}{self.setting}` days {self.ends}" if self.setting else self.ends


class Field(NamedTuple):
    """Fields of one purpose (their names, with commas between), the basis they are kept on, and their term."""

    names: str
    purpose: str
    basis: str
    term: Term


@dataclass(frozen=True)
class Holding:
    """What one stored class holds about people; `other` names the fields that tell nothing about anybody.

    `after_erasure` is what stays when a person has been erased, and why: it stands in their receipt.
    """

    document: type[BaseDocument] | type[Part]
    personal: tuple[Field, ...] = ()
    other: str = ""
    after_erasure: str | LazyString = ""

    @property
    def name(self) -> str:
        """The class as it is called."""
        return str(self.document.__name__)

    def listed(self) -> list[str]:
        """Every field that stands here."""
        told = (*(field.names for field in self.personal), self.other)
        return [name for names in told for name in names.split(", ") if name]


def own_fields(document: type[BaseDocument] | type[Part]) -> set[str]:
    """The fields that have to stand in the register: all but what every document has; an id, where it is made of something."""
    if issubclass(document, Part):
        return set(document._fields)
    made_of_something = {"id"} if document._fields["id"].default is None else set()
    return set(document._fields) - SHARED | made_of_something


def with_parts(documents: Iterable[type[BaseDocument]]) -> list[type[Any]]:
    """Stored classes, and every part inside them."""
    found: list[type[Any]] = []
    waiting: list[type[Any]] = list(documents)
    while waiting:
        document = waiting.pop(0)
        if document not in found:
            found.append(document)
            waiting.extend(part for field in document._fields.values() for part in _parts_of(field))
    return found


def _parts_of(field: Any) -> Iterator[type[Part]]:
    while field is not None:
        if isinstance(field, EmbeddedDocumentField):
            yield field.document_type
        field = getattr(field, "field", None)  # of a list or a map: what it holds


def page(registers: Iterable[tuple[str, Iterable[Holding]]]) -> str:
    """The register as Markdown, by feature: first what is held about people, then the classes that hold nothing."""
    written, empty = "", []
    for feature, holdings in registers:
        personal = [holding for holding in holdings if holding.personal]
        empty += [f"`{holding.name}`" for holding in holdings if not holding.personal]
        written += f"\n## {feature.capitalize()}\n" if personal else ""
        written += "".join(_table(holding) for holding in personal)
    return f"{written}\n## Nothing about anybody\n\n{', '.join(sorted(empty))}.\n"


def _table(holding: Holding) -> str:
    rows = [f"| {_in_code(field.names)} | {field.purpose} | {field.basis} | {field.term} |" for field in holding.personal]
    lines = ["", f"### {holding.name}", "", "| field | what for | basis | how long |", "| --- | --- | --- | --- |", *rows, ""]
    if holding.after_erasure:
        lines += [f"After an erasure: {holding.after_erasure}", ""]
    return "\n".join(lines)


def _in_code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))
