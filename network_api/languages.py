"""Texts in several languages: which there are, and which one a reader gets.

A text for people is a *language map*, `{"fi": "...", "sv": "...", "en": "..."}`, with at least one language.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

LANGUAGES = ("fi", "sv", "en")
_WORD = re.compile(r"\w+", re.UNICODE)
_LONGEST_PREFIX = 12
_MOST_TERMS = 400


def in_language(text: Mapping[str, str] | None, language: str) -> str:
    """The text in `language`, else in the first language it has, in the order fi, sv, en; empty for no text."""
    if not text:
        return ""
    return text.get(language) or next((text[code] for code in LANGUAGES if text.get(code)), "")


def fold(text: str) -> str:
    """Lower case without accents: Äänekoski and aanekoski become one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def slugify(text: str) -> str:
    """The words of a text as they may stand in an address: `Keski-Suomen työ` becomes `keski-suomen-tyo`."""
    return "-".join(re.findall(r"[a-z0-9]+", fold(text)))[:80].strip("-")


def search_terms(*texts: str | Mapping[str, str] | Iterable[str] | None) -> list[str]:
    """What a document is found by: each folded word of its texts and the beginnings of it, at most 400.

    Kept by the document in an indexed array, because the embedded engine has no text index, and this one is the same on
    every server.
    """
    terms: dict[str, None] = {}
    for text in texts:
        parts = [text] if isinstance(text, str) else text.values() if isinstance(text, Mapping) else text or ()
        for word in _WORD.findall(fold(" ".join(parts))):
            terms.update(dict.fromkeys(word[:length] for length in range(1, min(len(word), _LONGEST_PREFIX) + 1)))
            terms[word] = None
    return list(terms)[:_MOST_TERMS]


def search_filter(query: str, name: str = "search") -> dict[str, object]:
    """The filter for what somebody typed: every word, or the beginning of one. Empty for nothing to look for."""
    words = [word if len(word) <= _LONGEST_PREFIX else word[:_LONGEST_PREFIX] for word in _WORD.findall(fold(query))]
    longest_first = sorted(set(words), key=len, reverse=True)
    if len(longest_first) == 1:
        return {name: longest_first[0]}  # the embedded engine has no index for $all
    return {name: {"$all": longest_first}} if words else {}
