"""Tables of registrations and attendance: complete, harmless, in the asked language, noted, and flat in memory."""

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from openpyxl import load_workbook

from events.documents import Event
from network_api import tables
from network_api.audit import AuditEntry
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "\0=1")


def table(client: Api, path: str) -> list[list[str]]:
    """The rows of a CSV or XLSX file."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.json
    if ".xlsx" in path:
        cells = load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
        return [["" if value is None else value for value in row] for row in cells]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_everybody_is_in_the_table_with_each_answer_in_a_column(
    anyone: Api, coordinator: Api, regional: Network, kind: str
) -> None:
    questions = [{"id": "diet", "type": "text", "label": {"fi": "Ruokavalio"}}]
    event = make_event(regional, questions=questions)
    register(anyone, event, "eka", answers={"diet": "kasvis"}, name="Äijä Öhman")
    register(anyone, event, "toka", mode="remote")
    heads, first, second = table(coordinator, f"/events/{event.pk}/registrations.{kind}")
    rows = [dict(zip(heads, row, strict=True)) for row in (first, second)]
    assert [row["name"] for row in rows] == ["Äijä Öhman", "Toka"]
    assert [row["diet"] for row in rows] == ["kasvis", ""]
    assert [row["mode"] for row in rows] == ["onsite", "remote"]
    assert rows[0]["organisation_type"] == "municipality"
    assert len(table(coordinator, f"/events/{event.pk}/registrations.{kind}?mode=remote")) == 2


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_of_a_table_is_run_as_a_formula(anyone: Api, coordinator: Api, event: Event, kind: str) -> None:
    for number, name in enumerate(FORMULAS[:4]):
        register(anyone, event, f"nro{number}", name=name, mode="remote")
    rows = table(coordinator, f"/events/{event.pk}/registrations.{kind}")
    assert {row[3] for row in rows[1:]} == {f"'{name}" for name in FORMULAS[:4]}
    assert [tables.harmless(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]
    assert tables.harmless("tavallinen = teksti") == "tavallinen = teksti"


def test_a_workbook_holds_texts_only(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka", name="=1+1", organisation={"name": "https://example.org", "type": "other"})
    answer = coordinator.get(f"/events/{event.pk}/registrations.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    assert all(isinstance(cell.value, (str, type(None))) and not cell.hyperlink for row in sheet.iter_rows() for cell in row)


def test_lines_and_quotes_in_a_cell_come_back_as_they_were(anyone: Api, coordinator: Api, regional: Network) -> None:
    event = make_event(regional, questions=[{"id": "q", "type": "text", "label": {"fi": "Kysymys"}}])
    said = 'rivi, yksi\nja "toinen"; ä'
    register(anyone, event, "eka", answers={"q": said})
    answer = coordinator.get(f"/events/{event.pk}/registrations.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in answer.data  # RFC 4180, section 2
    heads, row = table(coordinator, f"/events/{event.pk}/registrations.csv")
    assert row[heads.index("q")] == said


def test_headings_and_questions_are_in_the_asked_language(anyone: Api, coordinator: Api, regional: Network) -> None:
    options = [{"id": "veg", "label": {"fi": "Kasvis", "sv": "Vegetariskt"}}]
    label = {"fi": "Ruokavalio", "sv": "Kost"}
    event = make_event(regional, questions=[{"id": "diet", "type": "choice", "label": label, "options": options}])
    register(anyone, event, "eka", answers={"diet": "veg"})
    told = {}
    for language in ("fi", "sv", "en"):
        heads, row = table(coordinator, f"/events/{event.pk}/registrations.csv?language={language}")
        told[language] = (heads[3], heads[-2], row[-2])
    assert told == {
        "fi": ("Nimi", "Ruokavalio", "Kasvis"),
        "sv": ("Namn", "Kost", "Vegetariskt"),
        "en": ("Name", "Ruokavalio", "Kasvis"),
    }


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_ledger_of_attendance_is_a_table_too(anyone: Api, coordinator: Api, event: Event, kind: str) -> None:
    registered = register(anyone, event, "eka").json["id"]
    assert coordinator.post(f"/registrations/{registered}/check-in", {"method": "manual"}).status_code in (200, 201)
    heads, row = table(coordinator, f"/events/{event.pk}/attendance.{kind}")
    entry = dict(zip(heads, row, strict=True))
    assert (entry["source"], entry["mode"], entry["email"], entry["state"]) == ("manual", "onsite", "eka@example.org", "recorded")
    assert len(table(coordinator, f"/events/{event.pk}/attendance.{kind}?source=ticket")) == 1


def test_each_download_is_in_the_audit_log(coordinator: Api, event: Event) -> None:
    for path in ("registrations.csv", "registrations.xlsx", "attendance.csv", "attendance.xlsx"):
        coordinator.get(f"/events/{event.pk}/{path}").close()
    found = [(row["action"], row["changes"]["format"]["after"]) for row in AuditEntry.rows({"target_id": event.pk})]
    assert found == [
        ("registrations.exported", "csv"),
        ("registrations.exported", "xlsx"),
        ("attendance.exported", "csv"),
        ("attendance.exported", "xlsx"),
    ]


def peak_of(make: Callable[[Any], Iterator[bytes]], rows: Iterator[Sequence[Any]]) -> int:
    """The most bytes that were in use while a table went out."""
    tracemalloc.start()
    for _ in make(rows):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("make", [tables.as_csv, tables.as_xlsx])
def test_twenty_thousand_rows_need_no_more_memory_than_a_thousand(make: Callable[[Any], Iterator[bytes]]) -> None:
    peaks = [peak_of(make, ((number, f"Aino {number}") for number in range(most))) for most in (1_000, 20_000)]
    assert peaks[1] < peaks[0] * 1.2, peaks


def test_a_table_that_keeps_its_rows_would_be_found() -> None:
    """The negative control of the one before."""

    def keeping(rows: Iterator[Sequence[Any]]) -> Iterator[bytes]:
        yield b"".join(list(tables.as_csv(rows)))

    peaks = [peak_of(keeping, ((number, f"Aino {number}") for number in range(most))) for most in (1_000, 20_000)]
    assert peaks[1] > peaks[0] * 1.2, peaks
