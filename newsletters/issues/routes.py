"""The API of issues: writing and approving."""

from typing import Any

from flask import Response
from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page
from network_api.schemas import Nothing
from newsletters.access import edited_newsletter
from newsletters.documents import Newsletter
from newsletters.issues import approving, assembling
from newsletters.issues.access import coordinated_issue, edited_issue
from newsletters.issues.documents import Issue
from newsletters.issues.rendering import Rendered
from newsletters.issues.schemas import (
    ApproveRequest,
    IssuePatch,
    IssueQuery,
    IssueRequest,
    IssueSchema,
    PreviewQuery,
    TestSendRequest,
)

blueprint = Blueprint("issues", __name__, url_prefix="/api/v1", description="Issues of newsletters")
LETTER_POLICY = "default-src 'none'; img-src 'self' https: data:; style-src 'unsafe-inline'; frame-ancestors 'none'"


def previewed(shown: Rendered, wanted: str) -> Response:
    """One part of a letter as an answer; its styles are inline, as mail programs want them, and its scripts are none."""
    if wanted == "text":
        return Response(shown.text, mimetype="text/plain")
    return Response(shown.html, mimetype="text/html", headers={"Content-Security-Policy": LETTER_POLICY})


@blueprint.route("/newsletters/<id:newsletter_id>/issues")
class Issues(MethodView):
    """Issues of a newsletter."""

    @blueprint.access(edited_newsletter, scope="newsletters:read")
    @blueprint.page(IssueSchema, IssueQuery)
    def get(self, caller: Caller, newsletter: Newsletter, query: dict[str, Any]) -> Page:
        """List the issues of a newsletter, the newest first"""
        return assembling.find_issues(newsletter, query)

    @blueprint.access(edited_newsletter, scope="newsletters:write")
    @blueprint.arguments(IssueRequest)
    @blueprint.response(201, IssueSchema, etag=True)
    def post(self, caller: Caller, newsletter: Newsletter, given: dict[str, Any]) -> Issue:
        """Begin an issue

        `assemble` fills it from coming theme days and from introductions that no issue has told yet.
        """
        return assembling.make_issue(caller, newsletter, given)


@blueprint.route("/issues/<id:issue_id>")
class IssueItem(MethodView):
    """One issue."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.response(200, IssueSchema, etag=True)
    def get(self, caller: Caller, issue: Issue) -> Issue:
        """Read an issue"""
        return issue

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.arguments(IssuePatch)
    @blueprint.response(200, IssueSchema, etag=True)
    def patch(self, caller: Caller, issue: Issue, changes: dict[str, Any], version: int | None) -> Issue:
        """Edit an issue, which voids its approval"""
        return assembling.change_issue(caller, issue, changes, version)

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, issue: Issue, version: int | None) -> None:
        """Delete an issue of which nothing has been sent"""
        assembling.remove_issue(caller, issue, version)


@blueprint.route("/issues/<id:issue_id>/preview")
class Preview(MethodView):
    """An issue as its readers will see it."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.arguments(PreviewQuery, location="query")
    @blueprint.response(200, content_type="text/html")
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Response:
        """Preview an issue, as HTML or as text"""
        return previewed(assembling.preview(issue, query.get("language")), query["format"])


@blueprint.route("/issues/<id:issue_id>/test-send")
class TestSend(MethodView):
    """A test."""

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.arguments(TestSendRequest)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Mail an issue to one address as a test"""
        return assembling.test_send(issue, given["email"], given.get("language"))


@blueprint.route("/issues/<id:issue_id>/submit")
class Submit(MethodView):
    """Handing in."""

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Hand an issue in for approval"""
        return approving.submit(caller, issue)


@blueprint.route("/issues/<id:issue_id>/approve")
class Approve(MethodView):
    """Approval."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(ApproveRequest, required=False)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Approve an issue

        Not by whoever wrote it or edited it last. The approval holds for this very content.
        """
        return approving.approve(caller, issue, given.get("content_hash"))
