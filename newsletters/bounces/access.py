"""Who may see all reports of bounces, whatever they are about."""

from network_api.auth.caller import Caller
from network_api.errors import Forbidden


def administrator(caller: Caller) -> None:
    """An administrator."""
    caller.require_sign_in()
    if not caller.is_administrator:
        raise Forbidden
