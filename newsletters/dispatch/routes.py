"""The API of a dispatch: when an issue goes out, and who got it, who did not and why."""

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page
from network_api.schemas import Nothing
from newsletters.dispatch import deliveries, exports, sending
from newsletters.dispatch.schemas import DeliveryFilter, DeliveryQuery, DeliverySchema, ResolveRequest, ScheduleRequest
from newsletters.issues.access import coordinated_issue
from newsletters.issues.documents import Issue
from newsletters.issues.schemas import IssueSchema

blueprint = Blueprint("dispatch", __name__, url_prefix="/api/v1", description="Sending issues, and their deliveries")


@blueprint.route("/issues/<id:issue_id>/schedule")
class Schedule(MethodView):
    """Scheduling."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(ScheduleRequest, required=False)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Send an approved issue later

        Without a time, at the next one of the newsletter's cadence.
        """
        return sending.schedule(caller, issue, given["send_at"])


@blueprint.route("/issues/<id:issue_id>/send")
class Send(MethodView):
    """Sending."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(202, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Send an approved issue now"""
        return sending.send(caller, issue)


@blueprint.route("/issues/<id:issue_id>/pause")
class Pause(MethodView):
    """Holding."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Hold an issue that is going out"""
        return sending.pause(caller, issue)


@blueprint.route("/issues/<id:issue_id>/resume")
class Resume(MethodView):
    """Going on."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Go on with a paused issue"""
        return sending.resume(caller, issue)


@blueprint.route("/issues/<id:issue_id>/cancel")
class Cancel(MethodView):
    """Calling off."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Call an issue off, also while it is going out"""
        return sending.cancel(caller, issue)


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
