"""Calendars: what goes with the mails of a registration, feeds, time zones; replayed into a real calendar program."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from icalendar import Calendar
from khal.cli import main_khal

from events.documents import Event
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.mailserver import Mailbox

Link = Callable[..., str]


@pytest.fixture
def invitations(mailbox: Mailbox, deliver: Callable[[], None]) -> Callable[[str], list[Any]]:
    """`invitations("eka")`: the calendars in the mails to somebody, in their order."""

    def read(who: str) -> list[Any]:
        deliver()
        found = []
        for mail in mailbox.to(f"{who}@example.org"):
            for part in mail.walk():
                if part.get_content_type() == "text/calendar":
                    calendar = Calendar.from_ical(part.get_content())
                    assert part["Content-Type"].params["method"] == str(calendar["METHOD"])
                    found.append(calendar)
        return found

    return read


def entry(calendar: Any) -> Any:
    [found] = calendar.walk("VEVENT")
    return found


def said(calendars: list[Any]) -> list[str]:
    return [str(calendar["METHOD"]) for calendar in calendars]


def test_a_seat_comes_with_an_invitation_that_a_calendar_can_take(
    anyone: Api, event: Event, invitations: Any, link: Link
) -> None:
    register(anyone, event, "eka", name="Aino Virtanen")
    register(anyone, event, "eta", mode="remote")
    [onsite], [remote] = invitations("eka"), invitations("eta")
    assert (str(onsite["METHOD"]), entry(onsite)["DTSTART"].dt) == ("REQUEST", event.starts_at)
    assert entry(onsite)["ORGANIZER"] == "mailto:network@example.org"
    assert (entry(onsite)["ATTENDEE"], entry(onsite)["ATTENDEE"].params["CN"]) == ("mailto:eka@example.org", "Aino Virtanen")
    assert "Toivolan vanha piha" in entry(onsite)["LOCATION"]
    assert link("eta", "/join/") in entry(remote)["LOCATION"]
    assert "/join/" not in onsite.to_ical().decode()
    assert entry(onsite)["UID"] != entry(remote)["UID"]


def test_a_place_in_the_queue_is_no_entry_until_there_is_a_seat(anyone: Api, event: Event, invitations: Any, link: Link) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "kolmas", wait=True)
    assert invitations("kolmas") == []
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert said(invitations("kolmas")) == ["REQUEST"]


def test_the_uid_stays_and_the_sequence_rises_over_switch_change_and_cancellation(
    anyone: Api, coordinator: Api, event: Event, invitations: Any, link: Link
) -> None:
    register(anyone, event, "eka")
    assert said(invitations("eka")) == ["REQUEST"]
    anyone.patch(f"/manage/registrations/{link('eka')}", {"mode": "remote"})
    assert said(invitations("eka")) == ["REQUEST"] * 2
    later = {"starts_at": (event.starts_at + timedelta(hours=1)).isoformat()}
    assert coordinator.patch(f"/events/{event.pk}", later, If_Match="*").status_code == 200
    assert said(invitations("eka")) == ["REQUEST"] * 3
    coordinator.post(f"/events/{event.pk}/cancel")
    calendars = invitations("eka")
    assert said(calendars) == [*["REQUEST"] * 3, "CANCEL"]
    assert len({entry(found)["UID"] for found in calendars}) == 1
    numbers = [entry(found)["SEQUENCE"] for found in calendars]
    assert numbers == sorted(set(numbers))
    assert entry(calendars[2])["DTSTART"].dt == event.starts_at + timedelta(hours=1)
    assert str(entry(calendars[3])["STATUS"]) == "CANCELLED"


def test_who_cancels_has_the_entry_taken_away_and_who_registers_again_gets_another(
    anyone: Api, event: Event, invitations: Any, link: Link
) -> None:
    register(anyone, event, "eka")
    anyone.delete(f"/manage/registrations/{link('eka')}")
    register(anyone, event, "eka")
    calendars = invitations("eka")
    assert said(calendars) == ["REQUEST", "CANCEL", "REQUEST"]
    first, withdrawn, again = (entry(found)["UID"] for found in calendars)
    assert first == withdrawn != again


def test_who_never_had_a_seat_gets_no_cancellation_for_their_calendar(
    anyone: Api, event: Event, invitations: Any, link: Link
) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "kolmas", wait=True)
    anyone.delete(f"/manage/registrations/{link('kolmas')}")
    assert invitations("kolmas") == []


class Client:
    """khal, a calendar program, with one calendar of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "config"
        (folder / "own").mkdir()
        dates = [f"{name} = %Y-%m-%d" for name in ("dateformat", "longdateformat")]
        times = [f"{name} = %Y-%m-%d %H:%M" for name in ("datetimeformat", "longdatetimeformat")]
        zones = [f"{name} = Europe/Helsinki" for name in ("local_timezone", "default_timezone")]
        lines = ["[calendars]", "[[own]]", f"path = {folder / 'own'}", "[sqlite]", f"path = {folder / 'khal.db'}"]
        lines += ["[locale]", "timeformat = %H:%M", *dates, *times, *zones, "[default]", "default_calendar = own"]
        self.config.write_text("\n".join(lines))

    def take(self, *calendars: Any) -> None:
        """Import calendars in their order, as a mail program hands them over."""
        files = []
        for number, calendar in enumerate(calendars):
            file = self.folder / f"{number}.ics"
            file.write_bytes(calendar.to_ical())
            files.append(str(file))
        self._run("import", "--batch", *files)

    def entries(self, day: datetime) -> list[str]:
        """What stands in the two weeks from a day on: start, title and whether it is cancelled."""
        shown = self._run(
            "list", "--once", "--day-format", "", "--format", "{start-long}|{title}|{cancelled}", f"{day:%Y-%m-%d}", "14d"
        )
        return sorted(" ".join(line.split()) for line in shown.splitlines() if line.strip())

    def _run(self, *arguments: str) -> str:
        """Its command in this process: a process of its own would read the program from disk anew each time."""
        done = CliRunner().invoke(main_khal, ["-c", str(self.config), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Europe/Helsinki", "2030-03-28T07:00:00Z", "2030-04-04T06:00:00Z"),
        ("Europe/Helsinki", "2030-10-24T06:00:00Z", "2030-10-31T07:00:00Z"),
        ("America/St_Johns", "2030-03-07T12:30:00Z", "2030-03-14T11:30:00Z"),
        ("America/St_Johns", "2030-10-31T11:30:00Z", "2030-11-07T12:30:00Z"),
    ],
)
def test_replayed_into_a_calendar_the_mails_leave_exactly_the_right_entries(
    anyone: Api, coordinator: Api, regional: Network, invitations: Any, tmp_path: Path, zone: str, before: str, after: str
) -> None:
    """Two days at nine in a zone, a week before its clock changes: one is moved over that and stays, the other is cancelled.

    The calendar is one in Helsinki, and shows when it is there.
    """
    starts, moved = datetime.fromisoformat(before), datetime.fromisoformat(after)
    first, second = (f"{moment.astimezone(ZoneInfo('Europe/Helsinki')):%Y-%m-%d %H:%M}" for moment in (starts, moved))
    given = {"timezone": zone, "starts_at": starts, "ends_at": starts + timedelta(hours=6)}
    stays = make_event(regional, slug="jaa", title={"fi": "Siirtyvä"}, **given)
    goes = make_event(regional, slug="menee", title={"fi": "Peruttava"}, **given)
    for event in (stays, goes):
        register(anyone, event, "eka")
    assert said(invitations("eka")) == ["REQUEST"] * 2
    changed = {"starts_at": after, "ends_at": (moved + timedelta(hours=6)).isoformat()}
    assert coordinator.patch(f"/events/{stays.pk}", changed, If_Match="*").status_code == 200
    invitations("eka")
    coordinator.post(f"/events/{goes.pk}/cancel")
    client, calendars = Client(tmp_path), invitations("eka")
    assert sorted(said(calendars)) == ["CANCEL", "REQUEST", "REQUEST", "REQUEST"]
    assert {entry(found)["DTSTART"].dt.strftime("%H:%M") for found in calendars} == {"09:00"}
    client.take(*calendars[:2])
    assert client.entries(starts) == [f"{first}|Peruttava|", f"{first}|Siirtyvä|"]
    client.take(*calendars[2:])
    assert client.entries(starts) == [f"{first}|Peruttava|CANCELLED", f"{second}|Siirtyvä|"]


