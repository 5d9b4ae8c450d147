"""Who is signed in on the pages: a session like the API's, its secret in a cookie that no script can read."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Response, make_response, redirect, request, url_for

from network_api.auth.caller import STRANGER, Caller, holder, identify
from network_api.auth.documents import PREFIXES
from network_api.documents import Row
from network_api.errors import Unauthenticated

P = ParamSpec("P")
T = TypeVar("T")
# Over TLS the prefix has browsers hold the cookie to this very host (RFC 6265bis, section 4.1.3.2).
SESSION_COOKIES = ("__Host-session", "session")
SIGN_IN = "sign_in_pages.ask_for_address"  # where a stranger is sent


def _name() -> str:
    return SESSION_COOKIES[0] if request.is_secure else SESSION_COOKIES[1]


def _secret() -> str | None:
    """The secret of the session in the cookie. An API token is none: here nobody asks what its scopes allow."""
    secret = request.cookies.get(_name(), "")
    return secret if secret.startswith(PREFIXES["session"]) else None


def caller_of_pages() -> Caller:
    """Whose session the cookie holds; a stranger where there is none, or where it has ended."""
    secret = _secret()
    try:
        return identify(f"Bearer {secret}") if secret else STRANGER
    except Unauthenticated:
        return STRANGER


def member_of_pages() -> Row:
    """The member whose session the cookie holds, without their roles; an empty row for a stranger."""
    secret = _secret()
    found = holder(secret) if secret else None
    return found[1] if found else {}


def signed_in(view: Callable[Concatenate[Caller, P], Response]) -> Callable[P, Response]:
    """A page for people who have signed in, handed the caller; others sign in first and come back."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Response:
        caller = caller_of_pages()
        if caller.is_signed_in:
            return view(caller, *args, **kwargs)
        # What a form wanted to do is not done by coming back: they see the page again.
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return go_to(url_for(SIGN_IN, next=wanted))

    return wrapper


def permitted(rule: Callable[..., T]) -> Callable[[Callable[[Caller, T], Response]], Callable[..., Response]]:
    """A page for those whom a rule of the API lets in, handed the caller and what the rule returned."""

    def decorate(view: Callable[[Caller, T], Response]) -> Callable[..., Response]:
        @wraps(view)
        @signed_in
        def wrapper(caller: Caller, /, **given: Any) -> Response:
            return view(caller, rule(caller, **given))

        return wrapper

    return decorate


def go_to(address: str) -> Response:
    """On to another page, after a form or instead of a page (RFC 9110, section 15.4.4): kept by nobody."""
    response = make_response(redirect(address, 303))
    response.headers["Cache-Control"] = "no-store"
    return response


def begin(response: Response, secret: str, expires_at: datetime) -> None:
    """Hand the browser a session."""
    response.set_cookie(_name(), secret, expires=expires_at, path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def end(response: Response) -> None:
    """Have the browser forget its session."""
    response.delete_cookie(_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def inside(address: str | None, otherwise: str) -> str:
    """An address to go on to, if it is a path of this site: no link may send people elsewhere through us."""
    plain = address is not None and address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain and address is not None and "\\" not in address else otherwise
