"""The access rules that every feature shares; a feature adds its own beside its routes.

A rule is `rule(caller, **url_arguments)`: it raises a DomainError, or returns the resource that the view gets.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from bson import ObjectId
from flask import request

from network_api.auth.caller import COORDINATOR, Caller
from network_api.errors import Forbidden

F = TypeVar("F", bound=Callable[..., Any])


def public(rule: F) -> F:
    """Mark a rule that lets strangers in (to what they may see), so that the API document says so."""
    rule.is_public = True  # type: ignore[attr-defined]  # a mark on a function
    return rule


@public
def anybody(caller: Caller) -> None:
    """Strangers too."""


def signed_in(caller: Caller) -> None:
    """Any member."""
    caller.require_sign_in()


def coordinator_anywhere(caller: Caller) -> None:
    """Somebody who coordinates a network; which things of theirs are meant is asked later, of the query or the body."""
    caller.require_sign_in()
    if not caller.is_administrator and not caller.networks(COORDINATOR):
        raise Forbidden


def role_in_body(role: str, name: str = "network_id") -> Callable[[Caller], None]:
    """A rule for a POST whose body names its network: at least `role` there.

    It peeks at that one field, so that 401 and 403 come before 422; what is no id reaches no network.
    """

    def rule(caller: Caller) -> None:
        body = request.get_json(silent=True)
        value = body.get(name) if isinstance(body, dict) else None
        caller.require(role, ObjectId(value) if isinstance(value, str) and ObjectId.is_valid(value) else None)

    return rule
