"""Attendance reports of meeting platforms, as Microsoft Teams and Zoom let an organiser download them.

Teams writes UTF-16 (little endian, with its mark) with tabs, or UTF-8 with commas, in sections: `1. Summary`,
`2. Participants`, `3. In-Meeting Activities`. The third tells each join of the people in the second once more, so only the
first table of people counts; older reports have that one alone. Zoom writes UTF-8 with commas: one table with a row for
each join, perhaps below a summary, or for a webinar several tables of people. Excel writes either with semicolons.

Both write headings and durations in the organiser's language, and instants in neither a known zone nor a known order of
day and month. So a table of people is known by its column of addresses, a duration by its units, and of the instants only
the time of day is used, to see which joins of one person overlap.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from itertools import count

from network_api.errors import Invalid
from network_api.languages import fold

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
_ADDRESSES = ("mail", "sahkoposti", "e-post", "epost", "upn")
_HEADINGS = {  # parts of headings, folded, in the languages of the country
    "addresses": _ADDRESSES,
    "names": ("name", "nimi", "namn"),
    "durations": ("duration", "time in session", "kesto", "varaktighet"),
    "minutes": ("minut",),
    "joined": ("join", "liitty", "anslut"),
    "left": ("leave", "poistu", "lamna"),
    "attended": ("attended",),
}
_OF_A_SUMMARY = {"topic", "meeting id", "participants"}  # headings of Zoom's first table, which has the host's address
_NO = {"no", "ei", "nej"}
_DURATION = re.compile(r"\s*(?:(\d+)\s*(?:h|t)[a-z.]*)?\s*(?:(\d+)\s*m[a-z.]*)?\s*(?:(\d+)\s*s[a-z.]*)?\s*")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*([ap])?\.?m?\.?$")
_DAY = 24 * 60 * 60
_LONGEST = 31 * _DAY  # seconds; no theme day is longer
_LONGEST_CELL = 60  # of an instant or a duration
_LONGEST_ADDRESS = 254  # RFC 5321, section 4.5.3.1.3


class ReportNotReadable(Invalid):
    """The file is none that we know."""

    code = "report_not_readable"
    detail = "This is no attendance report of Teams or Zoom: no table in it has a column of e-mail addresses."


@dataclass(frozen=True)
class Seen:
    """One row of a report: somebody, with their addresses in small letters, and how long they were there."""

    line: int
    name: str
    addresses: tuple[str, ...]
    seconds: int | None
    joined: int | None
    left: int | None
    day: tuple[int, ...]
    cells: tuple[str, ...]


def read(content: bytes) -> list[Seen]:
    """The rows about people. Raises ReportNotReadable."""
    text = _decoded(content)
    rows = _rows(text)
    numbered = any(re.match(r"\d\. ", row[0]) for _, row in rows if row)
    tables = list(_tables(rows))
    if not tables:
        raise ReportNotReadable
    return [seen for table in tables[: 1 if numbered else None] for seen in table]


def minutes_together(rows: Iterable[Seen]) -> int | None:
    """How long one person was there: their durations together, and no more than the time in which they were there at all.

    Somebody with two devices has two rows at one time. None where the report tells no durations.
    """
    listed = list(rows)
    told = [row.seconds for row in listed if row.seconds is not None]
    if not told:
        return None
    return (min(sum(told), _length_of_union(listed) or sum(told)) + 30) // 60


def _length_of_union(rows: list[Seen]) -> int | None:
    """The seconds in which at least one of the joins lasted; None where one of them tells no times."""
    spans: list[tuple[tuple[int, ...], int, int]] = []
    for row in rows:
        if row.joined is None or row.left is None:
            return None
        spans.append((row.day, row.joined, row.left if row.left >= row.joined else row.left + _DAY))
    total, until = 0, {on: 0 for on, _, _ in spans}
    for on, start, end in sorted(spans):
        total += max(0, end - max(start, until[on]))
        until[on] = max(until[on], end)
    return total


def _decoded(content: bytes) -> str:
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReportNotReadable from error


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows with their numbers. What separates cells is what the first line with a heading of addresses has most of."""
    headings = next((line for line in text.splitlines() if _has(fold(line), _ADDRESSES)), "")
    delimiter = max("\t;,", key=headings.count)
    try:
        read_rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
        rows = [(number, [cell.strip() for cell in row]) for number, row in zip(count(1), read_rows, strict=False)]
    except csv.Error as error:
        raise ReportNotReadable from error
    if len(rows) > MOST_ROWS:
        raise Invalid(f"A report has at most {MOST_ROWS} rows.", code="report_too_long")
    return rows


