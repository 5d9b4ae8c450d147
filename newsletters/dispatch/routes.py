"""The API of a dispatch: when an issue goes out, and who got it, who did not and why."""

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page, Row
from network_api.schemas import Nothing
from newsletters.dispatch import deliveries, evidence, exports, progressing, resending, sending
from newsletters.dispatch.schemas import (
    DeliveryFilter,
    DeliveryQuery,
    DeliverySchema,
    ExclusionFilter,
    ExclusionQuery,
    ExclusionSchema,
    ProgressSchema,
    ResendRequest,
    ResolveRequest,
    ScheduleRequest,
)
from newsletters.issues.access import coordinated_issue
from newsletters.issues.documents import Issue
from newsletters.issues.schemas import IssueSchema

blueprint = Blueprint("dispatch", __name__, url_prefix="/api/v1", description="Sending issues, and their deliveries")


@blueprint.route("/issues/<id:issue_id>/schedule")
class Schedule(MethodView):
    """Scheduling."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(ScheduleRequest)
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


@blueprint.route("/issues/<id:issue_id>/progress")
class ProgressItem(MethodView):
    """How far it is."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.response(200, ProgressSchema)
    def get(self, caller: Caller, issue: Issue) -> Row:
        """Read how far the sending of an issue is, with its rate and the time left"""
        return progressing.progress_of(issue)


@blueprint.route("/issues/<id:issue_id>/deliveries")
class Deliveries(MethodView):
    """Deliveries of an issue."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.page(
        DeliverySchema,
        DeliveryQuery,
        counts=fields.Dict(metadata={"example": {"accepted": 2}}),
        candidates=fields.Integer(metadata={"example": 3, "description": "Deliveries and excluded together."}, allow_none=True),
        excluded=fields.Dict(metadata={"example": {"pending": 1}}),
    )
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Page:
        """List the deliveries of an issue, with how many there are in each state

        Everybody who could have got it is a delivery or an exclusion: `candidates` is the sum of `counts` and `excluded`.
        """
        return deliveries.find_deliveries(issue, query)


@blueprint.route("/issues/<id:issue_id>/deliveries.csv")
class DeliveriesCsv(MethodView):
    """Deliveries as a table."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.arguments(DeliveryFilter, location="query")
    @blueprint.response(200, content_type="text/csv")
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Response:
        """Export the deliveries of an issue"""
        return exports.delivered(caller, issue, query.get("state"))


@blueprint.route("/issues/<id:issue_id>/exclusions")
class Exclusions(MethodView):
    """Who was left out."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.page(ExclusionSchema, ExclusionQuery, counts=fields.Dict(metadata={"example": {"pending": 1}}))
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Page:
        """List the subscriptions that an issue was not meant for, with the reason of each"""
        return deliveries.find_exclusions(issue, query)


@blueprint.route("/issues/<id:issue_id>/exclusions.csv")
class ExclusionsCsv(MethodView):
    """The same as a table."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.arguments(ExclusionFilter, location="query")
    @blueprint.response(200, content_type="text/csv")
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Response:
        """Export the subscriptions that an issue was not meant for"""
        return exports.excluded(caller, issue, query.get("reason"))


@blueprint.route("/issues/<id:issue_id>/evidence")
class Evidence(MethodView):
    """What proves it."""

    @blueprint.access(coordinated_issue, scope="newsletters:read")
    @blueprint.response(200, content_type="application/zip")
    def get(self, caller: Caller, issue: Issue) -> Response:
        """Download the evidence of an issue as a ZIP archive

        The approval with its hash, the very content, everybody who could have got it with what became of them, what had
        become of them before a further round, who did what, and the SHA-256 of each file.
        """
        return evidence.download(caller, issue)


@blueprint.route("/issues/<id:issue_id>/deliveries/resend")
class Resend(MethodView):
    """A further round."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(ResendRequest)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Send an issue again to those who have not got it

        Once it has ended; under the same Message-ID, and never to who must not be written to any more. What became of them
        before stays in the evidence. An issue that was called off goes on where `cancelled` is named.
        """
        return resending.resend(caller, issue, given["states"])


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
        return resending.resolve(caller, issue, given["action"])
