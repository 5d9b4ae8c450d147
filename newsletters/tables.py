"""Tables as CSV, streamed."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context

from network_api.documents import Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(columns: Iterable[str], rows: Iterable[Row], filename: str) -> Response:
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
