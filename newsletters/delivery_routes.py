"""The API of deliveries: who got an issue, who did not and why."""

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page
from newsletters import deliveries, exports, sending
from newsletters.access import coordinated_issue
from newsletters.issue_schemas import DeliveryFilter, DeliveryQuery, DeliverySchema, IssueSchema, ResolveRequest
from newsletters.issues import Issue

blueprint = Blueprint("deliveries", __name__, url_prefix="/api/v1", description="Deliveries of issues")


@blueprint.route("/issues/<id:issue_id>/deliveries")
class Deliveries(MethodView):
    """Deliveries of an issue."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.page(DeliverySchema, DeliveryQuery, counts=fields.Dict(metadata={"example": {"accepted": 2}}))
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Page:
        """List the deliveries of an issue, with how many there are in each state"""
        return deliveries.find_deliveries(issue, query)


@blueprint.route("/issues/<id:issue_id>/deliveries.csv")
class DeliveriesCsv(MethodView):
    """Deliveries as a table."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.arguments(DeliveryFilter, location="query")
    @blueprint.response(200, content_type="text/csv")
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Response:
        """Export the deliveries of an issue"""
        return exports.delivered(issue, query.get("state"))


@blueprint.route("/issues/<id:issue_id>/deliveries/resolve")
class Resolve(MethodView):
    """Deliveries in doubt."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(ResolveRequest)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Settle deliveries in doubt

        `resend` sends them once more under the same Message-ID; `settle` takes them as accepted, on your word.
        """
        return sending.resolve(caller, issue, given["action"])
