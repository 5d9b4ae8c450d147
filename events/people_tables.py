"""Tables of people, as spreadsheets save them: comma, semicolon or tab between cells, UTF-8 or the older Windows code page."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from network_api.errors import Invalid

MOST_BYTES = 1024 * 1024
MOST_ROWS = 1000
NEEDED = {"name", "email"}
COLUMNS = NEEDED | {"mode", "organisation", "organisation_type", "region", "language", "needs", "diet"}


def read(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The people, each with the number of the line, as a request would name them; empty cells are not named.

    Raises Invalid where it is no such table, where a column is unknown or missing, and for too many lines.
    """
    text = _decoded(content)
    heading = text.partition("\n")[0]
    separator = max(";,\t", key=heading.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restkey="", restval="")
    columns = {str(name).strip().lower() for name in reader.fieldnames or ()}
    if not columns >= NEEDED or not columns <= COLUMNS:
        raise Invalid(errors={"columns": [f"Needs {', '.join(sorted(NEEDED))}; knows {', '.join(sorted(COLUMNS))}."]})
    rows = [(reader.line_num, row) for row in _parsed(reader) if any(row.values())]
    if len(rows) > MOST_ROWS:
        raise Invalid(errors={"rows": [f"At most {MOST_ROWS} people at once."]})
    return ((number, _person(row)) for number, row in rows)


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(errors={"file": ["It is no text in UTF-8 or Windows-1252."]})


def _parsed(reader: "csv.DictReader[str]") -> Iterator[Mapping[str, Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise Invalid(errors={"file": [f"Line {reader.line_num} cannot be read: {error}."]}) from error


def _person(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {str(name).strip().lower(): value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()}
    organisation = {name: told.pop(column) for name, column in _ORGANISATION if column in told}
    return {**told, "organisation": organisation} if organisation else told


_ORGANISATION = (("name", "organisation"), ("type", "organisation_type"))
