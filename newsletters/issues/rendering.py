"""From an issue to what people read: the blocks that stand, as HTML and as text, in one language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import nh3
from flask import render_template
from flask_babel import force_locale, gettext
from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from markdown_it import MarkdownIt

from network_api.languages import LANGUAGES, in_language
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import Block, Issue

TAGS = {"a", "b", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p", "pre", "strong", "ul"}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height"}}
_markdown = MarkdownIt("commonmark", {"html": False})
_text_config = ParserConfig(display_links=True)


@dataclass(frozen=True)
class Links:
    """The personal links of a letter, or nothing where nobody in particular reads it."""

    manage: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True)
class Rendered:
    """An issue in one language."""

    subject: str
    html: str
    text: str


def safe_html(markdown: str) -> str:
    """Markdown as HTML that carries no script, style, frame or foreign scheme."""
    html = _markdown.render(markdown)
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer"
    )


def as_text(html: str) -> str:
    """The same as plain text."""
    return str(get_text(html, _text_config)).strip()


def visible_blocks(issue: Issue, standing: set[str], sections: Sequence[str] = ()) -> list[Block]:
    """The blocks that go out: not hidden, their source still standing, of the wanted sections (none given: all)."""
    return [
        block
        for block in issue.blocks
        if not block.hidden
        and (block.source is None or block.source.key in standing)
        and (not sections or block.section in sections)
    ]


def fallen(issue: Issue, standing: set[str]) -> set[str]:
    """The sources of the issue that do not stand any more."""
    return {block.source.key for block in issue.blocks if block.source is not None and not block.hidden} - standing


def render(
    newsletter: Newsletter, issue: Issue, language: str, links: Links, *, blocks: Iterable[Block] | None = None
) -> Rendered:
    """The issue in a language, with the blocks that stand now unless others are given."""
    shown = visible_blocks(issue, sources.standing(issue.blocks)) if blocks is None else list(blocks)
    with force_locale(language):
        values: dict[str, Any] = {
            "language": language,
            "links": links,
            "title": _line(in_language(issue.title, language)),
            "newsletter": _line(in_language(newsletter.name, language)),
            "sender": newsletter.sender.name,
            "sections": sections_of(newsletter, shown, language),
        }
        return Rendered(
            subject=values["title"],
            html=render_template("newsletters/letter.html", **values),
            text=render_template("newsletters/letter.txt", **values).strip() + "\n",
        )


def sections_of(newsletter: Newsletter, blocks: Sequence[Block], language: str) -> list[dict[str, Any]]:
    """The blocks by section, in the newsletter's order; what belongs to no section of it comes last."""
    order = [*newsletter.sections, *(block.section for block in blocks)]
    found = []
    for name in dict.fromkeys(order):
        members = sorted((block for block in blocks if block.section == name), key=lambda block: not block.pinned)
        if members:
            found.append({"name": name, "blocks": [_shown(block, language) for block in members]})
    return found


def _shown(block: Block, language: str) -> dict[str, Any]:
    """A block as templates show it; in another language than the reader's only with a word about that."""
    spoken = language if block.text.get(language) else next(code for code in LANGUAGES if block.text.get(code))
    only_in = {"fi": gettext("Only in Finnish"), "sv": gettext("Only in Swedish"), "en": gettext("Only in English")}
    html = safe_html(block.text[spoken])
    return {"html": html, "text": as_text(html), "language": spoken, "note": "" if spoken == language else only_in[spoken]}


def _line(text: str) -> str:
    return " ".join(text.split())
