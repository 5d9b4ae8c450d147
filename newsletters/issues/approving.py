"""Verbs of approval: submit, and approve with a second pair of eyes."""

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import transactional
from network_api.errors import Conflict
from newsletters.issues.documents import DRAFT, SUBMITTED, Issue


class ContentChanged(Conflict):
    """The content is not the one that the approver has read."""

    code = "content_changed"
    detail = "Somebody has changed this issue since you read it. Read it again before you approve it."


@transactional
def submit(caller: Caller, issue: Issue) -> Issue:
    """Hand an issue in for approval. Raises WrongState."""
    moved = issue.move(SUBMITTED, (DRAFT,))
    audit.record(caller.member_id, "issue.submitted", issue.pk, network_id=issue.network_id)
    return moved


@transactional
def approve(caller: Caller, issue: Issue, content_hash: str | None) -> Issue:
    """Approve the content as it stands, or only the very content that was read. Raises OwnIssue, ContentChanged, WrongState."""
    if content_hash is not None and content_hash != issue.content_hash:
        raise ContentChanged
    moved = issue.approve(caller.member_id)
    changes = {"content_hash": {"before": None, "after": issue.content_hash}}
    audit.record(caller.member_id, "issue.approved", issue.pk, network_id=issue.network_id, changes=changes)
    return moved
