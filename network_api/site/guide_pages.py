"""Guides to the API, one for each job: Markdown beside the code, in English. A test runs their commands."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from flask import Response

from network_api.errors import NotFound
from network_api.pages.frame import Pages, page

pages = Pages("guide_pages", "network_api", url_prefix="/guides")
FOLDER = Path(__file__).with_name("guides")
NAMES = ("arrange-a-theme-day", "send-the-monthly-letter", "bring-your-members", "hear-of-changes")  # in the order of reading


class Guide(NamedTuple):
    """A guide: its name in addresses, its title, what it is about in a sentence, and the rest in Markdown."""

    name: str
    title: str
    summary: str
    text: str


@cache
def guide(name: str) -> Guide:
    """The guide of this name, one of `NAMES`: a heading, a paragraph, and the text."""
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    title, summary, text = re.split(r"\n{2,}", written, maxsplit=2)
    return Guide(name, title.removeprefix("# "), " ".join(summary.split()), text)


@pages.get("")
def list_guides() -> Response:
    """What there is to learn, and where the reference is."""
    return page("site/guides.html", guides=[guide(name) for name in NAMES])


@pages.get("/<name>")
def show_guide(name: str) -> Response:
    """One guide."""
    if name not in NAMES:
        raise NotFound
    return page("site/guide.html", guide=guide(name), others=[guide(other) for other in NAMES if other != name])
