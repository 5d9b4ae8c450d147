"""The catalogues of translations: complete, and compiled from what stands in them. English is the source text.

`python -m tests.platform.translations` checks them; with `--update` it first brings them up to date with the source (new
texts come in empty, for a person to fill in) and compiles them.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
PACKAGES = ("network_api", "events", "newsletters")
LANGUAGES = ("fi", "sv")
SOURCES = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2"), ("templates/**.mjml", "jinja2")]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "lazy_pgettext": ((1, "c"), 2)}


def texts_of(package: str) -> Catalog:
    """What the source of a package asks to be translated."""
    catalog = Catalog()
    for file, line, text, comments, context in extract_from_dir(ROOT / package, SOURCES, keywords=KEYWORDS):
        catalog.add(text, locations=[(file, line)], auto_comments=comments, context=context)
    return catalog


def catalogue_file(package: str, language: str) -> Path:
    """Where the catalogue of a package in a language is."""
    return ROOT / package / "translations" / language / "LC_MESSAGES" / "messages.po"


def read(package: str, language: str) -> Catalog:
    """The catalogue as it is; an empty one where there is none."""
    file = catalogue_file(package, language)
    if not file.exists():
        return Catalog(locale=language, project="network-api", fuzzy=False)
    with file.open("rb") as source:
        return read_po(source, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as programs read it."""
    target = io.BytesIO()
    write_mo(target, catalog)
    return target.getvalue()


def update(package: str, language: str) -> None:
    """Bring a catalogue up to date with the source, and compile it."""
    texts, catalog = texts_of(package), read(package, language)
    if not list(texts)[1:] and not catalogue_file(package, language).exists():
        return
    catalog.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    file = catalogue_file(package, language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as target:
        # Without places and without what is no longer used: a change to one text changes one entry.
        write_po(target, catalog, width=0, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True)
    file.with_suffix(".mo").write_bytes(compiled(read(package, language)))


def problems(package: str, language: str) -> Iterator[str]:
    """What is wrong with a catalogue, one line each."""
    texts, catalog = texts_of(package), read(package, language)
    wanted = {key_of(message) for message in texts if message.id}
    there = {key_of(message): message for message in catalog if message.id}
    place = catalogue_file(package, language).relative_to(ROOT)
    for key in sorted(wanted - set(there), key=str):
        yield f"{place}: missing: {key}"
    for key in sorted(set(there) - wanted, key=str):
        yield f"{place}: no longer used: {key}"
    for key, message in there.items():
        yield from (f"{place}: {problem}: {key}" for problem in problems_of(message, catalog))
    file = catalogue_file(package, language).with_suffix(".mo")
    if there and (not file.exists() or file.read_bytes() != compiled(catalog)):
        yield f"{file.relative_to(ROOT)}: not compiled from its messages.po"


def key_of(message: Message) -> tuple[str | None, object]:
    """What tells one text from another."""
    return message.context, message.id


def problems_of(message: Message, catalog: Catalog) -> Iterator[str]:
    """What is wrong with one entry."""
    translations = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    if not all(translations):
        yield "not translated"
    else:
        yield from (str(error) for error in message.check(catalog))


def main() -> int:
    """Check, after an update where that is asked for; returns the exit status."""
    found = []
    for package in PACKAGES:
        for language in LANGUAGES:
            if "--update" in sys.argv[1:]:
                update(package, language)
            found += problems(package, language)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} problems in the catalogues" if found else "All texts are translated, and the catalogues are compiled")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
