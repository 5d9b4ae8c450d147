"""Co-hosts: invited, accepting, with seats of their own until a date; they see their own participants only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import registration
from events.documents import Event
from events.seating import DRAFT
from events.tasks import sweep
from network_api.audit import AuditEntry
from network_api.auth.caller import STRANGER
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import body, make_event, person, register
from tests.mailserver import Mailbox

Link = Callable[..., str]


@pytest.fixture
def partner(signed_in: Callable[..., Api], other_region: Network) -> Api:
    """Who coordinates the network that is asked to arrange the theme day too."""
    return signed_in("kumppani@example.org", other_region, "coordinator")


@pytest.fixture
def path(coordinator: Api, partner: Api, event: Event, other_region: Network) -> str:
    """The address of a co-host of `event`, which has two seats on site; it is invited."""
    assert coordinator.patch(f"/events/{event.pk}", {"co_hosts": [str(other_region.pk)]}, If_Match="*").status_code == 200
    return f"/events/{event.pk}/co-hosts/{other_region.pk}"


def state(answer: Any) -> tuple[Any, ...]:
    return answer.json["status"], answer.json["mode"], answer.json["waiting_for"]


def set_quota(coordinator: Api, path: str, **quota: int) -> Any:
    return coordinator.patch(path, {"quota": quota}, If_Match="*")


def test_a_network_that_is_named_is_invited_by_mail_and_shown_to_the_public_once_it_has_accepted(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    deliver()
    assert "Keski-Suomen verkosto" in mailbox.text_to("kumppani@example.org")
    assert coordinator.get(path).json["state"] == "invited"
    shown = f"/events/{event.pk}"
    assert (len(coordinator.get(shown).json["co_hosts"]), anyone.get(shown).json["co_hosts"]) == (1, [])
    assert partner.post(f"{path}/accept").json["state"] == "accepted"
    assert anyone.get(shown).json["co_hosts"] == coordinator.get(shown).json["co_hosts"]
    assert [found["state"] for found in coordinator.get(f"/events/{event.pk}/co-hosts").json["items"]] == ["accepted"]


def test_who_declines_is_no_co_host_and_can_be_invited_anew(
    coordinator: Api, partner: Api, event: Event, path: str, other_region: Network
) -> None:
    assert partner.post(f"{path}/decline").json["state"] == "declined"
    assert coordinator.get(f"/events/{event.pk}").json["co_hosts"] == []
    assert partner.post(f"{path}/accept").json["code"] == "not_invited"
    assert set_quota(coordinator, path, onsite=1).json["code"] == "not_invited"
    coordinator.patch(f"/events/{event.pk}", {"co_hosts": [str(other_region.pk)]}, If_Match="*")
    assert coordinator.get(path).json["state"] == "invited"


def test_seats_set_apart_are_for_people_of_the_co_host(
    anyone: Api, signed_in: Callable[..., Api], coordinator: Api, partner: Api, event: Event, path: str, other_region: Network
) -> None:
    signed_in("jasen@example.org", other_region, "member")
    partner.post(f"{path}/accept")
    assert set_quota(coordinator, path, onsite=1).json["quota"] == {"onsite": 1}
    assert anyone.get(f"/events/{event.pk}").json["seats"]["onsite"]["available"] == 1
    register(anyone, event, "eka")
    assert register(anyone, event, "toka").json["code"] == "event_full"
    member = register(anyone, event, "jasen")
    assert (state(member), member.json["network_id"]) == (("confirmed", "onsite", None), str(other_region.pk))
    assert register(anyone, event, "kolmas").json["code"] == "event_full"
    adds_up()


def test_a_co_hosts_coordinator_registers_people_on_its_seats(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str
) -> None:
    partner.post(f"{path}/accept")
    set_quota(coordinator, path, onsite=2)
    assert register(anyone, event, "vieras").json["code"] == "event_full"
    assert register(partner, event, "kutsuttu").status_code == 201
    adds_up()


def test_a_seat_set_apart_that_is_given_back_goes_to_the_first_of_their_people(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str, link: Link
) -> None:
    partner.post(f"{path}/accept")
    set_quota(coordinator, path, onsite=1)
    register(anyone, event, "eka")
    register(partner, event, "oma")
    register(anyone, event, "jono", wait=True)
    register(partner, event, "toinen", wait=True)
    adds_up()
    anyone.delete(f"/manage/registrations/{link('oma')}")
    assert state(anyone.get(f"/manage/registrations/{link('toinen')}")) == ("confirmed", "onsite", None)
    assert state(anyone.get(f"/manage/registrations/{link('jono')}")) == ("waitlisted", "onsite", "onsite")
    adds_up()


def test_at_its_date_what_is_left_of_a_quota_goes_to_those_who_wait(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str, link: Link
) -> None:
    partner.post(f"{path}/accept")
    tomorrow = (utcnow() + timedelta(days=1)).isoformat()
    assert coordinator.patch(path, {"quota": {"onsite": 2}, "quota_until": tomorrow}, If_Match="*").status_code == 200
    register(partner, event, "oma")
    register(anyone, event, "jono", wait=True)
    sweep()
    assert state(anyone.get(f"/manage/registrations/{link('jono')}"))[0] == "waitlisted"
    name = f"partners.{path.rsplit('/', 1)[1]}.quota_until"
    Event.change({"_id": event.pk}, {"$set": {name: utcnow(), "quotas_until": utcnow()}})
    for _ in range(2):
        sweep()
    assert state(anyone.get(f"/manage/registrations/{link('jono')}")) == ("confirmed", "onsite", None)
    assert coordinator.get(path).json["quota"] == {}
    anyone.delete(f"/manage/registrations/{link('oma')}")  # a seat of the former quota goes to everybody
    assert register(anyone, event, "uusi").status_code == 201
    assert AuditEntry.row({"target_id": event.pk, "action": "co_host.quota_returned"})
    adds_up()


def test_a_quota_is_no_larger_than_the_free_seats_and_no_smaller_than_what_is_held(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str
) -> None:
    partner.post(f"{path}/accept")
    register(anyone, event, "eka")
    refused = set_quota(coordinator, path, onsite=2)
    assert (refused.json["code"], list(refused.json["errors"])) == ("quota_too_large", ["quota.onsite"])
    assert (
        set_quota(coordinator, path, remote=5).json["code"] == "quota_too_large"
    )  # without a limit there is nothing to set apart
    set_quota(coordinator, path, onsite=1)
    register(partner, event, "oma")
    assert set_quota(coordinator, path, onsite=0).json["code"] == "quota_below_taken"
    assert coordinator.patch(f"/events/{event.pk}", {"capacity": {"onsite": 1, "remote": None}}, If_Match="*").status_code == 409
    adds_up()


def test_a_quota_does_not_end_in_the_past(coordinator: Api, path: str) -> None:
    over = {"quota": {"onsite": 1}, "quota_until": (utcnow() - timedelta(minutes=1)).isoformat()}
    refused = coordinator.patch(path, over, If_Match="*")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["quota_until"])
    assert coordinator.get(path).json["quota"] == {}


def test_stepping_back_gives_the_quota_to_everybody(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str, link: Link
) -> None:
    partner.post(f"{path}/accept")
    set_quota(coordinator, path, onsite=2)
    register(anyone, event, "jono", wait=True)
    assert partner.post(f"{path}/decline").json["quota"] == {}
    assert state(anyone.get(f"/manage/registrations/{link('jono')}")) == ("confirmed", "onsite", None)
    adds_up()


def test_no_longer_naming_a_co_host_gives_its_quota_to_everybody(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str
) -> None:
    partner.post(f"{path}/accept")
    set_quota(coordinator, path, onsite=2)
    assert coordinator.patch(f"/events/{event.pk}", {"co_hosts": []}, If_Match="*").json["seats"]["onsite"]["available"] == 2
    assert partner.get(f"/events/{event.pk}/registrations").status_code == 403
    adds_up()


def test_accepting_makes_members_who_registered_before_its_participants(
    anyone: Api, signed_in: Callable[..., Api], coordinator: Api, partner: Api, event: Event, path: str, other_region: Network
) -> None:
    signed_in("jasen@example.org", other_region, "member")
    register(anyone, event, "jasen")
    register(anyone, event, "vieras")
    partner.post(f"{path}/accept")
    listed = partner.get(f"/events/{event.pk}/registrations").json["items"]
    assert [found["name"] for found in listed] == ["Jasen"]
    adds_up()


def test_who_registers_while_a_co_host_accepts_or_steps_back_is_its_participant_or_not_as_it_is_then(
    signed_in: Callable[..., Api], partner: Api, event: Event, path: str, other_region: Network
) -> None:
    for who in ("eka", "toka"):
        signed_in(f"{who}@example.org", other_region, "member")
    invited = Event.get(event.pk)
    partner.post(f"{path}/accept")
    accepted = Event.get(event.pk)
    before = registration.register(STRANGER, invited, {**person("eka"), "wait": False})
    partner.post(f"{path}/decline")
    after = registration.register(STRANGER, accepted, {**person("toka"), "wait": False})
    assert (before["network_id"], after.get("network_id")) == (other_region.pk, None)
    adds_up()


def test_a_co_host_reads_its_own_participants_only_and_edits_nothing(
    anyone: Api, coordinator: Api, partner: Api, event: Event, path: str
) -> None:
    theirs = register(anyone, event, "vieras").json["id"]
    assert partner.get(f"/events/{event.pk}/registrations").status_code == 403  # invited is not accepted
    partner.post(f"{path}/accept")
    own = register(partner, event, "oma").json["id"]
    assert [found["id"] for found in partner.get(f"/events/{event.pk}/registrations").json["items"]] == [own]
    assert "vieras" not in partner.get(f"/events/{event.pk}/registrations.csv").text
    assert len(coordinator.get(f"/events/{event.pk}/registrations").json["items"]) == 2
    assert (partner.get(f"/registrations/{own}").status_code, partner.get(f"/registrations/{theirs}").status_code) == (200, 404)
    assert partner.delete(f"/registrations/{own}", If_Match="*").status_code == 404
    assert partner.patch(f"/events/{event.pk}", {"topics": ["x"]}, If_Match="*").status_code == 403
    assert partner.patch(path, {"quota": {"onsite": 2}}, If_Match="*").status_code == 403


def test_an_invited_network_reads_the_draft(coordinator: Api, partner: Api, regional: Network, other_region: Network) -> None:
    draft = coordinator.post("/events", body(regional, co_hosts=[str(other_region.pk)])).json
    assert partner.get(f"/events/{draft['id']}").status_code == 200
    assert partner.post(f"/events/{draft['id']}/co-hosts/{other_region.pk}/accept").status_code == 200
    assert partner.get(f"/events/{make_event(regional, status=DRAFT).pk}").status_code == 404


def test_the_etag_guards_a_quota(coordinator: Api, partner: Api, path: str) -> None:
    tag = coordinator.get(path).headers["ETag"]
    partner.post(f"{path}/accept")
    assert coordinator.patch(path, {"quota": {"onsite": 1}}, If_Match=tag).status_code == 412
    assert coordinator.patch(path, {"quota": {"onsite": 1}}).status_code == 428


def test_a_coordinator_overbooks_knowingly_and_an_editor_does_not(
    anyone: Api, signed_in: Callable[..., Api], coordinator: Api, event: Event, regional: Network, link: Link
) -> None:
    editor = signed_in("toimittaja@example.org", regional, "editor")
    for who in ("eka", "toka"):
        register(anyone, event, who)
    smaller = {"capacity": {"onsite": 1, "remote": None}, "overbook": True}
    assert editor.patch(f"/events/{event.pk}", smaller, If_Match="*").status_code == 403
    overbooked = coordinator.patch(f"/events/{event.pk}", smaller, If_Match="*").json["seats"]["onsite"]
    assert (overbooked["capacity"], overbooked["taken"], overbooked["available"]) == (1, 2, -1)
    noted = AuditEntry.row({"target_id": event.pk, "action": "event.changed"})
    assert noted is not None
    assert noted["changes"]["capacity"]["overbook"] is True
    same = editor.patch(f"/events/{event.pk}", {"capacity": smaller["capacity"], "topics": ["x"]}, If_Match="*")
    assert (same.status_code, same.json["seats"]["onsite"]) == (200, overbooked)
    register(anyone, event, "jono", wait=True)
    anyone.delete(f"/manage/registrations/{link('eka')}")  # the seat it frees is one too many, and nobody's
    assert anyone.get(f"/manage/registrations/{link('jono')}").json["status"] == "waitlisted"
    adds_up()
