"""Tables that spreadsheets open, row by row, so that twenty thousand rows need no more memory than a thousand.

CSV as RFC 4180 has it, in UTF-8 with the mark that Excel asks for; XLSX by way of a temporary file, every cell a text.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from flask import Response, stream_with_context

CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {CSV: "text/csv", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
Cells = Iterable[Sequence[Any]]
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV injection"
_BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for an older code page
_CHUNK = 64 * 1024  # bytes
_LONGEST_CELL = 32_767  # characters, Excel's limit
_LINES = 100  # of CSV that leave together


def download(kind: str, filename: str, rows: Cells) -> Response:
    """A table as a file to keep; the first row has the headings."""
    content = as_csv(rows) if kind == CSV else as_xlsx(rows)
    answer = Response(stream_with_context(content), mimetype=CONTENT_TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}.{kind}"'
    answer.headers["Vary"] = "Authorization, Accept-Language"
    return answer


def as_csv(rows: Cells) -> Iterator[bytes]:
    """The lines of a CSV file, some at a time."""
    written = io.StringIO()
    write = csv.writer(written).writerow
    written.write(_BYTE_ORDER_MARK)
    for number, row in enumerate(rows):
        write([harmless(value) for value in row])
        if number % _LINES == 0:
            yield written.getvalue().encode()
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode()


def as_xlsx(rows: Cells) -> Iterator[bytes]:
    """The bytes of an XLSX file. Neither xlsxwriter nor we keep a row once it is written."""
    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, {"constant_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            sheet.freeze_panes(1, 0)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    sheet.write_string(number, column, harmless(value)[:_LONGEST_CELL])
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def harmless(value: Any) -> str:
    """A value as text. A spreadsheet runs what looks like a formula; with an apostrophe before it, it is a text."""
    if value is None:
        return ""
    text = value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