def test_an_update_with_another_uid_would_leave_an_entry_too_many(
    anyone: Api, coordinator: Api, event: Event, invitations: Any, tmp_path: Path
) -> None:
    """The negative control of the one before."""
    register(anyone, event, "eka")
    invitations("eka")
    later = {"ends_at": (event.ends_at + timedelta(hours=1)).isoformat()}
    assert coordinator.patch(f"/events/{event.pk}", later, If_Match="*").status_code == 200
    first, update = invitations("eka")
    entry(update)["UID"] = "another"
    client = Client(tmp_path)
    client.take(first, update)
    assert len(client.entries(event.starts_at)) == 2


@pytest.mark.parametrize(
    ("zone", "instant", "local"),
    [
        ("Europe/Helsinki", "2027-03-26T07:00:00Z", "2027-03-26 09:00 +0200"),
        ("Europe/Helsinki", "2027-03-29T06:00:00Z", "2027-03-29 09:00 +0300"),
        ("Europe/Helsinki", "2027-10-29T06:00:00Z", "2027-10-29 09:00 +0300"),
        ("Europe/Helsinki", "2027-11-01T07:00:00Z", "2027-11-01 09:00 +0200"),
        ("Europe/Stockholm", "2027-11-01T08:00:00Z", "2027-11-01 09:00 +0100"),
        ("America/St_Johns", "2027-03-15T11:30:00Z", "2027-03-15 09:00 -0230"),
        ("UTC", "2027-03-29T09:00:00Z", "2027-03-29 09:00 +0000"),
    ],
)
def test_an_entry_stands_at_the_hour_of_its_own_zone_on_both_sides_of_a_change_of_clock(
    anyone: Api, regional: Network, zone: str, instant: str, local: str
) -> None:
    """Read by the rules in the file alone, as a program does that knows no zones of its own."""
    starts = datetime.fromisoformat(instant)
    event = make_event(regional, timezone=zone, starts_at=starts, ends_at=starts + timedelta(hours=6))
    calendar = Calendar.from_ical(anyone.get(f"//events/{event.pk}.ics").data)
    found = entry(calendar)["DTSTART"]
    assert f"{found.dt:%Y-%m-%d %H:%M %z}" == local
    assert found.dt == starts
    if zone != "UTC":
        [rules] = calendar.walk("VTIMEZONE")
        assert found.params["TZID"] == str(rules["TZID"]) == zone
        assert starts.astimezone(rules.to_tz(lookup_tzid=False)).replace(tzinfo=None) == found.dt.replace(tzinfo=None)


