"""The HTML part of a mail, made of its text when it is sent: so both say the same, and the text is what is written.

Paragraphs stand between empty lines. Lines that are all indented by four spaces are set apart; an address alone on such a
line is a link, and a button where it is named: `{{ address|named(_("My registration")) }}`. The text part has no names.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import css_inline
from flask import Flask, render_template
from flask_babel import force_locale

from network_api.mail.message import Picture

INDENT = "    "
_NAME_FOLLOWS = "\x1f"  # between an address and its name: no line that people type can have it
_NAMED = re.compile(rf"{_NAME_FOLLOWS}.*$", re.MULTILINE)
_ADDRESS = re.compile(rf"(https?://[^\s{_NAME_FOLLOWS}]+)(?:{_NAME_FOLLOWS}(.*))?")


class Line(NamedTuple):
    """A line; with an `address` it is a link."""

    text: str
    address: str = ""


class Block(NamedTuple):
    """A part of the text: a paragraph, or lines that are set apart. With a `name` it is a button, perhaps below a picture."""

    lines: Sequence[Line]
    is_apart: bool = False
    name: str = ""
    picture: Picture | None = None


def named(address: str, name: str) -> str:
    """An address with the name that its button has."""
    return f"{address}{_NAME_FOLLOWS}{name}"


def plain(text: str) -> str:
    """The text part: addresses without their names."""
    return _NAMED.sub("", text)


def made_of(text: str, subject: str, language: str, pictures: Sequence[Picture] = ()) -> str:
    """The HTML part of a text. A picture stands above the button that leads to its address."""
    shown = {picture.address: picture for picture in pictures}
    blocks = [_block(part, shown) for part in re.split(r"\n\s*\n", text.strip("\n"))]
    with force_locale(language):
        return _inliner().inline(render_template("mail.html", subject=subject, language=language, blocks=blocks))


def _block(part: str, pictures: dict[str, Picture]) -> Block:
    lines = part.strip("\n").split("\n")
    if not all(line.startswith(INDENT) for line in lines):
        return Block([Line(line.strip()) for line in lines])
    found = [(line.strip(), _ADDRESS.fullmatch(line.strip())) for line in lines]
    name = found[0][1][2] or "" if len(found) == 1 and found[0][1] else ""
    apart = [Line(address[1], address[1]) if address else Line(text) for text, address in found]
    return Block(apart, is_apart=True, name=name, picture=pictures.get(apart[0].address))


@cache
def _inliner() -> css_inline.CSSInliner:
    """What is for dark screens stays in the head: it has no place on an element."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def init_app(app: Flask) -> None:
    """Give the templates of mails the filter for the names of addresses."""
    app.jinja_env.filters["named"] = named
