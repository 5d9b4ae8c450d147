"""The desk of a newsletter and of one issue: writing it, looking at it, approving it."""

from typing import Any

from flask import Response, request, url_for

from network_api.auth.caller import COORDINATOR, Caller
from network_api.errors import DomainError
from network_api.members.documents import Member
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, kept_private, page
from network_api.pages.lists import listing
from network_api.pages.session import go_to, permitted
from newsletters.access import edited_newsletter
from newsletters.bounces.documents import Bounce
from newsletters.desk import issue_form, words
from newsletters.documents import Newsletter
from newsletters.issues import checks, comments, variants, writing
from newsletters.issues.access import edited_issue
from newsletters.issues.documents import EDITABLE, Issue
from newsletters.issues.routes import previewed
from newsletters.issues.schemas import IssuePatch, IssueQuery, IssueRequest, PreviewQuery

pages = Pages("newsletter_desk", "newsletters", url_prefix="/desk")
for name, said in words.FILTERS.items():
    pages.add_app_template_filter(said, name)
_ALL = {"paging": {"limit": 100, "total": False, "after": None}}


@pages.get("/newsletters/<newsletter_id>")
@permitted(edited_newsletter)
def show_newsletter(caller: Caller, newsletter: Newsletter) -> Response:
    """The issues of a newsletter, the newest first, and a form for a new one."""
    proposed = {f"title.{code}": text for code, text in newsletter.name.items()}
    return _newsletter(caller, newsletter, Form({**proposed, "assemble": "yes"}))


def _newsletter(caller: Caller, newsletter: Newsletter, form: Form) -> Response:
    coordinates = caller.has_role(COORDINATOR, newsletter.network_id)
    unproven = {"newsletter_id": newsletter.pk, "matched": False}
    return page(
        "newsletters/desk/newsletter.html",
        private=True,
        status=form.status,
        form=form,
        newsletter=newsletter,
        listing=listing(IssueQuery, lambda query: writing.find_issues(newsletter, query)),
        bounces=Bounce.rows(unproven, sort=[("_id", -1)], limit=20) if coordinates else [],
    )


@pages.post("/newsletters/<newsletter_id>/issues")
@permitted(edited_newsletter)
def make_issue(caller: Caller, newsletter: Newsletter) -> Response:
    """Begin an issue."""
    form = Form.sent()
    given = form.load(IssueRequest, {"title": form.texts("title"), "assemble": bool(form["assemble"])})
    if given is None:
        return _newsletter(caller, newsletter, form)
    return go_to(url_for(".edit", issue_id=writing.make_issue(caller, newsletter, given).pk))


@pages.get("/issues/<issue_id>")
@permitted(edited_issue)
def edit(caller: Caller, issue: Issue) -> Response:
    """An issue with its blocks, to write, to order and to mark."""
    return issue_page(caller, issue, issue_form.filled(issue))


def _about(caller: Caller, issue: Issue) -> dict[str, Any]:
    """What the head of each page of an issue shows."""
    coordinates = caller.has_role(COORDINATOR, issue.network_id)
    return {"issue": issue, "newsletter": Newsletter.get(issue.newsletter_id), "coordinates": coordinates}


def issue_page(caller: Caller, issue: Issue, form: Form) -> Response:
    """The page of an issue with the form as it was typed."""
    about = _about(caller, issue)
    found = comments.find_comments(issue, _ALL).items
    return page(
        "newsletters/desk/issue.html",
        private=True,
        status=form.status,
        form=form,
        **about,
        places=issue_form.places(form),
        languages=issue_form.languages(issue, about["newsletter"].languages),
        comments=found,
        people=Member.by_ids(row["author_id"] for row in found),
        is_editable=issue.state in EDITABLE,
        is_tested=request.args.get("done") == "test-send",
        is_own=caller.member_id in (issue.author_id, issue.edited_by),
    )


@pages.post("/issues/<issue_id>")
@permitted(edited_issue)
def save(caller: Caller, issue: Issue) -> Response:
    """Save what was typed, after what the pressed button does; an issue that has changed since is not overwritten."""
    form = Form.sent()
    given = form.load(IssuePatch, issue_form.request(form, issue))
    if given is None:
        return issue_page(caller, issue, form)
    try:
        writing.change_issue(caller, issue, given, form.version)
    except DomainError as error:
        form.refuse(error, words.refusals())
        form.typed["version"] = str(issue.fresh().version)
        return issue_page(caller, issue.fresh(), form)
    return go_to(url_for(".edit", issue_id=issue.pk, _anchor="blocks"))


@pages.get("/issues/<issue_id>/preview")
@permitted(edited_issue)
def preview(caller: Caller, issue: Issue) -> Response:
    """What different readers get: a choice of them, and the letter in a frame."""
    form = Form(request.args)
    chosen: dict[str, Any] = {name: form[name] for name in ("language", "region", "section", "variant", "format") if form[name]}
    query = form.load(PreviewQuery, chosen)
    return page(
        "newsletters/desk/preview.html",
        private=True,
        status=form.status,
        form=form,
        **_about(caller, issue),
        variants=variants.find_variants(issue)["items"],
        letter=url_for(".letter", issue_id=issue.pk, **chosen) if query is not None else None,
    )


@pages.get("/issues/<issue_id>/letter")
@permitted(edited_issue)
def letter(caller: Caller, issue: Issue) -> Response:
    """The letter alone, for the frame of the preview; no other site may frame it."""
    form = Form(request.args)
    query = form.load(PreviewQuery, dict(request.args))
    if query is None:
        return go_to(url_for(".preview", issue_id=issue.pk))
    return kept_private(previewed(variants.preview(issue, query), query["format"], framed_by="'self'"))


@pages.get("/issues/<issue_id>/checks")
@permitted(edited_issue)
def show_checks(caller: Caller, issue: Issue) -> Response:
    """What stands between the issue and its readers, in words."""
    found = checks.check(issue)
    return page("newsletters/desk/checks.html", private=True, found=found, **_about(caller, issue))
