"""Networks and memberships: roles, reach, states, and the last coordinator."""

from collections.abc import Callable
from typing import Any

import pytest

from network_api.audit import AuditEntry
from network_api.documents import Problem
from network_api.feature import features
from network_api.members.documents import Member
from network_api.networks.documents import Membership, Network
from network_api.regions import REGIONS
from tests.conftest import Api
from tests.mailserver import Mailbox

NEW = {"name": {"fi": "Lapin työhönvalmentajat"}, "kind": "regional", "regions": ["FI-10"]}


def problems() -> list[Problem]:
    return [problem for feature in features() for problem in feature.check()]


@pytest.mark.parametrize(("role", "status"), [("coordinator", 201), ("editor", 403), ("member", 403)])
def test_national_coordinators_make_networks(signed_in: Callable[..., Api], national: Network, role: str, status: int) -> None:
    assert signed_in("aino@example.org", national, role).post("/networks", NEW).status_code == status


def test_regional_coordinators_and_strangers_make_none(anyone: Api, signed_in: Callable[..., Api], regional: Network) -> None:
    assert signed_in("aino@example.org", regional, "coordinator").post("/networks", NEW).status_code == 403
    assert anyone.post("/networks", NEW).status_code == 401


def test_a_slug_comes_from_the_name_and_belongs_to_one_network(signed_in: Callable[..., Api]) -> None:
    admin = signed_in("admin@example.org", administrator=True)
    made = admin.post("/networks", NEW)
    assert made.json["slug"] == "lapin-tyohonvalmentajat"
    again = admin.post("/networks", NEW)
    assert (again.status_code, again.json["code"]) == (409, "slug_taken")


@pytest.mark.parametrize("where", ["national", "regional"])
def test_coordinators_edit_their_network_and_those_below(
    signed_in: Callable[..., Api], regional: Network, national: Network, where: str
) -> None:
    aino = signed_in("aino@example.org", {"national": national, "regional": regional}[where], "coordinator")
    assert aino.patch(f"/networks/{regional.pk}", {"topics": ["etätyö"]}, If_Match="*").json["topics"] == ["etätyö"]
    entry = AuditEntry.first({"action": "network.changed"})
    assert entry is not None
    assert entry.changes["topics"]["after"] == ["etätyö"]


def test_a_coordinator_of_one_region_has_no_reach_into_another(
    signed_in: Callable[..., Api], regional: Network, other_region: Network
) -> None:
    aino = signed_in("aino@example.org", regional, "coordinator")
    assert aino.patch(f"/networks/{other_region.pk}", {"topics": []}, If_Match="*").status_code == 403
    assert aino.get(f"/networks/{other_region.pk}/memberships").status_code == 403
    assert aino.post(f"/networks/{other_region.pk}/memberships", {"email": "x@example.org"}).status_code == 403
    assert aino.patch(f"/networks/{regional.parent_id}", {"topics": []}, If_Match="*").status_code == 403


def test_every_region_is_listed_also_those_without_a_network(anyone: Api, regional: Network) -> None:
    items = anyone.get("/regions").json["items"]
    serving = {item["code"]: [network["slug"] for network in item["networks"]] for item in items}
    assert serving == {code: [regional.slug] if code == "FI-08" else [] for code in REGIONS}


