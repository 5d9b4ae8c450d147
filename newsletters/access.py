"""Who may do what with newsletters and issues.

A newsletter is public. An issue exists for its network's editors only; sending it, and seeing who gets it, takes a
coordinator. A personal link is an authority of its own.
"""

from network_api.auth.access import public
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.errors import NotFound
from newsletters import subscribing
from newsletters.documents import Newsletter, Subscription
from newsletters.issues import Issue


@public
def any_newsletter(caller: Caller, newsletter_id: str) -> Newsletter:
    """A newsletter; all of them are public."""
    return Newsletter.get(newsletter_id)


def coordinated_newsletter(caller: Caller, newsletter_id: str) -> Newsletter:
    """A newsletter whose network the caller coordinates."""
    caller.require_sign_in()
    newsletter = Newsletter.get(newsletter_id)
    caller.require(COORDINATOR, newsletter.network_id)
    return newsletter


def edited_newsletter(caller: Caller, newsletter_id: str) -> Newsletter:
    """A newsletter whose issues the caller writes."""
    caller.require_sign_in()
    newsletter = Newsletter.get(newsletter_id)
    caller.require(EDITOR, newsletter.network_id)
    return newsletter


def edited_issue(caller: Caller, issue_id: str) -> Issue:
    """An issue that the caller may write; nobody else learns that it exists."""
    caller.require_sign_in()
    issue = Issue.get(issue_id)
    if not caller.has_role(EDITOR, issue.network_id):
        raise NotFound
    return issue


def coordinated_issue(caller: Caller, issue_id: str) -> Issue:
    """An issue that the caller may approve and send, and whose recipients they may see."""
    issue = edited_issue(caller, issue_id)
    caller.require(COORDINATOR, issue.network_id)
    return issue


@public
def own_subscription(caller: Caller, token: str) -> Subscription:
    """The subscription that a personal link opens."""
    return subscribing.of_token(token)
