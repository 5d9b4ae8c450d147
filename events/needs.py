"""Who reads the needs: the person, beside their registration, and the coordinators, in a list of their own."""

from collections.abc import Iterable, Mapping
from typing import Any

from events.documents import Event
from events.needs_documents import NEEDS, Needs
from events.registration_documents import Registration
from network_api.documents import Page, Row


def with_needs(rows: Iterable[Row]) -> list[Row]:
    """The rows of registrations with the needs, for the person themselves."""
    listed = list(rows)
    kept = Needs.by_ids(row["_id"] for row in listed)
    return [{**row, **_of(kept.get(row["_id"], {}))} for row in listed]


def _of(found: Row) -> dict[str, str | None]:
    return {name: found.get(name) for name in NEEDS}


def find_needs(event: Event, query: Mapping[str, Any]) -> Page:
    """The needs of a theme day's people, each with their name and how they take part."""
    page = Needs.page({"event_id": event.pk}, **query["paging"])
    people = Registration.by_ids(row["_id"] for row in page.items)
    items: list[Row] = [{**people[row["_id"]], **_of(row)} for row in page.items]
    return Page(items, page.next, page.total)
