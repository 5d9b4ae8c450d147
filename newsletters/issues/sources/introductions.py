"""Introductions as sources, in their members' own words."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bson import ObjectId
from flask_babel import force_locale, gettext

from network_api.documents import Row
from network_api.members.documents import Member
from newsletters.issues.documents import INTRODUCTION
from newsletters.issues.sources.kinds import Kind, Live, in_languages, plain

LOOK_BACK = timedelta(days=370)  # an introduction that no issue has told in a year is no news


def new(network_id: ObjectId, _: datetime, until: datetime) -> list[Row]:
    """Introductions for a newsletter from a network, the oldest first.

    All of the last year: a consent can be widened, and a network joined, long after somebody was first introduced.
    """
    where = {
        "introduction.visible_to": "public",
        "introduction.introduced_at": {"$gt": until - LOOK_BACK, "$lte": until},
        "network_ids": network_id,
    }
    found = Member.rows(where, sort=[("introduction.introduced_at", 1), ("_id", 1)])
    return [row for row in found if _may_tell(row)]


def read(identifiers: Iterable[ObjectId]) -> Mapping[ObjectId, Row]:
    """Those of them that may be told."""
    return {key: row for key, row in Member.by_ids(identifiers).items() if _may_tell(row)}


def _may_tell(member: Row) -> bool:
    """A newsletter is read by everybody, so that its consent and the audience `public` are both needed."""
    shown = member.get("introduction")
    return bool(shown and shown["publish_in_newsletter"] and "public" in shown["visible_to"])


def live(member: Row, languages: Iterable[str]) -> Live:
    """What the member says now."""
    texts = {}
    for language in in_languages(languages, member["introduction"]["text"]):
        with force_locale(language):
            texts[language] = _text(member, language)
    return Live(version=member["version"], texts=texts, networks=tuple(member.get("network_ids") or ()))


def _text(member: Row, language: str) -> str:
    shown = member["introduction"]
    organisation = (member.get("organisation") or {}).get("name")
    who = ", ".join(plain(part) for part in (member.get("name"), organisation) if part)
    offers, wishes = (", ".join(plain(word) for word in shown.get(name) or ()) for name in ("offers", "wishes"))
    parts = [
        f"### {who}" if who else "",
        shown["text"][language],
        gettext("Offers: %(words)s", words=offers) if offers else "",
        gettext("Wishes for: %(words)s", words=wishes) if wishes else "",
    ]
    return "\n\n".join(part for part in parts if part)


KIND = Kind(
    type=INTRODUCTION,
    new=new,
    read=read,
    section=lambda member: "introductions",
    published_at=lambda member: member["introduction"]["introduced_at"],
    live=live,
    dated=False,
)
