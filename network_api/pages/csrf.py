"""Cross-site request forgery: a form is taken only from a page of our own.

Every browser says with a POST where it comes from, by `Sec-Fetch-Site` (W3C Fetch Metadata) or at least by `Origin`
(RFC 6454), and no page can forge either. So nothing has to be hidden in a form, and a page with a form can be cached and
works without a cookie. What sends neither is no browser, and carries nobody's sign-in; with a session cookie it is
refused. The cookie is SameSite besides.
"""

from urllib.parse import urlsplit

from flask import current_app, request

from network_api.errors import Forbidden
from network_api.pages.session import SESSION_COOKIES

SAFE = ("GET", "HEAD", "OPTIONS")


class ForeignForm(Forbidden):
    """The form was not sent from a page of this site."""

    code = "foreign_form"
    detail = "This form was not sent from a page of this site."


def protect() -> None:
    """Raises ForeignForm for a request that changes something and comes from another site."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    elif origin is not None:
        ours = _host(origin) in (request.host, _host(current_app.config["PUBLIC_URL"]))
    else:
        ours = not any(name in request.cookies for name in SESSION_COOKIES)
    if not ours:
        raise ForeignForm


def _host(url: str) -> str:
    return urlsplit(url).netloc
