"""The API of contributions."""

from typing import Any

from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page
from network_api.networks.documents import Network
from newsletters.contributions import contributing
from newsletters.contributions.access import edited_contribution, edited_network
from newsletters.contributions.documents import Contribution
from newsletters.contributions.schemas import ContributionPatch, ContributionQuery, ContributionRequest, ContributionSchema

blueprint = Blueprint("contributions", __name__, url_prefix="/api/v1", description="What networks give to newsletters")


@blueprint.route("/networks/<id:network_id>/contributions")
class Contributions(MethodView):
    """Contributions of a network."""

    @blueprint.access(edited_network, scope="newsletters:read")
    @blueprint.page(ContributionSchema, ContributionQuery)
    def get(self, caller: Caller, network: Network, query: dict[str, Any]) -> Page:
        """List a network's contributions, the newest first"""
        return contributing.find_contributions(network, query)

    @blueprint.access(edited_network, scope="newsletters:write")
    @blueprint.arguments(ContributionRequest)
    @blueprint.response(201, ContributionSchema, etag=True)
    def post(self, caller: Caller, network: Network, given: dict[str, Any]) -> Contribution:
        """Contribute news, or a practice worth sharing

        Each newsletter that reaches the network tells it once, in the next issue whose deadline for contributions has
        not passed.
        """
        return contributing.contribute(caller, network, given)


@blueprint.route("/contributions/<id:contribution_id>")
class ContributionItem(MethodView):
    """One contribution."""

    @blueprint.access(edited_contribution, scope="newsletters:read")
    @blueprint.response(200, ContributionSchema, etag=True)
    def get(self, caller: Caller, contribution: Contribution) -> Contribution:
        """Read a contribution"""
        return contribution

    @blueprint.access(edited_contribution, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.arguments(ContributionPatch)
    @blueprint.response(200, ContributionSchema, etag=True)
    def patch(self, caller: Caller, contribution: Contribution, changes: dict[str, Any], version: int | None) -> Contribution:
        """Edit a contribution that no letter has told yet"""
        return contributing.change_contribution(caller, contribution, changes, version)

    @blueprint.access(edited_contribution, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, contribution: Contribution, version: int | None) -> None:
        """Withdraw a contribution

        It falls out of every issue that has not gone out, and out of the web archive.
        """
        contributing.withdraw(caller, contribution, version)
