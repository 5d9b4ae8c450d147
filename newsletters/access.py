"""Who may do what with newsletters: they are public, an editor writes their issues, a coordinator sees who gets them."""

from network_api.auth.access import public
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from newsletters.documents import Newsletter


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
