"""Tables of people: the columns of a registration."""

from collections.abc import Iterator, Mapping
from typing import Any

from network_api import tables

MOST_BYTES = 1024 * 1024
MOST_ROWS = 1000
NEEDED = {"name", "email"}
COLUMNS = NEEDED | {"mode", "organisation", "organisation_type", "region", "language", "needs", "diet"}
_ORGANISATION = (("name", "organisation"), ("type", "organisation_type"))


def read(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The people, each with the number of the line, as a request would name them. Raises Invalid as `tables.read` does."""
    rows = tables.read(content, needed=NEEDED, known=COLUMNS, most=MOST_ROWS)
    return ((number, _person(cells)) for number, cells in rows)


def _person(cells: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = dict(cells)
    organisation = {name: told.pop(column) for name, column in _ORGANISATION if column in told}
    return {**told, "organisation": organisation} if organisation else told
