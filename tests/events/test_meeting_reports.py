"""The attendance reports of Teams and Zoom: each form of them read, people found by address, nothing entered twice."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from events.attendance_documents import Attendance
from events.documents import Event
from events.meeting_reports import MOST_BYTES, minutes_together, read
from network_api.audit import AuditEntry
from network_api.errors import Invalid
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, register
from tests.events.test_pages import move

TEAMS = """1. Summary
Meeting title\tTyöhönvalmennuksen teemapäivä
Attended participants\t4
Start time\t3/4/27, 8:45:11 AM
End time\t3/4/27, 3:01:40 PM
Meeting duration\t6h 16m 29s
Average attendance time\t3h 2m 1s

2. Participants
Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole
Virtanen, Aino\t3/4/27, 8:55:02 AM\t3/4/27, 2:58:10 PM\t5h 30m 8s\tAINO@Example.org\taino@example.org\tPresenter
Matti (External)\t3/4/27, 9:00:00 AM\t3/4/27, 9:45:00 AM\t45m\t\tmatti@example.org\tAttendee
Matti (External)\t3/4/27, 10:00:00 AM\t3/4/27, 10:30:20 AM\t30m 20s\t\tmatti@example.org\tAttendee
"Kaisa ""K"" Vieras (Unverified)"\t3/4/27, 9:10:00 AM\t3/4/27, 9:20:00 AM\t10m\t\t\tAttendee
Ulla Ulkopuolinen\t3/4/27, 9:10:00 AM\t3/4/27, 9:20:00 AM\t10m 2s\tulla@elsewhere.example\t\tAttendee

3. In-Meeting Activities
Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole
Virtanen, Aino\t3/4/27, 8:55:02 AM\t3/4/27, 2:58:10 PM\t5h 30m 8s\taino@example.org\tPresenter
""".replace("\n", "\r\n")
TEAMS_MINUTES = {"aino@example.org": 330, "matti@example.org": 75, None: 10, "ulla@elsewhere.example": 10}


def commas(text: str, separator: str = ",") -> str:
    """A report with another separator, quoted where that is needed."""
    rows = [[f'"{cell}"' if separator in cell else cell for cell in line.split("\t")] for line in text.splitlines()]
    return "\r\n".join(separator.join(row) for row in rows)


IN_FINNISH = (
    TEAMS.replace("1. Summary", "1. Yhteenveto")
    .replace("2. Participants", "2. Osallistujat")
    .replace("3. In-Meeting Activities", "3. Kokouksen tapahtumat")
    .replace("Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail", "Nimi\tAlku\tLoppu\tOloaika\tSähköposti")
    .replace("5h 30m 8s", "5 t 30 min 8 s")
    .replace("30m 20s", "30 min 20 s")
)
FORMS = {
    "UTF-16 with tabs": TEAMS.encode("utf-16"),
    "UTF-16 without its mark": TEAMS.encode("utf-16-le"),
    "UTF-8 with commas": commas(TEAMS).encode("utf-8-sig"),
    "Excel with semicolons": commas(TEAMS, ";").encode(),
    "headings and units in Finnish": IN_FINNISH.encode("utf-16"),
}
ZOOM = """Name (original name),Email,Join time,Leave time,Duration (minutes),Guest,Recording disclaimer response,In waiting room
"Aino Virtanen (Aino V.)",Aino@example.org,03/04/2027 08:55:02 AM,03/04/2027 10:00:00 AM,65,No,,No
Aino Virtanen,aino@example.org,03/04/2027 09:30:00 AM,03/04/2027 11:00:00 AM,90,No,,No
Aino Virtanen,aino@example.org,03/04/2027 12:00:00 PM,03/04/2027 12:30:00 PM,30,No,,No
Vieras,,03/04/2027 09:00:00 AM,03/04/2027 09:30:00 AM,30,Yes,,No
"""
ZOOM_BELOW_A_SUMMARY = """Topic,ID,Host name,Host email,Duration (minutes),Start time,End time,Participants
Teemapäivä,812 3456 7890,Kerttu,kerttu@example.org,376,03/04/2027 08:45:11 AM,03/04/2027 03:01:40 PM,2

