"""Finding theme days: each filter a condition on stored fields that an index serves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from events.documents import CLOSED, ENDED, FULL, LONGEST, OPEN, RUNNING, UPCOMING, Event, open_materials, reader_keys
from events.material_documents import PUBLIC
from events.seating import CANCELLED, DRAFT, PUBLISHED
from network_api.auth.caller import EDITOR, Caller
from network_api.documents import Page, Row, object_id, utcnow
from network_api.errors import NotFound
from network_api.languages import search_filter
from network_api.networks.documents import Network


def find_events(caller: Caller, query: Mapping[str, Any]) -> Page:
    """Theme days in order of their start, as far as this caller may read them."""
    where = _matching(caller, query)
    starts = {bound: query[name] for name, bound in (("from_", "$gte"), ("to", "$lt")) if name in query}
    if "phase" in query:
        condition = in_phase(query["phase"], utcnow())
        starts |= condition.pop("starts_at", {})
        where |= condition
    if starts:
        where["starts_at"] = starts
    return _found(caller, where, -1 if query["sort"].startswith("-") else 1, query)


def find_coming(caller: Caller, query: Mapping[str, Any]) -> Page:
    """Theme days that have not ended, the next first: also the one that is going on."""
    now = utcnow()
    coming = {"starts_at": {"$gt": now - LONGEST}, "ends_at": {"$gt": now}}
    return _found(caller, {**_matching(caller, query), **coming}, 1, query)


def find_past(caller: Caller, query: Mapping[str, Any]) -> Page:
    """Theme days that have ended, the latest first."""
    return _found(caller, {**_matching(caller, query), **in_phase(ENDED, utcnow())}, -1, query)


def _matching(caller: Caller, query: Mapping[str, Any]) -> dict[str, Any]:
    where: dict[str, Any] = {"visible_to": {"$in": reader_keys(caller)}, **search_filter(query.get("q", ""))}
    for name, stored in (("mode", "modes"), ("topic", "topics"), ("series", "series_id")):
        if name in query:
            where[stored] = query[name]
    if "network" in query or "region" in query:
        where["network_ids"] = {"$in": _arranging(query)}
    return where


def _found(caller: Caller, where: Mapping[str, Any], direction: int, query: Mapping[str, Any]) -> Page:
    page = Event.page(where, sort=("starts_at", direction), **query["paging"])
    return Page([shown(caller, row) for row in page.items], page.next, page.total)


def _arranging(query: Mapping[str, Any]) -> list[Any]:
    """The networks that a filter means. Regions are looked up now: a network may serve others tomorrow."""
    if "region" not in query:
        return [query["network"]]
    serving = [network["_id"] for network in Network.rows({"regions": query["region"]})]
    return [found for found in serving if query.get("network", found) == found]


def in_phase(phase: str, now: datetime) -> dict[str, Any]:
    """The filter for theme days in a phase, with both ends of `starts_at` bound where that can be. See `phase_of`."""
    coming, recent, begun = {"$gt": now}, {"$gt": now - LONGEST}, {"$lte": now}
    registrable = {"status": PUBLISHED, "starts_at": coming, "opens_at": begun, "closes_at": coming}
    standing, shown_once = {"$in": [DRAFT, PUBLISHED]}, {"$in": [PUBLISHED, CANCELLED]}
    conditions: dict[str, dict[str, Any]] = {
        UPCOMING: {"starts_at": coming, "opens_at": coming, "status": standing},
        OPEN: {**registrable, "is_full": False},
        FULL: {**registrable, "is_full": True},
        CLOSED: {"starts_at": recent, "closes_at": begun, "closed_until": coming, "status": shown_once},
        RUNNING: {"starts_at": {**recent, **begun}, "ends_at": coming, "status": standing},
        ENDED: {"starts_at": {"$lt": now}, "ends_at": begun},
    }
    return conditions[phase]


def readable_row(caller: Caller, event_id: str) -> Row:
    """The stored row of a theme day that this caller may read. Raises NotFound for a draft of others."""
    return _readable(caller, Event.row({"_id": object_id(event_id, "event_id")}))


def readable_event(caller: Caller, event_id: str) -> Event:
    """A theme day that this caller may read. Raises NotFound for a draft of others."""
    return Event.wrap(readable_row(caller, event_id))


def row_of_slug(caller: Caller, slug: str) -> Row:
    """The stored row of the theme day that this caller may read by its name in addresses. Raises NotFound."""
    return _readable(caller, Event.row({"slug": slug}))


def _readable(caller: Caller, row: Row | None) -> Row:
    if row is None or not set(row["visible_to"]) & set(reader_keys(caller)):
        raise NotFound
    return row


def shown(caller: Caller, event: Event | Row) -> Row:
    """The row as this caller may read it: invitations, the room and what is not open are for editors."""
    row: Row = event.to_mongo() if isinstance(event, Event) else event
    if caller.has_role(EDITOR, row["network_id"]):
        return row
    remote = {name: value for name, value in row["remote"].items() if name != "join_url"} if row.get("remote") else None
    opened = [found for found in open_materials(row, utcnow()) if found["audience"] == PUBLIC]
    co_hosts = [found for found in row["co_hosts"] if found in row["network_ids"]]
    return {**row, "materials": opened, "remote": remote, "co_hosts": co_hosts}
