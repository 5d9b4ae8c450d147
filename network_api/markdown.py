"""Long texts of people, written in Markdown: what their HTML may be made of, and how they stand on a page."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

TAGS = {"a", "b", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p", "pre", "strong", "ul"}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height"}}
SCHEMES = frozenset(("http", "https", "mailto"))
LOWEST = 4  # of headings
_markdown = MarkdownIt("commonmark", {"html": False})


@lru_cache(256)
def safe_html_below(heading: int, markdown: str) -> str:
    """HTML that carries no script, style or foreign scheme, fetches nothing, and has its headings below this level."""
    tokens = _markdown.parse(markdown)
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(heading + int(token.tag[1]), LOWEST)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        html,
        tags=TAGS - {"img"},
        attributes={"a": ATTRIBUTES["a"]},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer",
    )
