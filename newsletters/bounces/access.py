"""Who may see and report bounces: the coordinators of the newsletter's network, and administrators."""

from network_api.auth.caller import COORDINATOR, Caller
from network_api.errors import Forbidden


def reporter(caller: Caller) -> None:
    """Somebody who coordinates a network; whose letters a report may be about is asked once it is read."""
    caller.require_sign_in()
    if not caller.is_administrator and not caller.networks(COORDINATOR):
        raise Forbidden


def administrator(caller: Caller) -> None:
    """An administrator."""
    caller.require_sign_in()
    if not caller.is_administrator:
        raise Forbidden
