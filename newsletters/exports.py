"""Tables: subscribers and deliveries as CSV, streamed."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Response, stream_with_context

from network_api.documents import Row
from newsletters import deliveries, subscribing
from newsletters.documents import Newsletter
from newsletters.issues import Issue

SUBSCRIBER_COLUMNS = ("email", "language", "sections", "regions", "state", "consented_at", "consent_source")
DELIVERY_COLUMNS = ("subscription_id", "email", "state", "answer", "message_id", "updated_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def subscribers(newsletter: Newsletter, query: Mapping[str, Any]) -> Response:
    """The subscribers of a newsletter, in the columns of the import."""
    rows = (_subscriber(row) for row in subscribing.each_subscriber(newsletter, query))
    return _table(SUBSCRIBER_COLUMNS, rows, f"{newsletter.slug}-subscribers.csv")


def _subscriber(row: Row) -> dict[str, Any]:
    consent = row["consent"]
    return {
        **{name: row.get(name) for name in ("email", "language", "state")},
        "sections": ";".join(row.get("sections") or ()),
        "regions": ";".join(row.get("regions") or ()),
        "consented_at": consent.get("confirmed_at"),
        "consent_source": consent["source"],
    }


def delivered(issue: Issue, state: str | None) -> Response:
    """The deliveries of an issue."""
    return _table(DELIVERY_COLUMNS, deliveries.each_delivery(issue, state), f"issue-{issue.pk}-deliveries.csv")


def _table(columns: Iterable[str], rows: Iterable[Row], filename: str) -> Response:
    """A CSV file as RFC 4180 has it, with a mark that tells spreadsheets that it is UTF-8."""
    names = list(columns)

    def lines() -> Iterator[str]:
        yield "\ufeff" + _line(names)
        for row in rows:
            yield _line([_cell(row.get(name)) for name in names])

    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(stream_with_context(lines()), mimetype="text/csv", headers=headers)


def _cell(value: Any) -> str:
    """A value as text; what a spreadsheet would take for a formula is kept from being one."""
    text = "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(value, "strftime") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
