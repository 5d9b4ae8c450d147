"""What everybody is told: changes, cancellations, reminders, thanks; each once, and to nobody whom it no longer concerns."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import mails, notices
from events.documents import Event
from events.feature import check
from events.notice_documents import LEASE, Notice
from events.registration_documents import Registration
from network_api.app import create_app
from network_api.documents import utcnow
from network_api.mail.outbox import OutgoingMail
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import body, make_event, register
from tests.mailserver import Mailbox
from tests.processes import at_once, together

Link = Callable[..., str]


def fall_due(kind: str) -> None:
    """The time of the planned notices of a kind has come."""
    Notice.collection().update_many({"kind": kind}, {"$set": {"due_at": utcnow(), "planned_for": utcnow()}})


def subjects(mailbox: Mailbox, who: str) -> list[str]:
    return [str(mail["Subject"]).split(":")[0] for mail in mailbox.to(f"{who}@example.org")]


@pytest.fixture
def published(coordinator: Api, regional: Network) -> Event:
    """A theme day in 2030 that was drafted and published through the API, with a reminder two days before and thanks."""
    wanted = {"reminder_hours": [48], "thanks_hours": 2, "feedback_url": "https://example.org/palaute"}
    made = coordinator.post("/events", body(regional, **wanted)).json
    assert coordinator.post(f"/events/{made['id']}/publish").status_code == 200
    return Event.get(made["id"])


def test_participants_are_reminded_once_and_who_waits_or_has_cancelled_is_not(
    anyone: Api, published: Event, mailbox: Mailbox, deliver: Callable[[], None], link: Link
) -> None:
    for who in ("eka", "toka"):
        register(anyone, published, who)
    register(anyone, published, "jono", wait=True)
    deliver()
    mailbox.clear()
    fall_due("reminder")
    for _ in range(2):
        deliver()
    assert (subjects(mailbox, "eka"), subjects(mailbox, "jono")) == (["Pian tavataan"], [])


def test_who_cancels_after_the_reminder_was_written_does_not_get_it(
    anyone: Api, published: Event, mailbox: Mailbox, deliver: Callable[[], None], link: Link
) -> None:
    register(anyone, published, "eka")
    token = link("eka")
    mailbox.clear()
    fall_due("reminder")
    for notice_id in Notice.due(utcnow()):
        notices.tell(notice_id)  # the mail waits in the outbox
    anyone.delete(f"/manage/registrations/{token}")
    deliver()
    assert subjects(mailbox, "eka") == ["Ilmoittautumisesi on peruttu"]
    assert OutgoingMail.row({"review": mails.REMINDER})["state"] == "withdrawn"  # type: ignore[index]


def test_the_plan_follows_the_theme_day(coordinator: Api, published: Event) -> None:
    def planned() -> dict[str, Any]:
        return {row["kind"]: row["due_at"] for row in Notice.rows({"event_id": published.pk})}

    assert planned() == {
        "reminder": published.starts_at - timedelta(hours=48),
        "thanks": published.ends_at + timedelta(hours=2),
    }
    path = f"/events/{published.pk}"
    later = published.starts_at + timedelta(hours=1)
    coordinator.patch(path, {"starts_at": later.isoformat(), "reminder_hours": [24], "thanks_hours": None}, If_Match="*")
    assert planned()["reminder"] == later - timedelta(hours=24)
    assert "thanks" not in planned()
    coordinator.post(f"{path}/cancel")
    assert sorted(planned()) == ["cancelled", "changed"]


def test_thanks_go_to_those_who_came(anyone: Api, published: Event, mailbox: Mailbox, deliver: Callable[[], None]) -> None:
    for who in ("eka", "toka"):
        register(anyone, published, who)
    Registration.change({"email_key": "eka@example.org"}, {"$set": {"attended_at": utcnow(), "attended_mode": "onsite"}})
    deliver()
    mailbox.clear()
    fall_due("thanks")
    deliver()
    assert (subjects(mailbox, "eka"), subjects(mailbox, "toka")) == (["Kiitos osallistumisesta"], [])
    assert "https://example.org/palaute" in mailbox.text_to("eka@example.org")


def test_two_changes_before_a_worker_comes_are_told_as_one(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    register(anyone, event, "eka")
    deliver()
    mailbox.clear()
    for name in ("Toinen talo", "Kolmas talo"):
        coordinator.patch(f"/events/{event.pk}", {"venue": {"name": name}}, If_Match="*")
    deliver()
    assert len(mailbox.to("eka@example.org")) == 1
    assert "Kolmas talo" in mailbox.text_to("eka@example.org")


def test_of_a_change_of_a_theme_day_that_is_cancelled_since_nobody_is_told(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    register(anyone, event, "eka")
    deliver()
    mailbox.clear()
    coordinator.patch(f"/events/{event.pk}", {"venue": {"name": "Toinen talo"}}, If_Match="*")
    coordinator.post(f"/events/{event.pk}/cancel")
    deliver()
    assert subjects(mailbox, "eka") == ["Peruttu"]


def crowd(event: Event, people: int) -> None:
    """Many who are registered, stored at once."""
    rows = [
        Registration(
            event_id=event.pk, mode="remote", status="confirmed", name=f"H {n}", email=f"h{n}@example.org", language="fi"
        ).checked_row()
        for n in range(people)
    ]
    Registration.collection().insert_many(rows)


def test_a_killed_worker_leaves_nobody_out_and_tells_nobody_twice(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two groups: it holds the lease, which ends, and the next one goes on behind it."""
    crowd(event, 120)
    notices.tell_of_change(event)
    [notice_id] = Notice.due(utcnow())
    claimed = Notice.claim(notice_id)
    assert claimed is not None
    notices._tell_some(claimed)  # one group; then the worker is gone
    notices.tell(notice_id)
    assert len(OutgoingMail.rows({})) == notices.GROUP  # the lease holds
    Notice.change({"_id": notice_id}, {"$set": {"due_at": utcnow() - LEASE}})
    notices.tell(notice_id)
    assert len({row["to"] for row in OutgoingMail.rows({})}) == len(OutgoingMail.rows({})) == 120
    with pytest.raises(notices.LeaseLost):  # the first one was not dead after all: it may not go on
        notices._tell_some(claimed)


def tell_at_once(settings: dict[str, Any], notice_id: str) -> None:
    """A process of its own that takes every lease for over."""
    with create_app(settings).app_context():
        notice = Notice.get(notice_id)
        together()
        for _ in range(4):
            Notice.change({"_id": notice.pk, "state": "ready"}, {"$set": {"due_at": utcnow()}})
            notices.tell(notice.pk)


def test_two_workers_on_one_notice_tell_everybody_once(own_settings: dict[str, Any]) -> None:
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    event = make_event(network)
    crowd(event, 110)
    notices.tell_of_change(event)
    [notice_id] = Notice.due(utcnow())
    at_once(tell_at_once, *[(own_settings, str(notice_id))] * 2)
    Notice.change({"_id": notice_id, "state": "ready"}, {"$set": {"due_at": utcnow()}})
    notices.tell(notice_id)
    told = [row["to"] for row in OutgoingMail.rows({})]
    assert (len(told), len(set(told)), Notice.get(notice_id).mailed) == (110, 110, 110)


def test_check_sees_a_notice_that_no_worker_comes_for(event: Event) -> None:
    notices.tell_of_change(event)
    assert list(check()) == []
    Notice.change({"event_id": event.pk}, {"$set": {"due_at": utcnow() - timedelta(hours=1)}})
    assert [problem.invariant for problem in check()] == ["notice_overdue"]
