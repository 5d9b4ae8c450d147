"""The API of issues: writing and approving."""

from typing import Any

from flask import Response
from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page
from network_api.schemas import Nothing, PageQuery
from newsletters.access import edited_newsletter
from newsletters.documents import Newsletter
from newsletters.issues import approving, checks, comments, testing, variants, writing
from newsletters.issues.access import coordinated_issue, edited_issue, own_comment
from newsletters.issues.comment_documents import Comment
from newsletters.issues.counted_links import CountedLink
from newsletters.issues.documents import Issue
from newsletters.issues.rendering import Rendered
from newsletters.issues.schemas import (
    ApproveRequest,
    ChecksSchema,
    CommentRequest,
    CommentSchema,
    IssuePatch,
    IssueQuery,
    IssueRequest,
    IssueSchema,
    LinkSchema,
    PreviewQuery,
    RejectRequest,
    TestSendRequest,
    VariantsSchema,
)

blueprint = Blueprint("issues", __name__, url_prefix="/api/v1", description="Issues of newsletters")
LETTER_POLICY = "default-src 'none'; img-src 'self' https: data:; style-src 'unsafe-inline'; frame-ancestors "


def previewed(shown: Rendered, wanted: str, framed_by: str = "'none'") -> Response:
    """One part of a letter as an answer; its styles are inline, as mail programs want them, and its scripts are none."""
    policy = {"Content-Security-Policy": LETTER_POLICY + framed_by}
    if wanted == "text":
        return Response(shown.text, mimetype="text/plain", headers=policy)
    return Response(shown.html, mimetype="text/html", headers=policy)


@blueprint.route("/newsletters/<id:newsletter_id>/issues")
class Issues(MethodView):
    """Issues of a newsletter."""

    @blueprint.access(edited_newsletter, scope="newsletters:read")
    @blueprint.page(IssueSchema, IssueQuery)
    def get(self, caller: Caller, newsletter: Newsletter, query: dict[str, Any]) -> Page:
        """List the issues of a newsletter, the newest first"""
        return writing.find_issues(newsletter, query)

    @blueprint.access(edited_newsletter, scope="newsletters:write")
    @blueprint.arguments(IssueRequest)
    @blueprint.response(201, IssueSchema, etag=True)
    def post(self, caller: Caller, newsletter: Newsletter, given: dict[str, Any]) -> Issue:
        """Begin an issue

        `assemble` fills it from coming theme days, and from what no issue has told yet: introductions, contributions, and
        what networks do.
        """
        return writing.make_issue(caller, newsletter, given)


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
        return writing.change_issue(caller, issue, changes, version)

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, issue: Issue, version: int | None) -> None:
        """Delete an issue of which nothing has been sent"""
        writing.remove_issue(caller, issue, version)


@blueprint.route("/issues/<id:issue_id>/assemble")
class Assemble(MethodView):
    """Filling a draft."""

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Fill a draft with what has come since

        Blocks whose text nobody has edited are read from their sources again.
        """
        return writing.assemble(caller, issue)


@blueprint.route("/issues/<id:issue_id>/variants")
class Variants(MethodView):
    """What different readers get."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.response(200, VariantsSchema)
    def get(self, caller: Caller, issue: Issue) -> dict[str, Any]:
        """List the variants of an issue, with how many readers each has

        Readers get the editorial, and of all else what is for their sections and regions: theme days and news of networks
        that serve one of their regions, of national ones, and theme days in which they can take part remotely.
        """
        return variants.find_variants(issue)


@blueprint.route("/issues/<id:issue_id>/checks")
class Checks(MethodView):
    """The gate before approval."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.response(200, ChecksSchema)
    def get(self, caller: Caller, issue: Issue) -> dict[str, Any]:
        """Check whether an issue is fit to be read

        The same checks stand before submitting and approving it.
        """
        return checks.check(issue)


@blueprint.route("/issues/<id:issue_id>/comments")
class Comments(MethodView):
    """Comments on an issue."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.page(CommentSchema, PageQuery)
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Page:
        """List the comments on an issue, the oldest first"""
        return comments.find_comments(issue, query)

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.arguments(CommentRequest)
    @blueprint.response(201, CommentSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Comment:
        """Comment on an issue"""
        return comments.add_comment(caller, issue, given)


@blueprint.route("/issues/<id:issue_id>/comments/<id:comment_id>")
class CommentItem(MethodView):
    """One comment."""

    @blueprint.access(own_comment, scope="newsletters:write")
    @blueprint.response(204)
    def delete(self, caller: Caller, comment: Comment) -> None:
        """Take one's own comment back"""
        comments.remove_comment(caller, comment)


@blueprint.route("/issues/<id:issue_id>/preview")
class Preview(MethodView):
    """An issue as its readers will see it."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.arguments(PreviewQuery, location="query")
    @blueprint.response(200, content_type="text/html")
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Response:
        """Preview an issue, as HTML or as text"""
        return previewed(variants.preview(issue, query), query["format"])


@blueprint.route("/issues/<id:issue_id>/links")
class Links(MethodView):
    """What is followed in an issue."""

    @blueprint.access(edited_issue, scope="newsletters:read")
    @blueprint.page(LinkSchema)
    def get(self, caller: Caller, issue: Issue, query: dict[str, Any]) -> Page:
        """List the links of an issue with how often they were followed, where its newsletter counts that

        By day and without persons. Programs that open every link of a mail are left out as far as they say what they are.
        """
        return CountedLink.page({"issue_id": issue.pk}, **query["paging"])


@blueprint.route("/issues/<id:issue_id>/test-send")
class TestSend(MethodView):
    """A test."""

    @blueprint.access(edited_issue, scope="newsletters:write")
    @blueprint.arguments(TestSendRequest)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Mail an issue to one address as a test"""
        return testing.test_send(issue, given)


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
    @blueprint.arguments(ApproveRequest)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Approve an issue

        Not by whoever wrote it or edited it last. The approval holds for this very content.
        """
        return approving.approve(caller, issue, given.get("content_hash"))


@blueprint.route("/issues/<id:issue_id>/reject")
class Reject(MethodView):
    """Not yet."""

    @blueprint.access(coordinated_issue, scope="newsletters:write")
    @blueprint.arguments(RejectRequest)
    @blueprint.response(200, IssueSchema, etag=True)
    def post(self, caller: Caller, issue: Issue, given: dict[str, Any]) -> Issue:
        """Give a submitted issue back to its author

        It is a draft again; the reason is mailed to the author and stays as a comment.
        """
        return approving.reject(caller, issue, given)
