"""What every kind of source can say: what is new, what may still be told, and how it reads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from network_api.documents import Row

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Facts:
    """When and where a theme day is, by language, and where its page and its calendar entry are found."""

    when: Mapping[str, str]
    where: Mapping[str, str]
    page: str
    calendar: str
    digest: str  # changes with its time, place or ways to take part


@dataclass(frozen=True)
class Live:
    """What a source says at this moment, and whom it is for: readers in the regions of its networks (None: all regions)."""

    version: int
    texts: Texts
    networks: tuple[ObjectId, ...]
    everywhere: bool = False  # whatever regions the networks serve
    facts: Facts | None = None
    regions: frozenset[str] | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of source.

    `new(network_id, after, until)` finds what has become news in a network, the oldest first; `read(ids)` what may be told
    now; `section`, `published_at`, `live` say where it belongs, since when it is news, and what it says in these languages.
    One that is not `dated` can become news later than its time says: it is looked for in a window of its own, not after
    `after`, and only what has been told tells it from what has not.
    """

    type: str
    new: Callable[[ObjectId, datetime, datetime], list[Row]]
    read: Callable[[Iterable[ObjectId]], Mapping[ObjectId, Row]]
    section: Callable[[Row], str]
    published_at: Callable[[Row], datetime]
    live: Callable[[Row, Iterable[str]], Live]
    dated: bool = True


def in_languages(wanted: Iterable[str], text: Mapping[str, Any]) -> list[str]:
    """Those of the wanted languages that a text has, and all of its own where it has none of them."""
    return [language for language in wanted if text.get(language)] or [language for language in text if text[language]]


def plain(text: str) -> str:
    """A text as Markdown that says just that."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>()#+-.!|~&" else letter for letter in " ".join(text.split()))
