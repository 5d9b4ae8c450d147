"""Texts of people on a page: in the reader's language where there is one, else in another, which is marked and told."""

from collections.abc import Mapping
from operator import itemgetter

from flask import Flask
from flask_babel import get_locale, gettext
from markupsafe import Markup, escape

from network_api.languages import LANGUAGES
from network_api.markdown import safe_html_below
from network_api.regions import REGIONS, TILES

Text = Mapping[str, str] | None


def foreign(text: Text) -> str:
    """The language that a text is shown in, where that is not the page's; else empty."""
    return _read(text)[1]


def said(text: Text) -> Markup:
    """A short text, marked where it is in another language (WCAG 2.2, 3.1.2)."""
    content, language = _read(text)
    return Markup('<span lang="{}">{}</span>').format(language, _line(content)) if language else escape(_line(content))


def plain(text: Text) -> str:
    """A short text on one line, where no mark can stand."""
    return _line(_read(text)[0])


def prose(text: Text, heading: int = 2) -> Markup:
    """A long text from its Markdown, below a heading of this level, marked in the same way."""
    markdown, language = _read(text)
    content = Markup(safe_html_below(heading, markdown))  # noqa: S704 - cleaned there
    return Markup('<div lang="{}">{}</div>').format(language, content) if language else content


def _read(text: Text) -> tuple[str, str]:
    """What a text says to the reader of this page, and in which language, where that is another."""
    page = str(get_locale())
    language = next((code for code in (page, *LANGUAGES) if text and text.get(code)), page)
    return (text or {}).get(language, ""), "" if language == page else language


def _line(text: str) -> str:
    return " ".join(text.split())


def language_note(text: Text) -> str:
    """What is said beside a text that is not in the page's language; empty where it is."""
    notes = {"fi": gettext("In Finnish"), "sv": gettext("In Swedish"), "en": gettext("In English")}
    return str(notes.get(foreign(text), ""))


def region(code: str) -> str:
    """The name of one of Finland's regions."""
    return plain(REGIONS[code])


def regions() -> list[tuple[str, str]]:
    """All regions by name, as choices of a form: code and name."""
    return sorted(((code, plain(name)) for code, name in REGIONS.items()), key=itemgetter(1))


def init_app(app: Flask) -> None:
    """Give templates the filters for texts of people, and the regions with their tiles."""
    app.jinja_env.filters.update(said=said, plain=plain, prose=prose, language_note=language_note, region=region)
    app.jinja_env.globals.update(regions=regions, tile=TILES.__getitem__)
