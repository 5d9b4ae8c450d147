"""What search engines look for: the list of public pages (sitemaps.org, version 0.9), and which addresses they leave alone."""

from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Blueprint, Response, current_app, request, stream_with_context

from network_api.feature import PublicPage, features

MOST = 50_000  # addresses in one list, by the protocol
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)
blueprint = Blueprint("sitemap", __name__)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """All public pages, each in each of its languages, with its other languages beside it."""
    pages = chain.from_iterable(feature.public_pages() for feature in features())
    entries = islice(chain.from_iterable(map(_entries, pages)), MOST)
    content = stream_with_context(chain([_HEAD], entries, ["</urlset>\n"]))
    return Response(content, mimetype="application/xml", headers={"Cache-Control": "no-cache"})


def _entries(page: PublicPage) -> Iterator[str]:
    addresses = {code: _address(page.path, code) for code in page.languages}
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{where}"/>'
        for code, where in [*addresses.items(), ("x-default", _address(page.path))]
    )
    changed = f"<lastmod>{page.changed_at:%Y-%m-%dT%H:%M:%SZ}</lastmod>" if page.changed_at else ""
    for where in addresses.values():
        yield f"<url><loc>{where}</loc>{changed}{others}</url>\n"


def _address(path: str, language: str | None = None) -> str:
    query = f"?{urlencode({'lang': language})}" if language else ""
    return escape(f"{current_app.config['PUBLIC_URL']}{path}{query}", {'"': "&quot;"})


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Everything that a token opens is somebody's own, and the API is for programs."""
    rules = (rule.rule for rule in current_app.url_map.iter_rules() if "token" in rule.arguments)
    own = {rule.partition("<")[0] for rule in rules if not rule.startswith("/api/")}
    lines = ["User-agent: *", *(f"Disallow: {prefix}" for prefix in sorted({"/api/", *own}))]
    lines += ["", f"Sitemap: {current_app.config['PUBLIC_URL']}/sitemap.xml", ""]
    answer = Response("\n".join(lines), mimetype="text/plain")
    answer.add_etag()
    answer.make_conditional(request)
    return answer