def test_a_member_subscribes_to_their_own_theme_days_until_they_take_the_address_back(
    anyone: Api, signed_in: Callable[..., Api], event: Event, regional: Network, link: Link
) -> None:
    aino, other = signed_in("aino@example.org"), make_event(regional)
    assert aino.get("/members/me/calendar").status_code == 404
    for day in (event, other):
        register(anyone, day, "aino")
    address = aino.post("/members/me/calendar").json["url"].removeprefix("http://localhost/")
    feed = anyone.get(f"//{address}")
    assert (feed.status_code, feed.headers["Cache-Control"]) == (200, "private, no-cache")
    assert len(Calendar.from_ical(feed.data).walk("VEVENT")) == 2
    assert anyone.get(f"//{address}", If_None_Match=feed.headers["ETag"]).status_code == 304
    anyone.delete(f"/manage/registrations/{link('aino')}")
    assert len(Calendar.from_ical(anyone.get(f"//{address}").data).walk("VEVENT")) == 1
    renewed = aino.post("/members/me/calendar").json["url"].removeprefix("http://localhost/")
    assert (anyone.get(f"//{address}").status_code, anyone.get(f"//{renewed}").status_code) == (404, 200)
    assert aino.delete("/members/me/calendar").status_code == 204
    assert anyone.get(f"//{renewed}").status_code == 404


def test_a_guest_takes_the_entry_from_the_page_of_the_registration(
    anyone: Api, event: Event, invitations: Any, link: Link
) -> None:
    register(anyone, event, "eka")
    [calendar] = Calendar.from_ical(anyone.get(f"//manage/registrations/{link('eka')}/event.ics").data, multiple=True)
    [invitation] = invitations("eka")
    assert (str(calendar["METHOD"]), entry(calendar)["UID"]) == ("PUBLISH", entry(invitation)["UID"])