def _tables(rows: list[tuple[int, list[str]]]) -> Iterator[list[Seen]]:
    """The tables of people: each from its headings to an empty row, or one with a title alone."""
    columns: Mapping[str, list[int]] | None = None
    table: list[Seen] = []
    for number, row in rows:
        if (headings := _columns(row)) is not None or sum(map(bool, row)) < 2:
            if table:
                yield table
            columns, table = headings, []
        elif columns is not None and (seen := _seen(number, row, columns)):
            table.append(seen)
    if table:
        yield table


def _columns(row: list[str]) -> Mapping[str, list[int]] | None:
    """Which columns have what, if these are the headings of a table of people."""
    headings = [fold(cell) for cell in row]
    found = {name: [n for n, heading in enumerate(headings) if _has(heading, words)] for name, words in _HEADINGS.items()}
    is_data = any("@" in cell for cell in row)
    if not found["addresses"] or is_data or _OF_A_SUMMARY & set(headings):
        return None
    return {**found, "names": found["names"][:1] or [0]}


def _seen(number: int, row: list[str], columns: Mapping[str, list[int]]) -> Seen | None:
    """Somebody, or None for who is listed as absent."""
    cells = {name: [row[place] for place in places if place < len(row)] for name, places in columns.items()}
    if any(fold(cell) in _NO for cell in cells["attended"]):
        return None
    (day, joined), (_, left) = _clock(cells["joined"]), _clock(cells["left"])
    return Seen(
        line=number,
        name=" ".join(cells["names"])[:200],
        addresses=tuple(dict.fromkeys(cell.lower() for cell in cells["addresses"] if _is_address(cell))),
        seconds=_seconds(row, cells),
        joined=joined,
        left=left,
        day=day,
        cells=tuple(row),
    )


def _seconds(row: list[str], cells: Mapping[str, list[str]]) -> int | None:
    """The duration that a row tells: a number below a heading that says minutes, else the first cell with units of time."""
    for cell in cells["minutes"]:
        if cell.isdecimal() and len(cell) <= _LONGEST_CELL:
            return min(int(cell) * 60, _LONGEST)
    for cell in (*cells["durations"], *row):
        found = _DURATION.fullmatch(fold(cell)) if len(cell) <= _LONGEST_CELL else None
        if found and any(found.groups()):
            hours, minutes, seconds = (int(part or 0) for part in found.groups())
            return min(hours * 3600 + minutes * 60 + seconds, _LONGEST)
    return None


def _clock(cells: list[str]) -> tuple[tuple[int, ...], int | None]:
    """The numbers of the day in the order in which they stand, and the seconds since midnight: `9/22/26, 2:48:05 PM`."""
    for cell in map(fold, cells):
        found = _CLOCK.search(cell) if len(cell) <= _LONGEST_CELL else None
        if found:
            hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
            hours = hours % 12 + (12 if found[4] == "p" else 0) if found[4] else hours
            return tuple(map(int, re.findall(r"\d+", cell[: found.start()]))), hours * 3600 + minutes * 60 + seconds
    return (), None


def _is_address(cell: str) -> bool:
    return "@" in cell and len(cell) <= _LONGEST_ADDRESS


def _has(heading: str, words: Iterable[str]) -> bool:
    return any(word in heading for word in words)
