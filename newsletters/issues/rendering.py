"""From an issue to what people read: the blocks that stand, as HTML and as text, in one language."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import css_inline
from flask import current_app, render_template
from flask_babel import force_locale, gettext
from mjml import mjml2html

from network_api.languages import LANGUAGES, in_language
from newsletters.documents import Newsletter
from newsletters.issues import palette, sources
from newsletters.issues.documents import Block, Issue
from newsletters.issues.markdown import as_text, safe_html
from newsletters.issues.sources.kinds import Live

NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")  # XML 1.0, section 2.2


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


def is_for(block: Block, said: Live | None, sections: Collection[str], regions: Collection[str]) -> bool:
    """Whether a reader who chose these sections and regions (none: all) gets a block.

    Everybody gets the editorial. What has a source is for the regions that its networks serve; for all of them where a
    national network has a part in it, and where people can take part from anywhere.
    """
    if sections and block.section not in sections and block.section != "editorial":
        return False
    return not regions or said is None or said.regions is None or not said.regions.isdisjoint(regions)


def shown_places(
    issue: Issue, standing: Mapping[str, Live], sections: Collection[str] = (), regions: Collection[str] = ()
) -> tuple[int, ...]:
    """The places of the blocks that a reader gets: not hidden, their source still standing, of their sections and regions."""
    places = []
    for place, block in enumerate(issue.blocks):
        said = standing.get(block.source.key) if block.source else None
        stands = said is not None or block.source is None
        if stands and not block.hidden and is_for(block, said, sections, regions):
            places.append(place)
    return tuple(places)


def visible_blocks(issue: Issue, standing: Mapping[str, Live]) -> list[Block]:
    """The blocks that a reader of everything gets."""
    return [issue.blocks[place] for place in shown_places(issue, standing)]


def fallen(issue: Issue, standing: Mapping[str, Live]) -> set[str]:
    """The sources of the issue that do not stand any more."""
    return {block.source.key for block in issue.blocks if block.source is not None and not block.hidden} - standing.keys()


def render(
    newsletter: Newsletter,
    issue: Issue,
    language: str,
    links: Links,
    *,
    standing: Mapping[str, Live] | None = None,
    blocks: Sequence[Block] | None = None,
) -> Rendered:
    """The issue in a language: `blocks`, or all that stand. `standing` is what their sources say, read now unless given."""
    said = sources.standing(issue.blocks) if standing is None else standing
    shown = visible_blocks(issue, said) if blocks is None else blocks
    with force_locale(language):
        values: dict[str, Any] = {
            "language": language,
            "links": links,
            "title": _line(in_language(issue.title, language)),
            "newsletter": _line(in_language(newsletter.name, language)),
            "sender": newsletter.sender.name,
            "reply_to": newsletter.reply_to,
            "archive": f"{current_app.config['PUBLIC_URL']}/newsletters/{newsletter.slug}",
            "sections": sections_of(newsletter, shown, language, said),
            "light": palette.LIGHT,
            "dark": palette.DARK,
        }
        text = NOT_XML.sub("", render_template("newsletters/letter.txt", **values)).strip() + "\n"
        return Rendered(values["title"], _html(render_template("newsletters/letter.mjml", **values)), text)


def _html(mjml: str) -> str:
    """Letter HTML: laid out by MJML, with the styles of its elements inside them, as mail programs want it."""
    return _inliner().inline(mjml2html(NOT_XML.sub("", mjml)).replace('role="article"', 'role="main"'))


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def sections_of(
    newsletter: Newsletter, blocks: Sequence[Block], language: str, standing: Mapping[str, Live]
) -> list[dict[str, Any]]:
    """The blocks by section, in the newsletter's order; what belongs to no section of it comes last."""
    order = [*newsletter.sections, *(block.section for block in blocks)]
    titles = {
        "events": gettext("Theme days"),
        "introductions": gettext("Introductions"),
        "news": gettext("News"),
        "practices": gettext("Practices worth sharing"),
    }
    found = []
    for name in dict.fromkeys(order):
        members = sorted(
            (block for block in blocks if block.section == name), key=lambda block: (not block.pinned, bool(block.told))
        )
        if members:
            shown = [_shown(block, language, standing) for block in members]
            found.append({"name": name, "title": titles.get(name, ""), "blocks": shown})
    return found


def _shown(block: Block, language: str, standing: Mapping[str, Live]) -> dict[str, Any]:
    """A block as templates show it; in another language than the reader's only with a word about that."""
    spoken = language if block.text.get(language) else next(code for code in LANGUAGES if block.text.get(code))
    only_in = {"fi": gettext("Only in Finnish"), "sv": gettext("Only in Swedish"), "en": gettext("Only in English")}
    said = standing.get(block.source.key) if block.source else None
    facts = said.facts if said else None
    return {
        "html": safe_html(block.text[spoken]),
        "text": as_text(block.text[spoken]),
        "language": spoken,
        "note": "" if spoken == language else only_in[spoken],
        "when": facts.when[language] if facts else "",
        "where": facts.where[language] if facts else "",
        "page": facts.page if facts else "",
        "calendar": facts.calendar if facts else "",
        "coming_up": bool(block.told),
        "changed": bool(block.told and facts and facts.digest != block.told),
    }


def _line(text: str) -> str:
    return " ".join(text.split())