def test_an_invitation_is_mailed_and_accepted_by_its_person_alone(
    signed_in: Callable[..., Api], regional: Network, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    coordinator = signed_in("koordinaattori@example.org", regional, "coordinator")
    invited = coordinator.post(f"/networks/{regional.pk}/memberships", {"email": "Uusi@example.org", "role": "editor"})
    assert (invited.status_code, invited.json["state"]) == (201, "invited")
    deliver()
    assert mailbox.to("uusi@example.org")
    path = f"/memberships/{invited.json['id']}"
    assert coordinator.patch(path, {"state": "active"}, If_Match="*").status_code == 403
    assert signed_in("muu@example.org").patch(path, {"state": "active"}, If_Match="*").status_code == 404
    accepted = signed_in("uusi@example.org").patch(path, {"state": "active"}, If_Match="*")
    assert (accepted.json["state"], accepted.json["role"]) == ("active", "editor")
    assert problems() == []


def test_a_request_is_approved_by_a_coordinator_alone(signed_in: Callable[..., Api], regional: Network) -> None:
    aino, coordinator = signed_in("aino@example.org"), signed_in("koordinaattori@example.org", regional, "coordinator")
    asked = aino.post(f"/networks/{regional.pk}/memberships", {})
    assert (asked.status_code, asked.json["state"], asked.json["role"]) == (201, "requested", "member")
    path = f"/memberships/{asked.json['id']}"
    assert aino.patch(path, {"state": "active"}, If_Match="*").status_code == 403
    assert aino.patch(path, {"role": "coordinator"}, If_Match="*").status_code == 403
    assert coordinator.patch(path, {"state": "active"}, If_Match="*").json["state"] == "active"
    assert aino.post(f"/networks/{regional.pk}/memberships", {}).json["code"] == "already_member"
    assert problems() == []


@pytest.mark.parametrize("change", [{"state": "left"}, {"role": "editor"}])
def test_the_last_coordinator_cannot_leave_or_step_down(
    signed_in: Callable[..., Api], regional: Network, change: dict[str, Any]
) -> None:
    aino = signed_in("aino@example.org", regional, "coordinator")
    membership = Membership.first({"email_key": "aino@example.org"})
    assert membership is not None
    refused = aino.patch(f"/memberships/{membership.pk}", change, If_Match="*")
    assert (refused.status_code, refused.json["code"]) == (409, "last_coordinator")
    signed_in("toinen@example.org", regional, "coordinator")
    assert aino.patch(f"/memberships/{membership.pk}", change, If_Match="*").status_code == 200
    assert problems() == []


def test_who_has_left_can_ask_again(signed_in: Callable[..., Api], regional: Network) -> None:
    aino = signed_in("aino@example.org", regional, "member")
    membership = Membership.first({"email_key": "aino@example.org"})
    assert membership is not None
    assert aino.delete(f"/memberships/{membership.pk}", If_Match="*").status_code == 204
    assert Member.get_by_address("aino@example.org").network_ids == []
    back = aino.post(f"/networks/{regional.pk}/memberships", {})
    assert (back.status_code, back.json["id"], back.json["state"]) == (201, str(membership.pk), "requested")


def test_a_network_in_use_is_not_deleted(signed_in: Callable[..., Api], regional: Network, national: Network) -> None:
    admin = signed_in("admin@example.org", administrator=True)
    assert admin.delete(f"/networks/{national.pk}", If_Match="*").json["code"] == "network_in_use"
    assert admin.delete(f"/networks/{regional.pk}", If_Match='"7"').status_code == 412
    assert admin.delete(f"/networks/{regional.pk}", If_Match='"1"').status_code == 204
    assert admin.get(f"/networks/{regional.pk}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "global"}, "kind"),
        ({"regions": ["FI-99"]}, "regions"),
        ({"parent_id": "x"}, "parent_id"),
        ({"parent_id": "65f1c0ffee65f1c0ffee65f1"}, "parent_id"),
        ({"slug": "Ei Näin"}, "slug"),
        ({"name": {"fi": "..."}}, "slug"),
        ({"coordination_ends_on": "soon"}, "coordination_ends_on"),
        ({"coordinating_organisation": {"name": "X", "type": "club"}}, "coordinating_organisation"),
    ],
)
def test_a_bad_network_names_its_field_and_writes_nothing(
    signed_in: Callable[..., Api], body: dict[str, Any], field: str
) -> None:
    answer = signed_in("admin@example.org", administrator=True).post("/networks", {**NEW, **body})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert Network.row({}) is None
