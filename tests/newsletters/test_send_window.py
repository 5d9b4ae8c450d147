"""When a letter may go out: the send window and the cadence, in the newsletter's zone, also when the clocks change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from network_api.documents import utcnow
from network_api.networks.documents import Network
from newsletters.dispatch import batches, tasks
from newsletters.dispatch.groups import Batch
from newsletters.dispatch.ledger import CODES, count
from newsletters.documents import Cadence, Newsletter, SendWindow
from newsletters.issues.documents import Issue
from tests.conftest import Api
from tests.mailserver import Mailbox
from tests.newsletters.factories import EDITORIAL, issue_being_sent, make_newsletter, subscribe, subscribe_many, work_until_idle

DAYTIME = {"from": "08:00", "to": "20:00"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def windowed(opens: str, closes: str, zone: str = "Europe/Helsinki") -> Newsletter:
    return Newsletter(timezone=zone, send_window=SendWindow(opens=opens, closes=closes))


@pytest.mark.parametrize(
    ("opens", "closes", "now", "until"),
    [
        ("08:00", "20:00", "2026-11-24T05:59:59", "2026-11-24T06:00"),  # winter: two hours ahead of UTC
        ("08:00", "20:00", "2026-11-24T06:00", None),
        ("08:00", "20:00", "2026-11-24T17:59:59", None),
        ("08:00", "20:00", "2026-11-24T18:00", "2026-11-25T06:00"),
        ("08:00", "20:00", "2026-07-01T05:00", None),  # summer: three
        ("22:00", "06:00", "2026-11-24T21:00", None),  # over midnight
        ("22:00", "06:00", "2026-11-24T03:00", None),
        ("22:00", "06:00", "2026-11-24T04:00", "2026-11-24T20:00"),
        ("00:00", "00:01", "2026-11-24T22:01", "2026-11-25T22:00"),
    ],
)
def test_the_window_is_told_in_local_time(opens: str, closes: str, now: str, until: str | None) -> None:
    assert windowed(opens, closes).holds_until(at(now)) == (until and at(until))


@pytest.mark.parametrize(
    ("closed", "opening"),
    [
        ("2027-03-27T19:00", "2027-03-28T05:00"),  # the night of the change to summer time: an hour shorter
        ("2026-10-24T18:00", "2026-10-25T06:00"),  # and to winter time: an hour longer
    ],
)
def test_the_morning_after_a_change_of_the_clocks_opens_at_the_local_hour(closed: str, opening: str) -> None:
    window = windowed("08:00", "20:00")
    assert window.holds_until(at(closed)) == at(opening)
    assert window.holds_until(at(opening) - timedelta(seconds=1)) == at(opening)
    assert window.holds_until(at(opening)) is None


def test_an_hour_that_the_clocks_leave_out_opens_when_it_would_have_been() -> None:
    """RFC 5545, section 3.3.5: 03:30 does not occur on 28 March 2027, and counts with the offset before the change."""
    window = windowed("03:30", "20:00")
    assert window.holds_until(at("2027-03-28T01:29")) == at("2027-03-28T01:30")
    assert window.holds_until(at("2027-03-28T01:30")) is None


def test_an_hour_that_the_clocks_have_twice_opens_once_and_closes_once() -> None:
    opening, closing = windowed("03:30", "20:00"), windowed("22:00", "03:30")
    minutes = [at("2026-10-25T00:00") + timedelta(minutes=number) for number in range(150)]
    first = at("2026-10-25T00:30")  # 03:30 summer time; 03:30 winter time is an hour later
    assert [opening.holds_until(now) is None for now in minutes] == [now >= first for now in minutes]
    assert [closing.holds_until(now) is None for now in minutes] == [now < first for now in minutes]


def test_a_window_that_a_change_of_the_clocks_swallows_opens_the_day_after() -> None:
    window = windowed("03:10", "04:05")
    assert window.holds_until(at("2027-03-28T01:06")) == at("2027-03-29T00:10")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T12:00", "2026-12-15T07:00"),
        ("2026-12-15T06:59:59", "2026-12-15T07:00"),
        ("2026-12-15T07:00", "2027-01-15T07:00"),
        ("2027-03-20T07:00", "2027-04-15T06:00"),  # summer time in between
        ("2027-10-20T07:00", "2027-11-15T07:00"),
    ],
)
def test_the_cadence_names_the_next_local_morning(now: str, expected: str) -> None:
    newsletter = Newsletter(timezone="Europe/Helsinki", cadence=Cadence(day=15, time="09:00"))
    assert newsletter.next_issue_at(at(now)) == at(expected)


def test_a_month_begins_where_the_newsletter_is() -> None:
    newsletter = Newsletter(timezone="Pacific/Auckland", cadence=Cadence(day=1, time="09:00"))
    assert newsletter.next_issue_at(at("2026-11-30T19:00")) == at("2026-11-30T20:00")


@pytest.fixture
def by_day(regional: Network) -> Newsletter:
    """A newsletter that goes out between eight and twenty."""
    return make_newsletter(regional, send_window=DAYTIME)


def test_at_night_a_letter_holds_and_in_the_morning_the_sweep_wakes_it(by_day: Newsletter, mailbox: Mailbox) -> None:
    subscribe(by_day, "tilaaja@example.org")
    issue = issue_being_sent(by_day)
    with travel(at("2026-11-24T20:00"), tick=False):
        assert not batches.has_something_to_do(Issue.row({"_id": issue.pk}) or {})
        assert work_until_idle(issue).state == "sending"
        assert mailbox.to("tilaaja@example.org") == []
    with travel(at("2026-11-25T06:00"), tick=False):
        assert batches.has_something_to_do(Issue.row({"_id": issue.pk}) or {})
        assert work_until_idle(issue).state == "sent"
    assert len(mailbox.to("tilaaja@example.org")) == 1


def test_the_end_of_the_window_acts_within_one_group(
    app: Any, by_day: Newsletter, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = subscribe_many(by_day, 12)
    issue = issue_being_sent(by_day)
    monkeypatch.setitem(app.config, "DISPATCH_GROUP", 3)
    send_group = Batch._send
    with travel(at("2026-11-24T17:59:59"), tick=False) as clock:

        def then_it_is_eight(batch: Batch, *given: Any) -> list[int]:
            left = send_group(batch, *given)
            if batch.states.count(CODES["accepted"]) == 6:
                clock.move_to(at("2026-11-24T18:00"))
            return left

        monkeypatch.setattr(Batch, "_send", then_it_is_eight)
        issue = work_until_idle(issue)
        assert issue.state == "sending"
        assert count(issue.pk) == {"ready": 6, "accepted": 6}
    with travel(at("2026-11-25T06:00"), tick=False):
        assert work_until_idle(issue).state == "sent"
    assert sum(len(mailbox.to(one.email)) for one in people) == 12


def test_who_has_paused_a_letter_finds_it_paused_in_the_morning(coordinator: Api, by_day: Newsletter, mailbox: Mailbox) -> None:
    subscribe(by_day, "tilaaja@example.org")
    issue = issue_being_sent(by_day)
    assert coordinator.post(f"/issues/{issue.pk}/pause").status_code == 200
    with travel(at("2026-11-25T06:00"), tick=False):
        tasks.sweep()
        assert work_until_idle(issue).state == "paused"
    assert mailbox.to("tilaaja@example.org") == []


def test_calling_off_acts_at_night_as_well(coordinator: Api, by_day: Newsletter) -> None:
    subscribe(by_day, "tilaaja@example.org")
    issue = issue_being_sent(by_day)
    with travel(at("2026-11-24T12:00"), tick=False):
        audience_only = batches.audience.freeze(issue)
    assert audience_only is not None
    assert coordinator.post(f"/issues/{issue.pk}/cancel").status_code == 200
    with travel(at("2026-11-24T20:00"), tick=False):
        assert batches.has_something_to_do(Issue.row({"_id": issue.pk}) or {})
        work_until_idle(issue)
    assert count(issue.pk) == {"cancelled": 1}


def test_window_zone_and_cadence_are_edited_and_the_next_date_is_told(
    coordinator: Api, anyone: Api, newsletter: Newsletter
) -> None:
    path = f"/newsletters/{newsletter.pk}"
    before = anyone.get(path)
    told = {name: before.json[name] for name in ("timezone", "send_window", "cadence", "next_issue_at")}
    assert told == {"timezone": "Europe/Helsinki", "send_window": None, "cadence": None, "next_issue_at": None}
    changes = {"timezone": "Europe/Stockholm", "send_window": DAYTIME, "cadence": {"day": 15, "time": "09:00"}}
    changed = coordinator.patch(path, changes, If_Match=before.headers["ETag"])
    assert {name: changed.json[name] for name in changes} == changes
    with travel(at("2026-11-24T12:00"), tick=False):
        read = anyone.get(path)
        assert read.json["next_issue_at"] == "2026-12-15T08:00:00Z"
    with travel(at("2026-12-15T08:00"), tick=False):
        assert anyone.get(path, If_None_Match=read.headers["ETag"]).json["next_issue_at"] == "2027-01-15T08:00:00Z"
        assert coordinator.patch(path, {"send_window": None}, If_Match=read.headers["ETag"]).json["send_window"] is None


def test_a_newsletter_stored_before_there_were_zones_is_in_helsinki(anyone: Api, newsletter: Newsletter) -> None:
    Newsletter.collection().update_one({"_id": newsletter.pk}, {"$unset": {"timezone": "", "send_window": ""}})
    assert anyone.get(f"/newsletters/{newsletter.pk}").json["timezone"] == "Europe/Helsinki"
    assert Newsletter.get(newsletter.pk).holds_until(utcnow()) is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"timezone": "Europe/Turku"}, "timezone"),
        ({"send_window": {"from": "8:00", "to": "20:00"}}, "send_window"),
        ({"send_window": {"from": "08:00"}}, "send_window"),
        ({"send_window": {"from": "08:00", "to": "08:00"}}, "send_window"),
        ({"cadence": {"day": 31, "time": "09:00"}}, "cadence"),
    ],
)
def test_what_is_no_window_is_refused(coordinator: Api, newsletter: Newsletter, changes: dict[str, Any], where: str) -> None:
    answer = coordinator.patch(f"/newsletters/{newsletter.pk}", changes, If_Match="*")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [where])


def test_without_a_time_an_issue_is_scheduled_for_the_next_of_the_cadence(
    signed_in: Callable[..., Api], editor: Api, coordinator: Api, newsletter: Newsletter
) -> None:
    issue = editor.post(f"/newsletters/{newsletter.pk}/issues", {"blocks": [EDITORIAL]}).json["id"]
    editor.post(f"/issues/{issue}/submit")
    coordinator.post(f"/issues/{issue}/approve")
    refused = coordinator.post(f"/issues/{issue}/schedule")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["send_at"])
    told = coordinator.patch(f"/newsletters/{newsletter.pk}", {"cadence": {"day": 15, "time": "09:00"}}, If_Match="*").json
    scheduled = coordinator.post(f"/issues/{issue}/schedule")
    assert (scheduled.json["state"], scheduled.json["send_at"]) == ("scheduled", told["next_issue_at"])
