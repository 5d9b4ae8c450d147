"""Theme days as sources. When and where stands beside a block's text, read live: so it is never stale, whoever wrote the text."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from flask import current_app
from flask_babel import force_locale, format_date, format_time, gettext

from events.documents import Event
from events.seating import PUBLISHED
from network_api.documents import Row, utcnow
from network_api.languages import LANGUAGES, in_language
from newsletters.issues.documents import EVENT, Block, Source
from newsletters.issues.sources.kinds import Facts, Live, in_languages, plain
from newsletters.issues.told import digest

LOOK_AHEAD = timedelta(days=370)


def coming(network_ids: list[ObjectId]) -> list[Row]:
    """Published theme days that these networks arrange, alone or with others, the soonest first."""
    now = utcnow()
    where = {"network_ids": {"$in": network_ids}, "starts_at": {"$gt": now, "$lte": now + LOOK_AHEAD}, "status": PUBLISHED}
    return Event.rows(where, sort=[("starts_at", 1), ("_id", 1)])


def read(identifiers: Iterable[ObjectId]) -> Mapping[ObjectId, Row]:
    """Those of them that may be told: published, and not over."""
    now = utcnow()
    found = Event.by_ids(identifiers)
    return {key: row for key, row in found.items() if row["status"] == PUBLISHED and row["ends_at"] > now}


def live(event: Row, _: Iterable[str] = ()) -> Live:
    """What there is to say about a theme day now, beside the text of its block."""
    return Live(
        version=event["version"],
        texts={},
        networks=tuple(event["network_ids"]),
        everywhere="remote" in event["modes"],
        facts=facts(event),
    )


def facts(event: Row) -> Facts:
    """When and where it is."""
    when, where = {}, {}
    for language in LANGUAGES:
        with force_locale(language):
            when[language], where[language] = _when(event), _where(event)
    days = f"{current_app.config['PUBLIC_URL']}/events"
    return Facts(when, where, f"{days}/{event['slug']}", f"{days}/{event['_id']}.ics", digest(event))


def block(event: Row, languages: Iterable[str], told: str | None) -> Block:
    """A theme day in full, or only its title where readers have heard of it: `told` is then what they know."""
    texts = {}
    for language in in_languages(languages, event["title"]):
        title = plain(event["title"][language])
        summary = in_language(event.get("summary") or event.get("description"), language) if told is None else ""
        texts[language] = f"### {title}\n\n{summary}".strip()
    source = Source(type=EVENT, id=event["_id"], version=event["version"])
    return Block(section="events", text=texts, source=source, told=told)


def _where(event: Row) -> str:
    where = " ".join(((event.get("venue") or {}).get("name") or "").split())
    if "remote" not in event["modes"]:
        return where
    return str(gettext("%(place)s and remotely", place=where) if where else gettext("Remotely"))


def _when(event: Row) -> str:
    zone = ZoneInfo(event["timezone"])
    starts, ends = event["starts_at"].astimezone(zone), event["ends_at"].astimezone(zone)
    begin = f"{format_date(starts.date(), 'full')} {format_time(starts.timetz(), 'short', rebase=False)}"
    if starts.date() == ends.date():
        return f"{begin}–{format_time(ends.timetz(), 'short', rebase=False)}"
    return f"{begin} – {format_date(ends.date(), 'full')}"
