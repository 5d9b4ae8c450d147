"""Demo networks: the national group, regional networks over some of the regions, and who belongs to them."""

from collections.abc import Mapping
from typing import Any

from network_api import demo
from network_api.auth.caller import COORDINATOR
from network_api.members.documents import Member
from network_api.networks.documents import ACTIVE, NATIONAL, REGIONAL, Membership, Network


def make(made: dict[str, Any]) -> None:
    """Make networks with their memberships; `made["networks"]` has them by slug."""
    texts = demo.content(__file__)
    national = _network(texts["national"], NATIONAL, made)
    regional = [_network(given, REGIONAL, made, parent_id=national.pk) for given in texts["regional"]]
    Network.insert_all([national, *regional])
    made["networks"] = {network.slug: network for network in (national, *regional)}
    Membership.insert_all([_membership(given, made) for given in _places(texts)])
    for member in made["members"].values():
        belongs = [made["networks"][slug].pk for slug, address, _ in _places(texts) if address == member.email]
        Member.get(member.pk).edit({"network_ids": sorted(belongs)})


def _network(given: Mapping[str, Any], kind: str, made: Mapping[str, Any], **values: Any) -> Network:
    """A network; `coordinators` counts what its memberships will be."""
    fields = {name: given[name] for name in ("slug", "name", "description", "topics") if name in given}
    ends = demo.working_day(given["ends_in_days"]).date() if "ends_in_days" in given else None
    return Network(
        **fields,
        **values,
        kind=kind,
        regions=given.get("regions", []),
        coordinating_organisation=made["organisations"][given["organisation"]],
        coordination_ends_on=ends,
        coordinators=sum(role == COORDINATOR for role in given["people"].values()),
    )


def _places(texts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each membership as network, address and role."""
    networks = (texts["national"], *texts["regional"])
    return [(network["slug"], address, role) for network in networks for address, role in network["people"].items()]


def _membership(place: tuple[str, str, str], made: Mapping[str, Any]) -> Membership:
    slug, address, role = place
    member: Member = made["members"][address]
    return Membership(
        network_id=made["networks"][slug].pk,
        email=address,
        email_key=member.email_key,
        member_id=member.pk,
        role=role,
        state=ACTIVE,
        joined_at=member.created_at,
    )
