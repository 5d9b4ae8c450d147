"""Markdown as HTML that is safe, and as text that people like to read. Both are made from one reading of it."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from network_api.markdown import ATTRIBUTES, SCHEMES, TAGS

_HEADINGS = {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4"}  # the letter's own are h1 and h2
_text_config = ParserConfig(display_links=False)


class _TextRenderer(RendererHTML):
    """HTML whose links say where they lead and whose pictures say what they show, to be read as text."""

    def link_open(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """Nothing: a link is its words, and then its address."""
        return ""

    def link_close(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """The address, unless the words are just that."""
        opening = max(earlier for earlier in range(place) if tokens[earlier].type == "link_open")
        address = str(tokens[opening].attrGet("href"))
        words = "".join(token.content for token in tokens[opening + 1 : place])
        return "" if words in (address, address.removeprefix("mailto:")) else f" ({escape(address)})"

    def image(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        """What it shows, and where it is."""
        alt = self.renderInlineAsText(tokens[place].children, options, env)
        return f"[{escape(alt)}: {escape(str(tokens[place].attrGet('src')))}]"


def scheme_of(address: str) -> str:
    """The scheme of an address; nothing where it is no address."""
    try:
        return urlsplit(address).scheme.lower()
    except ValueError:
        return ""


class _Markdown(MarkdownIt):
    """CommonMark without HTML, in which only addresses that a letter may have are links."""

    def __init__(self, schemes: frozenset[str] | None = SCHEMES, renderer: type[RendererHTML] = RendererHTML) -> None:
        super().__init__("commonmark", {"html": False}, renderer_cls=renderer)
        self.schemes = schemes

    def validateLink(self, url: str) -> bool:
        """Whether this may be a link."""
        return self.schemes is None or scheme_of(url) in self.schemes


_markdown = _Markdown()
_as_text = _Markdown(renderer=_TextRenderer)
_unchecked = _Markdown(schemes=None)


def links_and_images(markdown: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The addresses of all links, also of those that lead nowhere, and of all pictures, each with what it shows in words."""
    tokens = [one for token in _unchecked.parse(markdown) for one in token.children or ()]
    links = [str(token.attrGet("href")) for token in tokens if token.type == "link_open"]
    images = [(str(token.attrGet("src")), token.content.strip()) for token in tokens if token.type == "image"]
    return links, images


def tokens_of(markdown: str) -> list[Token]:
    """What a text is made of, with headings below those of the letter, and with no link to a foreign scheme."""
    tokens = _markdown.parse(markdown)
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
    return tokens


@lru_cache(maxsize=512)
def safe_html(markdown: str) -> str:
    """Markdown as HTML that carries no script, style, frame or foreign scheme."""
    html = _markdown.renderer.render(tokens_of(markdown), _markdown.options, {})
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=set(SCHEMES), link_rel="noopener noreferrer")


@lru_cache(maxsize=512)
def as_text(markdown: str) -> str:
    """The same as plain text."""
    html = _as_text.renderer.render(tokens_of(markdown), _as_text.options, {})
    return str(get_text(nh3.clean(html, tags=TAGS), _text_config)).strip()
