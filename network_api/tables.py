"""Tables as spreadsheets open and save them.

Written row by row, so that twenty thousand rows need no more memory than a thousand: CSV as RFC 4180 has it, in UTF-8 with
the mark that Excel asks for; XLSX by way of a temporary file, every cell a text. Read from CSV with comma, semicolon or tab
between cells, in UTF-8 or the older Windows code page. What is written reads back as it was.
"""

import csv
import io
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from flask import Response, stream_with_context

from network_api.errors import Invalid

CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {CSV: "text/csv", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
Cells = Iterable[Sequence[Any]]
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")  # OWASP, "CSV injection"; its ASVS 5.0, 1.2.10
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


def read(content: bytes, *, needed: Collection[str], known: Collection[str], most: int) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file, each with the number of its line; empty cells are not named, empty rows are left out.

    The first line names the columns, in any order. Raises Invalid where it is no such table, where a column is unknown,
    named twice or missing, and for more than `most` rows.
    """
    text = _decoded(content)
    heading = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=heading.count), restkey="", restval="")
    columns = [name for name in (name.strip().lower() for name in _headings(reader)) if name]
    if not set(needed) <= set(columns) <= set(known) or len(columns) != len(set(columns)):
        raise Invalid(errors={"columns": [f"Needs {', '.join(sorted(needed))}; knows {', '.join(sorted(known))}."]})
    rows = [(reader.line_num, _cells(row)) for row in _parsed(reader)]
    rows = [(number, cells) for number, cells in rows if cells]
    if len(rows) > most:
        raise Invalid(errors={"rows": [f"At most {most} rows at once."]})
    return rows


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(errors={"file": ["It is no text in UTF-8 or Windows-1252."]})


def _headings(reader: "csv.DictReader[str]") -> Sequence[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error as error:
        raise _unreadable(reader, error) from error


def _parsed(reader: "csv.DictReader[str]") -> Iterator[Mapping[str, Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise _unreadable(reader, error) from error


def _unreadable(reader: "csv.DictReader[str]", error: csv.Error) -> Invalid:
    return Invalid(errors={"file": [f"Line {reader.line_num} cannot be read: {error}."]})


def _cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The cells by the names of their columns; beyond the last column there is nothing to know."""
    told = {str(name).strip().lower(): _said(value) for name, value in row.items() if name and isinstance(value, str)}
    return {name: value for name, value in told.items() if value}


def _said(value: str) -> str:
    """What a cell says, without the apostrophe of `harmless`."""
    text = value.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_STARTS_A_FORMULA) else text