Name (original name),Email,Total duration (minutes),Guest
Aino Virtanen,aino@example.org,155,No
Vieras,,30,Yes
"""
ZOOM_WEBINAR = """Attendee Report
Report Generated:,03/05/2027 08:00 AM
Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),Unique Viewers
Teemapäivä,812 3456 7890,03/04/2027 08:45 AM,376,2
Host Details
Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest
Yes,Aino Virtanen,aino@example.org,03/04/2027 08:50 AM,03/04/2027 11:25 AM,155,No
Attendee Details
Attended,User Name (Original Name),Email,Registration Time,Approval Status,Join Time,Leave Time,Time in Session (minutes)
Yes,Matti,matti@example.org,02/01/2027 10:00 AM,approved,03/04/2027 09:00 AM,03/04/2027 09:45 AM,45
No,Poissa,poissa@example.org,02/01/2027 10:00 AM,approved,--,--,--
"""


def send(api: Api, event: Event, content: str | bytes, query: str = "", content_type: str = "text/csv") -> TestResponse:
    headers = {"Authorization": f"Bearer {api.token}"}
    body = content.encode() if isinstance(content, str) else content
    path = f"/api/v1/events/{event.pk}/attendance/import{query}"
    return api.client.post(path, data=body, content_type=content_type, headers=headers)


def told(answer: TestResponse) -> dict[str | None, tuple[Any, ...]]:
    assert answer.status_code == 200, answer.json
    return {row["email"]: (row["result"], row["reason"], row["minutes"]) for row in answer.json["rows"]}


@pytest.fixture
def day(anyone: Api, event: Event) -> Event:
    """A theme day that is over, with Aino and Matti remotely."""
    for who in ("aino", "matti"):
        register(anyone, event, who, mode="remote")
    move(event, hours=-7)
    return Event.get(event.pk)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_teams_report_says_the_same(coordinator: Api, day: Event, form: str) -> None:
    answer = send(coordinator, day, FORMS[form])
    assert told(answer) == {
        "aino@example.org": ("recorded", None, 330),
        "matti@example.org": ("recorded", None, 75),
        None: ("unmatched", "no_address", 10),
        "ulla@elsewhere.example": ("unmatched", "not_registered", 10),
    }
    assert [answer.json[name] for name in ("recorded", "unchanged", "unmatched")] == [2, 0, 2]
    assert 'Kaisa "K" Vieras (Unverified)' in {row["name"] for row in answer.json["rows"]}
    ledger = coordinator.get(f"/events/{day.pk}/attendance").json["items"]
    assert [(row["source"], row["mode"], row["minutes"]) for row in ledger] == [
        ("report", "remote", 330),
        ("report", "remote", 75),
    ]
    adds_up()


def test_zooms_joins_of_one_person_are_merged_and_no_minute_counts_twice(coordinator: Api, day: Event) -> None:
    """On two devices at once from 9.30 to 10.00: two hours and five minutes, then half an hour."""
    assert told(send(coordinator, day, ZOOM)) == {
        "aino@example.org": ("recorded", None, 155),
        None: ("unmatched", "no_address", 30),
    }


def test_zooms_report_below_a_summary_names_no_host_as_a_participant(coordinator: Api, day: Event) -> None:
    assert told(send(coordinator, day, ZOOM_BELOW_A_SUMMARY)) == {
        "aino@example.org": ("recorded", None, 155),
        None: ("unmatched", "no_address", 30),
    }


def test_zooms_webinar_lists_hosts_and_attendees_and_the_absent_are_none(coordinator: Api, day: Event) -> None:
    assert told(send(coordinator, day, ZOOM_WEBINAR)) == {
        "aino@example.org": ("recorded", None, 155),
        "matti@example.org": ("recorded", None, 45),
    }


def test_a_dry_run_tells_the_same_and_writes_nothing(coordinator: Api, day: Event) -> None:
    tried = send(coordinator, day, TEAMS, "?dry_run=true")
    assert (tried.json["dry_run"], Attendance.rows({}), AuditEntry.rows({"action": "attendance.imported"})) == (True, [], [])
    assert told(tried) == told(send(coordinator, day, TEAMS))
    [noted] = AuditEntry.rows({"action": "attendance.imported"})
    assert (noted["target_id"], noted["changes"]) == (day.pk, {"entries": {"before": 0, "after": 2}})


def test_the_same_report_again_changes_nothing_and_another_part_of_the_day_adds_to_it(coordinator: Api, day: Event) -> None:
    send(coordinator, day, TEAMS.encode("utf-16"))
    again = send(coordinator, day, commas(TEAMS))
    assert [again.json[name] for name in ("recorded", "unchanged", "unmatched")] == [0, 2, 2]
    entry = next(row for row in coordinator.get(f"/events/{day.pk}/attendance").json["items"] if row["minutes"] == 75)
    coordinator.patch(f"/attendance/{entry['id']}", {"void_reason": "Toinen Matti"}, If_Match="*")
    assert told(send(coordinator, day, TEAMS))["matti@example.org"] == ("unchanged", None, 75)
    assert coordinator.get(f"/registrations/{entry['registration_id']}").json["attended"] is False
    afternoon = TEAMS.replace("8:55:02 AM", "1:00:00 PM").replace("5h 30m 8s", "20m")
    assert told(send(coordinator, day, afternoon))["aino@example.org"] == ("recorded", None, 20)
    adds_up()


def test_who_has_no_seat_is_listed_and_not_entered(anyone: Api, coordinator: Api, regional: Network) -> None:
    event = make_event(regional, slug="taysi", capacity={"remote": 1})
    register(anyone, event, "aino", mode="remote")
    register(anyone, event, "matti", mode="remote", wait=True)
    found = told(send(coordinator, event, TEAMS))
    assert (found["aino@example.org"][:2], found["matti@example.org"][:2]) == (("recorded", None), ("unmatched", "no_seat"))


def test_a_report_without_durations_still_says_who_came(coordinator: Api, day: Event) -> None:
    """As when the organisation keeps no times."""
    text = "1. Summary\n\n2. Participants\nName\tEmail\tRole\nAino\taino@example.org\tAttendee\n"
    assert told(send(coordinator, day, text)) == {"aino@example.org": ("recorded", None, None)}


NO_REPORTS: tuple[tuple[bytes, str], ...] = (
    (b"", "report_not_readable"),
    (b"\xff\xfe\x00", "report_not_readable"),
    (b"\xff\xfb\x90", "report_not_readable"),
    (b"PK\x03\x04 an Excel file", "report_not_readable"),
    (b"Name,Duration\nAino,5 min\n", "report_not_readable"),
    (b"Name,Email\n" + b"a,a@example.org\n" * 10_000, "report_too_long"),
)


@pytest.mark.parametrize(("content", "code"), NO_REPORTS)
def test_what_is_no_report_is_refused(coordinator: Api, day: Event, content: bytes, code: str) -> None:
    answer = send(coordinator, day, content)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert Attendance.rows({}) == []


def test_a_file_has_a_type_and_a_largest_size_and_a_reader_who_may(
    anyone: Api, coordinator: Api, signed_in: Callable[..., Api], day: Event, other_region: Network
) -> None:
    assert send(coordinator, day, TEAMS, content_type="application/json").status_code == 415
    assert send(coordinator, day, TEAMS, content_type="application/vnd.ms-excel; charset=utf-16le").status_code == 200
    large = b"x" * (1024 * 1024 + 1)
    assert send(coordinator, day, large).status_code == 422
    assert send(coordinator, day, b"x" * (MOST_BYTES + 1)).status_code == 413
    assert send(signed_in("eve@example.org", other_region, "coordinator"), day, TEAMS).status_code == 403
    assert send(coordinator, day, TEAMS, "?dry_run=ehka").json["errors"].keys() == {"dry_run"}


def test_nobody_came_to_a_theme_day_that_was_cancelled(coordinator: Api, event: Event) -> None:
    coordinator.post(f"/events/{event.pk}/cancel")
    assert send(coordinator, event, TEAMS).json["code"] == "event_cancelled"


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("1h 27m 51s", 5271),
        ("6m 31s", 391),
        ("45s", 45),
        ("1 t 2 min", 3720),
        ("2 tim 3 min 4 sek.", 7384),
        ("3h", 10800),
        ("", None),
        ("Presenter", None),
    ],
)
def test_a_duration_is_known_by_its_units(duration: str, seconds: int | None) -> None:
    [seen] = read(f"Name\tIn-Meeting Duration\tEmail\nAino\t{duration}\taino@example.org".encode())
    assert seen.seconds == seconds


HEADINGS = ("Email", "Nimi", "Duration (minutes)", "1. ")
STRANGE = (*HEADINGS, "a@example.org", "9" * 70 + "h", "99:99:99", "3/4/27, 8:45 AM", "5 t", "\n", '"')
ROWS = st.lists(st.lists(st.text(max_size=12) | st.sampled_from(STRANGE), max_size=5), max_size=6)


@settings(derandomize=True, deadline=None, database=None, max_examples=150)
@given(rows=ROWS, delimiter=st.sampled_from("\t,;"), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_no_invented_report_is_our_fault(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    """It is read, with durations that can be stored, or refused."""
    text = "\n".join(delimiter.join(row) for row in [["Name", "Email", "Join", "Leave", "Kesto"], *rows])
    try:
        seen = read(text.encode(encoding, "surrogatepass"))
    except Invalid:
        return
    assert (minutes_together(seen) or 0) <= 31 * 24 * 60 * len(seen)


def test_an_endless_cell_costs_no_time(coordinator: Api, day: Event) -> None:
    """What a search for units would go through again and again."""
    cell = "1" + " " * 60_000 + "1:11" + " " * 60_000 + "x"
    text = f"Name\tEmail\tJoin\tKesto\nAino\taino@example.org\t{cell}\t{cell}\nX\t{'a' * 90_000}@example.org\t\t\n"
    assert told(send(coordinator, day, text))["aino@example.org"] == ("recorded", None, None)
