"""Contributions of networks as sources."""

from collections.abc import Iterable
from datetime import datetime

from bson import ObjectId

from network_api.documents import Row
from network_api.languages import in_language
from newsletters.contributions.documents import Contribution
from newsletters.issues.documents import CONTRIBUTION
from newsletters.issues.sources.kinds import Kind, Live, in_languages, plain


def new(network_id: ObjectId, after: datetime, until: datetime) -> list[Row]:
    """What a network has contributed, the oldest first."""
    where = {"network_id": network_id, "created_at": {"$gt": after, "$lte": until}}
    return Contribution.rows(where, sort=[("created_at", 1), ("_id", 1)])


def live(contribution: Row, languages: Iterable[str]) -> Live:
    """What it says now."""
    texts = {language: _text(contribution, language) for language in in_languages(languages, contribution["title"])}
    return Live(version=contribution["version"], texts=texts, networks=(contribution["network_id"],))


def _text(contribution: Row, language: str) -> str:
    image = contribution.get("image")
    links = (f"- [{plain(in_language(link['label'], language))}](<{link['url']}>)" for link in contribution.get("links") or ())
    parts = [
        f"### {plain(contribution['title'][language])}",
        f"![{plain(image['alt'][language])}](<{image['url']}>)" if image else "",
        contribution["text"][language],
        "\n".join(links),
    ]
    return "\n\n".join(part for part in parts if part)


KIND = Kind(
    type=CONTRIBUTION,
    new=new,
    read=Contribution.by_ids,
    section=lambda contribution: str(contribution["section"]),
    published_at=lambda contribution: contribution["created_at"],
    live=live,
)
