"""What blocks are made of: theme days and introductions, read live.

A block keeps the id of its source. Just before an issue is shown or sent the sources are read again, and what has been
withdrawn, erased, cancelled or is over falls out.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from flask_babel import force_locale, format_date, format_time, gettext

from events.documents import Event
from events.seating import PUBLISHED
from network_api.documents import Row, utcnow
from network_api.languages import LANGUAGES, in_language
from network_api.members.documents import Member
from network_api.networks.documents import Network
from newsletters.issues.documents import EVENT, INTRODUCTION, Block, Source

LOOK_AHEAD = timedelta(days=370)
LOOK_BACK = timedelta(days=370)  # an introduction that no issue has told in a year is no news
MOST_INTRODUCTIONS = 50  # an issue; the rest are for the next one


def standing(blocks: Iterable[Block]) -> set[str]:
    """The keys of those sources of these blocks that may still be told."""
    now = utcnow()
    events = {f"{EVENT}:{key}" for key, row in Event.by_ids(_named(blocks, EVENT)).items() if _may_tell_event(row, now)}
    return events | _standing_introductions(blocks)


def standing_in_archive(blocks: Iterable[Block]) -> set[str]:
    """The same for an issue that has been sent: theme days that are over belong to it, withdrawn introductions do not."""
    return {f"{EVENT}:{key}" for key in _named(blocks, EVENT)} | _standing_introductions(blocks)


def _standing_introductions(blocks: Iterable[Block]) -> set[str]:
    members = Member.by_ids(_named(blocks, INTRODUCTION))
    return {f"{INTRODUCTION}:{key}" for key, row in members.items() if _may_tell_introduction(row)}


def _named(blocks: Iterable[Block], kind: str) -> set[ObjectId]:
    return {block.source.id for block in blocks if block.source is not None and block.source.type == kind}


def _may_tell_event(event: Row, now: datetime) -> bool:
    return bool(event["status"] == PUBLISHED and event["ends_at"] > now)


def _may_tell_introduction(member: Row) -> bool:
    """A newsletter is read by everybody, so that its consent and the audience `public` are both needed."""
    shown = member.get("introduction")
    return bool(shown and shown["publish_in_newsletter"] and "public" in shown["visible_to"])


def reach(network_id: ObjectId) -> list[ObjectId]:
    """A network, and those below it where it is the national one."""
    return [network_id, *(row["_id"] for row in Network.below([network_id]))]


def coming_events(network_ids: list[ObjectId]) -> list[Row]:
    """Published theme days that these networks arrange, alone or with others, the soonest first."""
    now = utcnow()
    where = {"network_ids": {"$in": network_ids}, "starts_at": {"$gt": now, "$lte": now + LOOK_AHEAD}, "status": PUBLISHED}
    return Event.rows(where, sort=[("starts_at", 1), ("_id", 1)])


def new_introductions(network_ids: list[ObjectId], told: set[str]) -> list[Row]:
    """Introductions for a newsletter that have not been told yet, the oldest first."""
    now = utcnow()
    where = {
        "introduction.visible_to": "public",
        "introduction.introduced_at": {"$gt": now - LOOK_BACK, "$lte": now},
        "network_ids": {"$in": network_ids},
    }
    found = Member.rows(where, sort=[("introduction.introduced_at", 1), ("_id", 1)])
    fresh = [row for row in found if _may_tell_introduction(row) and f"{INTRODUCTION}:{row['_id']}" not in told]
    return fresh[:MOST_INTRODUCTIONS]


def event_block(event: Row, languages: Iterable[str], *, told: bool) -> Block:
    """A theme day in full, or shortly where an earlier issue has told it."""
    texts = {}
    for language in _spoken(languages, event["title"]):
        with force_locale(language):
            texts[language] = _event_text(event, language, told)
    return Block(section="events", text=texts, source=Source(type=EVENT, id=event["_id"], version=event["version"]))


def _event_text(event: Row, language: str, told: bool) -> str:
    title = plain(in_language(event["title"], language))
    when = _when(event)
    where = plain((event.get("venue") or {}).get("name") or "")
    if "remote" in event["modes"]:
        where = gettext("%(place)s and remotely", place=where) if where else gettext("Remotely")
    facts = f"{when}, {where}" if where else when
    if told:
        return str(gettext("Coming up: **%(title)s**, %(facts)s", title=title, facts=facts))
    summary = in_language(event.get("summary") or event.get("description"), language)
    return f"### {title}\n\n**{facts}**\n\n{summary}".strip()


def _when(event: Row) -> str:
    zone = ZoneInfo(event["timezone"])
    starts, ends = event["starts_at"].astimezone(zone), event["ends_at"].astimezone(zone)
    begin = f"{format_date(starts.date(), 'full')} {format_time(starts.timetz(), 'short', rebase=False)}"
    if starts.date() == ends.date():
        return f"{begin}–{format_time(ends.timetz(), 'short', rebase=False)}"
    return f"{begin} – {format_date(ends.date(), 'full')}"


def introduction_block(member: Row, languages: Iterable[str]) -> Block:
    """An introduction in its member's own words."""
    shown = member["introduction"]
    texts = {}
    for language in _spoken(languages, shown["text"]):
        with force_locale(language):
            texts[language] = _introduction_text(member, shown, language)
    source = Source(type=INTRODUCTION, id=member["_id"], version=member["version"])
    return Block(section="introductions", text=texts, source=source)


def _introduction_text(member: Row, shown: Row, language: str) -> str:
    organisation = (member.get("organisation") or {}).get("name")
    who = ", ".join(plain(part) for part in (member.get("name"), organisation) if part)
    offers, wishes = (", ".join(plain(word) for word in shown.get(name) or ()) for name in ("offers", "wishes"))
    parts = [
        f"### {who}" if who else "",
        in_language(shown["text"], language),
        gettext("Offers: %(words)s", words=offers) if offers else "",
        gettext("Wishes for: %(words)s", words=wishes) if wishes else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _spoken(languages: Iterable[str], text: Mapping[str, str]) -> list[str]:
    """The languages that a block is written in: the newsletter's, and at least one."""
    return [language for language in LANGUAGES if language in set(languages)] or list(text)


def plain(text: str) -> str:
    """A text as Markdown that says just that."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>()#+-.!|~&" else letter for letter in " ".join(text.split()))
