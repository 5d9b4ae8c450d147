"""Variants: what different readers get of one issue. One is a language and the places of the blocks that are shown.

Its id is just that, so that nothing has to be stored for it: `fi.1d` shows blocks 0, 2, 3 and 4 in Finnish.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from network_api.documents import session
from network_api.errors import Invalid
from network_api.languages import LANGUAGES
from newsletters.documents import Newsletter
from newsletters.issues import sources
from newsletters.issues.documents import DRAFT, Issue
from newsletters.issues.rendering import Links, Rendered, render, shown_places
from newsletters.issues.sources.kinds import Live
from newsletters.issues.writing import read_again
from newsletters.subscriptions.documents import ACTIVE, Subscription


def variant_id(language: str, places: Collection[int]) -> str:
    """What a variant is called."""
    return f"{language}.{sum(1 << place for place in places):x}"


def _of_id(issue: Issue, identifier: str) -> tuple[str, tuple[int, ...]]:
    """The language and the places that an id says. Raises Invalid."""
    language, _, mask = identifier.partition(".")
    try:
        bits = int(mask, 16)
    except ValueError:
        bits = -1
    if language not in LANGUAGES or bits < 0 or bits >> len(issue.blocks):
        raise Invalid(errors={"variant": ["This issue has no such variant."]})
    return language, tuple(place for place in range(len(issue.blocks)) if bits >> place & 1)


@dataclass
class Shown:
    """An issue as it would go out now: a draft with its sources' words of now, any other as it was submitted."""

    newsletter: Newsletter
    issue: Issue
    standing: Mapping[str, Live] = field(default_factory=dict)

    @classmethod
    def now(cls, issue: Issue) -> "Shown":
        """Read everything once."""
        newsletter = Newsletter.get(issue.newsletter_id)
        if issue.state == DRAFT:
            issue.blocks = read_again(newsletter, issue)
        return cls(newsletter, issue, sources.standing(issue.blocks))

    def places(self, sections: Collection[str] = (), regions: Collection[str] = ()) -> tuple[int, ...]:
        """The places of the blocks for these choices."""
        return shown_places(self.issue, self.standing, sections, regions)

    def render(self, language: str, places: Sequence[int]) -> Rendered:
        """A variant, without anybody's personal links."""
        blocks = [self.issue.blocks[place] for place in places]
        return render(self.newsletter, self.issue, language, Links(), standing=self.standing, blocks=blocks)


def preview(issue: Issue, query: Mapping[str, Any]) -> Rendered:
    """A variant by its id, or the one that a reader with this language, region and sections gets. Raises Invalid."""
    shown = Shown.now(issue)
    if "variant" in query:
        language, named = _of_id(shown.issue, query["variant"])
        standing = set(shown.places())
        return shown.render(language, [place for place in named if place in standing])
    regions = [query["region"]] if "region" in query else []
    sections = [query["section"]] if "section" in query else []
    return shown.render(query.get("language") or shown.newsletter.languages[0], shown.places(sections, regions))


def find_variants(issue: Issue) -> dict[str, Any]:
    """Every variant that somebody would get now, and each of the newsletter's languages in full; most readers first."""
    shown = Shown.now(issue)
    readers: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for language in shown.newsletter.languages:
        readers[language, shown.places()] = 0
    for language, sections, regions, number in _choices(shown.newsletter.pk):
        readers[language, shown.places(sections, regions)] += number
    return {"items": [_described(shown, *key, number) for key, number in readers.most_common()]}


def _choices(newsletter_id: ObjectId) -> Iterator[tuple[str, list[str], list[str], int]]:
    """What active subscribers have chosen, with how many of them."""
    chosen = {"language": "$language", "sections": "$sections", "regions": "$regions"}
    stages = [
        {"$match": {"newsletter_id": newsletter_id, "state": ACTIVE}},
        {"$group": {"_id": chosen, "number": {"$sum": 1}}},
    ]
    for row in Subscription.collection().aggregate(stages, session=session()):
        found = row["_id"]
        yield found["language"], found.get("sections") or [], found.get("regions") or [], row["number"]


def _described(shown: Shown, language: str, places: tuple[int, ...], readers: int) -> dict[str, Any]:
    made = shown.render(language, places)
    return {
        "id": variant_id(language, places),
        "language": language,
        "blocks": list(places),
        "recipients": readers,
        "html_bytes": len(made.html.encode()),
        "text_bytes": len(made.text.encode()),
    }
