"""Verbs of approval: submit, approve with a second pair of eyes, reject. Each is told by mail to whom it concerns."""

from collections.abc import Mapping
from typing import Any

from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Row, transactional
from network_api.errors import Conflict
from network_api.mail import outbox
from network_api.members.documents import Member
from network_api.networks.documents import ACTIVE, Membership, Network
from newsletters.documents import Newsletter
from newsletters.issues import checks, mails
from newsletters.issues.assembling import keep_told
from newsletters.issues.comment_documents import Comment
from newsletters.issues.documents import DRAFT, SUBMITTED, Issue
from newsletters.issues.variants import Shown
from newsletters.issues.writing import read_again


class ContentChanged(Conflict):
    """The content is not the one that the approver has read."""

    code = "content_changed"
    detail = "Somebody has changed this issue since you read it. Read it again before you approve it."


def submit(caller: Caller, issue: Issue) -> Issue:
    """Hand an issue in for approval, in the words that its sources have now. Raises ChecksFailed, WrongState."""
    issue.require_state(SUBMITTED, DRAFT)
    checks.require(issue.fresh())
    return _submit(caller, issue)


@transactional
def _submit(caller: Caller, issue: Issue) -> Issue:
    newsletter = Newsletter.hold(issue.newsletter_id)
    issue = issue.fresh(issue.version)
    issue = issue.settle(read_again(newsletter, issue))
    keep_told(issue)
    moved = issue.move(SUBMITTED, (DRAFT,))
    audit.record(caller.member_id, "issue.submitted", issue.pk, network_id=issue.network_id)
    shown = Shown.now(moved)
    for member in _approvers(issue):
        made = shown.render(member["language"], shown.places())
        outbox.put(mails.please_approve(member, moved, newsletter, made))
    return moved


def _approvers(issue: Issue) -> list[Row]:
    """Who may approve an issue: the network's coordinators, or those of the network above it, where there are no others."""
    network = Network.get(issue.network_id)
    for network_id in (network.pk, network.parent_id):
        held = {"network_id": network_id, "state": ACTIVE}
        ids = {row["member_id"] for row in Membership.rows(held) if row["role"] == COORDINATOR}
        if found := Member.by_ids(ids - {issue.author_id, issue.edited_by}):
            return [found[key] for key in sorted(found)]
    return []


def approve(caller: Caller, issue: Issue, content_hash: str | None) -> Issue:
    """Approve the content as it stands, or only the very content that was read.

    Raises OwnIssue, ContentChanged, ChecksFailed, WrongState.
    """
    if content_hash is not None and content_hash != issue.content_hash:
        raise ContentChanged
    issue.require_approver(caller.member_id)
    checks.require(issue)
    return _approve(caller, issue)


@transactional
def _approve(caller: Caller, issue: Issue) -> Issue:
    moved = issue.approve(caller.member_id)
    changes = {"content_hash": {"before": None, "after": issue.content_hash}}
    audit.record(caller.member_id, "issue.approved", issue.pk, network_id=issue.network_id, changes=changes)
    _tell_author(moved, "approved", "")
    return moved


@transactional
def reject(caller: Caller, issue: Issue, given: Mapping[str, Any]) -> Issue:
    """Give a submitted issue back to its author, with a reason that stays as a comment. Raises WrongState."""
    moved = issue.move(DRAFT, (SUBMITTED,))
    Comment(issue_id=issue.pk, author_id=caller.member_id, text=given["reason"]).insert()
    audit.record(caller.member_id, "issue.rejected", issue.pk, network_id=issue.network_id)
    _tell_author(moved, "rejected", given["reason"])
    return moved


def _tell_author(issue: Issue, step: str, reason: str) -> None:
    author = Member.by_ids([issue.author_id]).get(issue.author_id)
    if author is not None:
        outbox.put(mails.answered(author, issue, step, reason))
