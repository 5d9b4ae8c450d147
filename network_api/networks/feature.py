"""Networks, as the application sees them."""

from collections.abc import Iterator, Mapping
from typing import Any

from network_api.auth.caller import COORDINATOR
from network_api.documents import Problem
from network_api.feature import Feature, Person
from network_api.members.documents import Member
from network_api.networks import actions, demo, routes, webhooks
from network_api.networks.documents import ACTIVE, Membership, Network
from network_api.networks.privacy import REGISTER


def check() -> Iterator[Problem]:
    """Recount coordinators, and the networks that each member is noted to belong to."""
    for network in Network.each({}):
        active = {"network_id": network["_id"], "state": ACTIVE}
        expected = sum(row["role"] == COORDINATOR for row in Membership.each(active))
        if expected != network["coordinators"]:
            yield Problem("network_coordinators", network["slug"], expected, network["coordinators"])
    for member in Member.each({}):
        belongs = {row["network_id"] for row in Membership.rows({"member_id": member["_id"], "state": ACTIVE})}
        if belongs != set(member.get("network_ids", ())):
            yield Problem("member_networks", str(member["_id"]), sorted(belongs), member.get("network_ids"))


def export_person(person: Person) -> Mapping[str, Any]:
    """The person's memberships."""
    return {"memberships": Membership.rows({"email_key": person.email_key})}


feature = Feature(
    name="networks",
    documents=(Network, Membership),
    register=REGISTER,
    blueprints=(routes.blueprint,),
    check=check,
    export_person=export_person,
    erase_person=actions.erase_person,
    demo=demo.make,
    webhooks=webhooks.TYPES,
)
