"""The participants of a theme day as a table that spreadsheets open."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from events import registration
from events.documents import Event
from events.registration_documents import Registration
from network_api.auth.caller import Caller
from network_api.documents import Row

COLUMNS = (
    "id",
    "status",
    "mode",
    "name",
    "email",
    "organisation",
    "organisation_type",
    "language",
    "needs",
    "answers",
    "registered_at",
    "attended_at",
)
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV injection"
_BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for an older code page


def as_csv(caller: Caller, event: Event, query: Mapping[str, Any]) -> Iterator[str]:
    """The registrations that match, one a line, under a line of headings."""
    yield _BYTE_ORDER_MARK + _line(COLUMNS)
    for row in Registration.rows(registration.filters(caller, event, query), sort=[("_id", 1)]):
        yield _line([_harmless(_cell(row, name)) for name in COLUMNS])


def _cell(row: Row, name: str) -> str:
    organisation = row.get("organisation") or {}
    if name == "answers":
        return json.dumps(row["answers"], ensure_ascii=False) if row.get("answers") else ""
    special = {
        "id": row["_id"],
        "organisation": organisation.get("name"),
        "organisation_type": organisation.get("type"),
        "registered_at": row["created_at"].isoformat(),
        "attended_at": row["attended_at"].isoformat() if row.get("attended_at") else None,
    }
    value = special[name] if name in special else row.get(name)
    return "" if value is None else str(value)


def _harmless(cell: str) -> str:
    """A spreadsheet runs what looks like a formula; with an apostrophe before it, it is a text."""
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell


def _line(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()
