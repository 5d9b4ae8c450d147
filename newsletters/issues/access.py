"""Who may do what with issues: one exists for its network's editors only; sending it takes a coordinator."""

from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.errors import NotFound
from newsletters.issues.comment_documents import Comment
from newsletters.issues.documents import Issue


def edited_issue(caller: Caller, issue_id: str) -> Issue:
    """An issue that the caller may write; nobody else learns that it exists."""
    caller.require_sign_in()
    issue = Issue.get(issue_id)
    if not caller.has_role(EDITOR, issue.network_id):
        raise NotFound
    return issue


def own_comment(caller: Caller, issue_id: str, comment_id: str) -> Comment:
    """The caller's own comment on an issue that they may write."""
    issue = edited_issue(caller, issue_id)
    comment = Comment.get(comment_id)
    if (comment.issue_id, comment.author_id) != (issue.pk, caller.member_id):
        raise NotFound
    return comment


def coordinated_issue(caller: Caller, issue_id: str) -> Issue:
    """An issue that the caller may approve and send, and whose recipients they may see."""
    issue = edited_issue(caller, issue_id)
    caller.require(COORDINATOR, issue.network_id)
    return issue
