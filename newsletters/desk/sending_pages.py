"""The steps of an issue, each a button: submit, approve, send, hold, call off; and how far the sending is."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Response, jsonify, url_for

from network_api.auth.caller import Caller
from network_api.errors import DomainError, NotFound
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, kept_private, page
from network_api.pages.session import go_to, permitted
from network_api.schemas import Nothing, Schema
from newsletters.desk import issue_form, words
from newsletters.desk.pages import issue_page
from newsletters.dispatch import progressing, resending, sending
from newsletters.dispatch.schemas import ProgressSchema, ResendRequest, ResolveRequest, ScheduleRequest
from newsletters.documents import Newsletter
from newsletters.issues import approving, comments, testing, writing
from newsletters.issues.access import coordinated_issue, edited_issue
from newsletters.issues.checks import ChecksFailed
from newsletters.issues.documents import Issue
from newsletters.issues.schemas import ApproveRequest, CommentRequest, RejectRequest, TestSendRequest

pages = Pages("issue_steps", "newsletters", url_prefix="/desk/issues/<issue_id>")


class Step(NamedTuple):
    """What a button does: who may, what the form has to say, and the verb."""

    rule: Callable[[Caller, str], Issue]
    schema: type[Schema]
    body: Callable[[Form, Issue], dict[str, Any]]
    verb: Callable[[Caller, Issue, dict[str, Any]], object]


def _nothing(form: Form, issue: Issue) -> dict[str, Any]:
    return {}


def _time(form: Form, issue: Issue) -> dict[str, Any]:
    return {"send_at": form.instant("send_at", Newsletter.get(issue.newsletter_id).zone)} if form["send_at"] else {}


STEPS: dict[str, Step] = {
    "assemble": Step(edited_issue, Nothing, _nothing, lambda caller, issue, given: writing.assemble(caller, issue)),
    "submit": Step(edited_issue, Nothing, _nothing, lambda caller, issue, given: approving.submit(caller, issue)),
    "approve": Step(
        coordinated_issue,
        ApproveRequest,
        lambda form, issue: {"content_hash": form["content_hash"]},
        lambda caller, issue, given: approving.approve(caller, issue, given["content_hash"]),
    ),
    "reject": Step(coordinated_issue, RejectRequest, lambda form, issue: {"reason": form.lines("reason")}, approving.reject),
    "comment": Step(edited_issue, CommentRequest, lambda form, issue: {"text": form.lines("text")}, comments.add_comment),
    "test-send": Step(
        edited_issue,
        TestSendRequest,
        lambda form, issue: {name: form[name] for name in ("email", "language") if form[name]},
        lambda caller, issue, given: testing.test_send(issue, given),
    ),
    "schedule": Step(
        coordinated_issue, ScheduleRequest, _time, lambda caller, issue, given: sending.schedule(caller, issue, given["send_at"])
    ),
    "send": Step(coordinated_issue, Nothing, _nothing, lambda caller, issue, given: sending.send(caller, issue)),
    "pause": Step(coordinated_issue, Nothing, _nothing, lambda caller, issue, given: sending.pause(caller, issue)),
    "resume": Step(coordinated_issue, Nothing, _nothing, lambda caller, issue, given: sending.resume(caller, issue)),
    "cancel": Step(coordinated_issue, Nothing, _nothing, lambda caller, issue, given: sending.cancel(caller, issue)),
    "resend": Step(
        coordinated_issue,
        ResendRequest,
        lambda form, issue: {"states": form.all("states")},
        lambda caller, issue, given: resending.resend(caller, issue, given["states"]),
    ),
    "resolve": Step(
        coordinated_issue,
        ResolveRequest,
        lambda form, issue: {"state": "unknown", "action": form["action"]},
        lambda caller, issue, given: resending.resolve(caller, issue, given["action"]),
    ),
}
SAID_AT = {"comment": "comments", "test-send": "tested"}  # where the page says that it is done
ON_THE_WAY = ("send", "pause", "resume", "resend", "resolve")  # after these, people want to watch


def _asked(caller: Caller, issue_id: str, step: str) -> tuple[Issue, str]:
    """The issue and the step, for whom that step is."""
    if step not in STEPS:
        raise NotFound
    return STEPS[step].rule(caller, issue_id), step


@pages.post("/<step>")
@permitted(_asked)
def take(caller: Caller, asked: tuple[Issue, str]) -> Response:
    """Take a step; where a rule refuses, the page of the issue says why."""
    (issue, name), form = asked, Form.sent()
    step = STEPS[name]
    given = form.load(step.schema, step.body(form, issue))
    if given is not None:
        try:
            step.verb(caller, issue, given)
            return go_to(_after(name, issue))
        except ChecksFailed:
            return go_to(url_for("newsletter_desk.show_checks", issue_id=issue.pk))
        except DomainError as error:
            form.refuse(error, words.refusals())
    issue = issue.fresh()
    shown = issue_form.filled(issue)
    shown.errors = form.errors
    shown.typed.update(form.typed)
    return issue_page(caller, issue, shown)


def _after(name: str, issue: Issue) -> str:
    if name in ON_THE_WAY:
        return url_for(".watch", issue_id=issue.pk)
    return url_for("newsletter_desk.edit", issue_id=issue.pk, done=name, _anchor=SAID_AT.get(name))


@pages.post("/remove")
@permitted(edited_issue)
def remove(caller: Caller, issue: Issue) -> Response:
    """Delete an issue of which nothing has been sent."""
    form = issue_form.filled(issue)
    try:
        writing.remove_issue(caller, issue, None)
    except DomainError as error:
        form.refuse(error, words.refusals())
        return issue_page(caller, issue, form)
    return go_to(url_for("newsletter_desk.show_newsletter", newsletter_id=issue.newsletter_id))


@pages.get("/sending")
@permitted(coordinated_issue)
def watch(caller: Caller, issue: Issue) -> Response:
    """How far the sending is, and what became of each delivery."""
    return page(
        "newsletters/desk/sending.html",
        private=True,
        issue=issue,
        newsletter=Newsletter.get(issue.newsletter_id),
        progress=progressing.progress_of(issue),
    )


@pages.get("/progress.json")
@permitted(coordinated_issue)
def progress(caller: Caller, issue: Issue) -> Response:
    """The same numbers for the script of that page."""
    return kept_private(jsonify(ProgressSchema().dump(progressing.progress_of(issue))))
