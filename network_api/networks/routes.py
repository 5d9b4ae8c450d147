"""The API of networks, regions and memberships."""

from typing import Any

from flask import request
from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import anybody, public
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row
from network_api.errors import Forbidden, NotFound
from network_api.networks import actions
from network_api.networks.documents import NATIONAL, Membership, Network
from network_api.networks.schemas import (
    MembershipPatch,
    MembershipQuery,
    MembershipRequest,
    MembershipSchema,
    NetworkPatch,
    NetworkQuery,
    NetworkRequest,
    NetworkSchema,
    RegionsSchema,
)

blueprint = Blueprint("networks", __name__, url_prefix="/api/v1", description="Networks, regions and memberships")


@public
def any_network(caller: Caller, network_id: str) -> Network:
    """A network; all of them are public."""
    return Network.get(network_id)


def coordinated_network(caller: Caller, network_id: str) -> Network:
    """A network that the caller coordinates."""
    caller.require_sign_in()
    network = Network.get(network_id)
    caller.require(COORDINATOR, network.pk)
    return network


def network_maker(caller: Caller) -> None:
    """Administrators and national coordinators make networks."""
    caller.require_sign_in()
    national = Network.rows({"_id": {"$in": caller.networks(COORDINATOR)}, "kind": NATIONAL})
    if not caller.is_administrator and not national:
        raise Forbidden("Only administrators and coordinators of the national network make networks.")


def network_to_join(caller: Caller, network_id: str) -> Network:
    """A network to join; a body that names somebody else's address takes a coordinator."""
    caller.require_sign_in()
    network = Network.get(network_id)
    if request.get_json(silent=True):
        caller.require(COORDINATOR, network.pk)
    return network


def own_or_managed(caller: Caller, membership_id: str) -> Membership:
    """A membership, for its person and for the network's coordinators; nobody else learns that it exists."""
    caller.require_sign_in()
    membership = Membership.get(membership_id)
    if not actions.is_own(caller, membership) and not actions.may_manage(caller, membership):
        raise NotFound
    return membership


@blueprint.route("/networks")
class Networks(MethodView):
    """Networks."""

    @blueprint.access(anybody, scope="networks:read")
    @blueprint.page(NetworkSchema, NetworkQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List networks"""
        return actions.find_networks(query)

    @blueprint.access(network_maker, scope="networks:write")
    @blueprint.arguments(NetworkRequest)
    @blueprint.response(201, NetworkSchema, etag=True)
    def post(self, caller: Caller, given: dict[str, Any]) -> Network:
        """Found a network"""
        return actions.make_network(caller, given)


@blueprint.route("/networks/<id:network_id>")
class NetworkItem(MethodView):
    """One network."""

    @blueprint.access(any_network, scope="networks:read")
    @blueprint.response(200, NetworkSchema, etag=True)
    def get(self, caller: Caller, network: Network) -> Network:
        """Read a network"""
        return network

    @blueprint.access(coordinated_network, scope="networks:write")
    @blueprint.if_match
    @blueprint.arguments(NetworkPatch)
    @blueprint.response(200, NetworkSchema, etag=True)
    def patch(self, caller: Caller, network: Network, changes: dict[str, Any], version: int | None) -> Network:
        """Edit a network"""
        return actions.change_network(caller, network, changes, version)

    @blueprint.access(coordinated_network, scope="networks:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, network: Network, version: int | None) -> None:
        """Delete a network that nobody belongs to"""
        actions.remove_network(caller, network, version)


@blueprint.route("/regions")
class Regions(MethodView):
    """Regions."""

    @blueprint.access(anybody, scope="networks:read")
    @blueprint.response(200, RegionsSchema)
    def get(self, caller: Caller) -> dict[str, list[Row]]:
        """List Finland's regions with the networks that serve them"""
        return {"items": actions.regions_served()}


@blueprint.route("/networks/<id:network_id>/memberships")
class Memberships(MethodView):
    """Memberships of a network."""

    @blueprint.access(coordinated_network, scope="networks:read")
    @blueprint.page(MembershipSchema, MembershipQuery)
    def get(self, caller: Caller, network: Network, query: dict[str, Any]) -> Page:
        """List the memberships of a network"""
        return actions.find_memberships(network, query)

    @blueprint.access(network_to_join, scope="networks:write")
    @blueprint.arguments(MembershipRequest)
    @blueprint.response(201, MembershipSchema, etag=True)
    def post(self, caller: Caller, network: Network, given: dict[str, Any]) -> Membership:
        """Ask to join a network, or invite somebody to it

        `{}` asks to join, for oneself. `{"email", "role"}` invites, by mail, and takes a coordinator.
        """
        return actions.open_membership(caller, network, given)


@blueprint.route("/memberships/<id:membership_id>")
class MembershipItem(MethodView):
    """One membership."""

    @blueprint.access(own_or_managed, scope="networks:read")
    @blueprint.response(200, MembershipSchema, etag=True)
    def get(self, caller: Caller, membership: Membership) -> Membership:
        """Read a membership"""
        return membership

    @blueprint.access(own_or_managed, scope="networks:write")
    @blueprint.if_match
    @blueprint.arguments(MembershipPatch)
    @blueprint.response(200, MembershipSchema, etag=True)
    def patch(self, caller: Caller, membership: Membership, changes: dict[str, Any], version: int | None) -> Membership:
        """Accept, approve, leave, or change the role"""
        return actions.change_membership(caller, membership, changes, version)

    @blueprint.access(own_or_managed, scope="networks:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, membership: Membership, version: int | None) -> None:
        """Leave a network, or end a membership"""
        actions.leave_network(caller, membership, version)
