"""What is known about participants goes when its term is over; the figures stay, and so does the proof."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from events import retention
from events.attendance_documents import Attendance
from events.documents import Event
from events.feature import check
from events.needs_documents import Needs
from events.privacy import REGISTER, REGISTERED
from events.registration_documents import Registration
from events.retention_documents import RetentionProof
from events.tasks import retain
from network_api.app import create_app
from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, person, register
from tests.processes import at_once, together


def ended(event: Event, days: int) -> None:
    """The theme day was so many days ago."""
    moment = utcnow() - timedelta(days=days)
    moved = {"starts_at": moment - timedelta(hours=6), "ends_at": moment}
    Event.change({"_id": event.pk}, {"$set": moved})


@pytest.fixture
def day(anyone: Api, event: Event) -> Event:
    """A theme day with one who came, one who waits, and what they need."""
    for who in ("eka", "toka"):
        register(anyone, event, who, needs="Induktiosilmukka", diet="Gluteeniton", region="FI-08")
    register(anyone, event, "jono", wait=True)
    Registration.change({"email_key": "eka@example.org"}, {"$set": {"attended_at": utcnow(), "attended_mode": "onsite"}})
    return event


def test_needs_go_first_and_the_people_later(day: Event) -> None:
    retain()
    assert (len(Needs.rows({})), "eka@example.org" in str(Registration.rows({}))) == (2, True)
    ended(day, 15)
    retain()
    assert (len(Needs.rows({})), "eka@example.org" in str(Registration.rows({}))) == (0, True)
    ended(day, 366)
    retain()
    kept = str(Registration.rows({})) + str(Attendance.rows({}))
    assert not any(told in kept for told in ("eka", "Eka", "Kunta", "example.org"))


def test_each_field_with_a_term_is_another_when_it_is_over(day: Event) -> None:
    """Filled as far as they go: who registered a member, with answers, a renewed and revoked link, and a reminder."""
    filled = {"answers": {"q": "Kyllä"}, "asked": [{"id": "q"}], "member_id": ObjectId(), "join_nonce": "x"}
    moments = dict.fromkeys(("join_revoked_at", "reminded_at"), utcnow())
    found = Registration.change({"email_key": "eka@example.org"}, {"$set": {**filled, **moments}})
    assert found is not None
    before = found.to_mongo()
    ended(day, 366)
    retain()
    after = Registration.get(found.pk).to_mongo()
    [holding] = [holding for holding in REGISTER if holding.document is Registration]
    fields = [field for field in holding.personal if field.term == REGISTERED]
    for name in (name for field in fields for name in field.names.split(", ")):
        assert before.get(name), name
        assert after.get(name) != before[name], name


def test_the_audit_log_keeps_who_changed_what_and_not_the_person(coordinator: Api, day: Event) -> None:
    path = f"/registrations/{Registration.rows({'email_key': 'eka@example.org'})[0]['_id']}"
    assert coordinator.patch(path, {"name": "Aino Virtanen"}, If_Match="*").status_code == 200
    entry = coordinator.post(f"{path}/check-in", {"method": "manual"}).json
    voided = coordinator.patch(f"/attendance/{entry['id']}", {"void_reason": "Aino oli kotona"}, If_Match="*")
    assert voided.status_code == 200, voided.json
    assert "Aino" in str(AuditEntry.rows({}))
    ended(day, 366)
    retain()
    assert not any(told in str(AuditEntry.rows({})) for told in ("Aino", "Eka"))
    changed = AuditEntry.row({"action": "registration.changed"})
    assert changed is not None
    assert changed["changes"]["name"] == {"before": None, "after": None}
    assert changed["actor_id"]


def test_the_figures_stay(day: Event) -> None:
    ended(day, 366)
    retain()
    rows = Registration.rows({}, sort=[("_id", 1)])
    assert [(row["status"], row["mode"], row["organisation"]["type"]) for row in rows] == [
        ("confirmed", "onsite", "municipality"),
        ("confirmed", "onsite", "municipality"),
        ("waitlisted", "onsite", "municipality"),
    ]
    assert [row.get("region") for row in rows] == ["FI-08", "FI-08", None]
    assert [bool(row.get("attended_at")) for row in rows] == [True, False, False]
    assert Event.get(day.pk).seats["onsite"].taken == 2
    assert [problem.invariant for problem in check() if problem.invariant.startswith("event_")] == []


def test_the_proof_tells_what_was_taken_out_and_names_nobody(coordinator: Api, day: Event) -> None:
    ended(day, 366)
    before = coordinator.get(f"/events/{day.pk}/retention").json["kinds"]
    assert [(kind["kind"], kind["days"], kind["done_at"]) for kind in before] == [
        ("needs", 14, None),
        ("registrations", 365, None),
    ]
    for _ in range(2):
        retain()
    after = coordinator.get(f"/events/{day.pk}/retention").json["kinds"]
    assert [(kind["people"], bool(kind["done_at"])) for kind in after] == [(2, True), (3, True)]
    assert any(field["name"] == "needs: diet" for field in after[0]["kept"])
    assert "example.org" not in str(RetentionProof.rows({}))
    assert Event.get(day.pk).held == []


def test_check_misses_a_job_that_did_not_come(day: Event) -> None:
    ended(day, 17)
    assert "retention_overdue" in [problem.invariant for problem in check()]
    retain()
    assert "retention_overdue" not in [problem.invariant for problem in check()]


def crowd(event: Event, people: int) -> None:
    """Many who were registered, stored at once."""
    given = {"event_id": event.pk, "mode": "remote", "status": "cancelled", "language": "fi"}
    rows = [Registration(**given, name=f"H {n}", email=f"h{n}@example.org").checked_row() for n in range(people)]
    Registration.collection().insert_many(rows)


def test_a_job_that_was_killed_goes_on_where_it_stopped(regional: Network) -> None:
    day = make_event(regional)
    crowd(day, 70)
    ended(day, 366)
    moment = Event.get(day.pk).ends_at
    retention._apply_to_some(RetentionProof.of(day.pk, "registrations", moment))  # one group; then it is gone
    assert str(Registration.rows({})).count("'email': 'h") == 70 - retention.GROUP
    retain()
    assert "@example.org" not in str(Registration.rows({}))
    [proof] = RetentionProof.rows({"kind": "registrations"})
    assert proof["people"] == 70


def retain_in_a_process(settings: dict[str, Any]) -> None:
    """The job on a machine of its own."""
    with create_app(settings).app_context():
        together()
        retention.apply_due(utcnow())


def test_two_machines_at_once_take_everything_out_once(own_settings: dict[str, Any]) -> None:
    day = make_event(Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert())
    crowd(day, 70)
    ended(day, 366)
    at_once(retain_in_a_process, *[(own_settings,)] * 2)
    retention.apply_due(utcnow())
    assert "@example.org" not in str(Registration.rows({}))
    [proof] = RetentionProof.rows({"kind": "registrations"})
    assert (proof["people"], Event.get(day.pk).held) == (70, [])


def test_what_is_moved_into_the_future_is_held_again(coordinator: Api, day: Event) -> None:
    ended(day, 16)
    retain()
    assert Event.get(day.pk).held == ["registrations"]
    later = {"starts_at": (utcnow() + timedelta(days=2)).isoformat(), "ends_at": (utcnow() + timedelta(days=3)).isoformat()}
    assert coordinator.patch(f"/events/{day.pk}", later, If_Match="*").status_code == 200
    assert Event.get(day.pk).held == ["needs", "registrations"]


def test_who_cancels_needs_nothing_any_more(anyone: Api, event: Event, link: Callable[..., str]) -> None:
    anyone.post(f"/events/{event.pk}/registrations", person("eka", diet="Gluteeniton"))
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert Needs.rows({}) == []
    adds_up()
