"""Comments on an issue by those who make it: what to change before it goes out, and why one was not approved."""

from collections.abc import Mapping
from typing import Any

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Page, transactional
from network_api.errors import Invalid
from network_api.feature import Counted, Person
from newsletters.issues.comment_documents import Comment
from newsletters.issues.documents import Issue


def find_comments(issue: Issue, query: Mapping[str, Any]) -> Page:
    """The comments on an issue, the oldest first."""
    return Comment.page({"issue_id": issue.pk}, **query["paging"])


@transactional
def add_comment(caller: Caller, issue: Issue, given: Mapping[str, Any]) -> Comment:
    """Say something about an issue. Raises Invalid where it has no such block."""
    if given.get("block") is not None and given["block"] >= len(issue.blocks):
        raise Invalid(errors={"block": ["The issue has no such block."]})
    made = Comment(issue_id=issue.pk, author_id=caller.member_id, **given).insert()
    audit.record(caller.member_id, "issue.commented", issue.pk, network_id=issue.network_id)
    return made


@transactional
def remove_comment(caller: Caller, comment: Comment) -> None:
    """Take one's own comment back."""
    Comment.remove({"_id": comment.pk, "author_id": caller.member_id})
    issue = Issue.first({"_id": comment.issue_id})
    network_id = issue.network_id if issue else None
    audit.record(caller.member_id, "issue.comment_removed", comment.issue_id, network_id=network_id)


def export_person(person: Person) -> Mapping[str, Any]:
    """What the person has said about issues."""
    return {"issue_comments": Comment.rows({"author_id": person.member_id}) if person.member_id else []}


def erase_person(person: Person) -> Counted:
    """Delete what the person has said about issues."""
    found = Comment.rows({"author_id": person.member_id}) if person.member_id else []
    return {Comment: sum(Comment.remove({"_id": row["_id"]}) for row in found)}
