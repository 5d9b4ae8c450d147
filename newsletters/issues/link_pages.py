"""Where counted links lead: to exactly the page that was signed, with nothing said about the reader."""

import re

from flask import Blueprint, Response, request

from newsletters.issues.counted_links import CountedLink

pages = Blueprint("counted_links", __name__)
# Programs that open every link of a mail before a person does, or make a preview of it. Not complete, and need not be.
_PROGRAMS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|scan|monitor|fetch|proxy|python|curl|wget|java/|go-http|headless|"
    r"barracuda|mimecast|proofpoint|fireeye|trendmicro|forcepoint|symantec|safelinks|bingpreview|facebookexternalhit",
    re.IGNORECASE,
)
_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")  # a browser that loads it in case somebody might


@pages.get("/l/<token>")
def follow(token: str) -> Response:
    """On to the page."""
    link = CountedLink.of_token(token)
    if _is_a_reader():
        link.count()
    headers = {"Location": link.url, "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
    return Response(status=302, headers=headers)


def _is_a_reader() -> bool:
    """Whether a person seems to ask: by GET, now, with a browser."""
    ahead = any("prefetch" in request.headers.get(name, "") or "preview" in request.headers.get(name, "") for name in _AHEAD)
    agent = request.headers.get("User-Agent", "")
    return request.method == "GET" and not ahead and bool(agent) and not _PROGRAMS.search(agent)
