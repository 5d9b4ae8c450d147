"""The gate before approval: what would embarrass a letter in front of its readers, each failure by name."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flask import current_app

from network_api.errors import Conflict
from network_api.markdown import SCHEMES
from newsletters.issues import palette
from newsletters.issues.documents import Block, Issue
from newsletters.issues.link_check import unreachable
from newsletters.issues.markdown import links_and_images, scheme_of
from newsletters.issues.rendering import Rendered
from newsletters.issues.variants import Shown, variant_id

LARGEST = 100_000  # bytes of HTML: Gmail cuts a letter off at 102 kB, and with it the link to unsubscribe
LONGEST_TITLE = 150


class ChecksFailed(Conflict):
    """The issue is not fit to be read yet."""

    code = "checks_failed"
    detail = "Some checks have failed. Mend what they name, then submit it again."

    def __init__(self, failures: "list[Finding]") -> None:
        told: dict[str, list[str]] = {}
        for found in failures:
            where = "issue" if found.block is None else f"blocks.{found.block}"
            told.setdefault(where, []).append(f"{found.code}: {found.detail}")
        super().__init__(errors=told)


class Finding(NamedTuple):
    """One thing that a check has found, in which block (None: in none), in which language (None: in all).

    `about` is the address at fault, where there is one.
    """

    code: str
    detail: str
    block: int | None = None
    language: str | None = None
    about: str | None = None


def check(issue: Issue) -> dict[str, Any]:
    """All findings: what has to be mended, and what readers are told honestly and could be better."""
    shown = Shown.now(issue)
    failures = [found for look in CHECKS for found in look(shown)]
    return {
        "passed": not failures,
        "failures": [found._asdict() for found in failures],
        "notices": [found._asdict() for found in _fallbacks(shown)],
    }


def require(issue: Issue) -> None:
    """Raises ChecksFailed, naming each failure."""
    shown = Shown.now(issue)
    failures = [found for look in CHECKS for found in look(shown)]
    if failures:
        raise ChecksFailed(failures)


def _visible(shown: Shown) -> Iterator[tuple[int, Block]]:
    return ((place, block) for place, block in enumerate(shown.issue.blocks) if not block.hidden)


def _title(shown: Shown) -> Iterator[Finding]:
    for language, title in shown.issue.title.items():
        if not title.strip():
            yield Finding("title_empty", "The subject line has no words.", language=language)
        elif len(title) > LONGEST_TITLE:
            yield Finding("title_too_long", f"A subject line has at most {LONGEST_TITLE} characters.", language=language)


def _texts(shown: Shown) -> Iterator[Finding]:
    """Alt texts and addresses, block by block and language by language."""
    for place, block in _visible(shown):
        for language, text in block.text.items():
            links, images = links_and_images(text)
            for address, alt in images:
                if not alt:
                    yield Finding("alt_text_missing", f"What does the picture {address} show?", place, language, address)
                if scheme_of(address) != "https":
                    yield Finding("image_bad", f"{address} is no https address of a picture.", place, language, address)
            for address in links:
                if not _is_address(address):
                    yield Finding("link_bad", f"{address} is no address that a reader could follow.", place, language, address)


def _is_address(address: str) -> bool:
    scheme, rest = scheme_of(address), address.partition(":")[2]
    if scheme == "mailto":
        return "@" in rest
    host = rest.removeprefix("//").partition("/")[0]
    return scheme in SCHEMES and rest.startswith("//") and "." in host.strip(".") and " " not in address


def _reachable(shown: Shown) -> Iterator[Finding]:
    if not current_app.config["CHECK_LINKS"]:
        return
    found = [
        (address, place, language)
        for place, block in _visible(shown)
        for language, text in block.text.items()
        for address in links_and_images(text)[0]
        if scheme_of(address) in ("http", "https")
    ]
    reasons = unreachable(sorted({address for address, _, _ in found}))
    for address, place, language in found:
        if address in reasons:
            yield Finding("link_unreachable", f"{address}: {reasons[address]}", place, language, address)


def _changed(shown: Shown) -> Iterator[Finding]:
    for place, block in _visible(shown):
        if block.source is not None and block.edited and block.source.key not in shown.standing:
            told = "Its source has changed or is gone. Read it, and give the block its version, or take the block out."
            yield Finding("source_changed", told, place)


def _parts(shown: Shown) -> Iterator[Finding]:
    """Whole variants: something to read in both parts, and not too much of it."""
    places = shown.places()
    if not places:
        yield Finding("no_content", "There is nothing to read in this issue.")
        return
    for language in shown.newsletter.languages:
        made = shown.render(language, places)
        yield from _made(made, language, variant_id(language, places))


def _made(made: Rendered, language: str, name: str) -> Iterator[Finding]:
    if not made.html.strip() or not made.text.strip():
        yield Finding("part_missing", f"Variant {name} lacks one of its parts.", language=language)
    if f'<html lang="{language}"' not in made.html:
        yield Finding("language_tag_missing", f"Variant {name} does not say its language.", language=language)
    if (size := max(len(made.html.encode()), len(made.text.encode()))) > LARGEST:
        yield Finding("too_large", f"Variant {name} has {size} bytes; {LARGEST} is the most.", language=language)


def _colours(shown: Shown) -> Iterator[Finding]:
    for colours in (palette.LIGHT, palette.DARK):
        for text, ground, ratio in palette.too_pale(colours):
            yield Finding("contrast_low", f"{text} on {ground} has a contrast of {ratio:.1f}.")


CHECKS: tuple[Callable[[Shown], Iterator[Finding]], ...] = (_title, _texts, _changed, _parts, _colours, _reachable)


def _fallbacks(shown: Shown) -> Iterator[Finding]:
    """What readers of a language get in another one, with a word about that."""
    for language in shown.newsletter.languages:
        if not shown.issue.title.get(language):
            yield Finding("other_language", "The subject line comes in another language.", language=language)
        for place in shown.places():
            if not shown.issue.blocks[place].text.get(language):
                yield Finding("other_language", "Readers get this in another language, and are told so.", place, language)
