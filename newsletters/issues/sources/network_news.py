"""What networks do that is news by itself: one is founded, one gets another coordinating organisation, one publishes the
materials of a theme day. Nothing is stored for it: networks, the audit log and theme days say so."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from bson import ObjectId
from flask_babel import force_locale, gettext

from events.documents import Event, open_materials
from events.material_documents import PUBLIC
from events.seating import PUBLISHED
from network_api.audit import AuditEntry
from network_api.documents import Row, utcnow
from network_api.languages import in_language
from network_api.networks.documents import Network
from newsletters.issues.documents import COORDINATION, MATERIALS, NETWORK
from newsletters.issues.sources.kinds import Kind, Live, in_languages, plain

MATERIALS_FOR = timedelta(days=120)  # materials that come later than this after their theme day are no news


def new_networks(network_id: ObjectId, after: datetime, until: datetime) -> list[Row]:
    """The network itself, where it is new; the national one tells of others."""
    where = {"_id": network_id, "parent_id": {"$ne": None}}
    return [row for row in Network.rows(where) if after < row["created_at"] <= until]


def _network(network: Row, languages: Iterable[str]) -> Live:
    texts = {}
    for language in in_languages(languages, network["name"]):
        with force_locale(language):
            name, who = plain(network["name"][language]), _organisation(network)
            texts[language] = "\n\n".join(
                (
                    "### " + gettext("A new network: %(network)s", network=name),
                    gettext("Welcome! It is coordinated by %(organisation)s.", organisation=who) if who else gettext("Welcome!"),
                )
            )
    return Live(version=network["version"], texts=texts, networks=(network["_id"],))


def _organisation(network: Row) -> str:
    return plain((network.get("coordinating_organisation") or {}).get("name") or "")


def new_coordinations(network_id: ObjectId, after: datetime, until: datetime) -> list[Row]:
    """The last change of the coordinating organisation, as the audit log has it."""
    bounds = {"$gt": ObjectId.from_datetime(after), "$lte": ObjectId.from_datetime(until + timedelta(seconds=1))}
    found = AuditEntry.rows({"network_id": network_id, "_id": bounds, "action": "network.changed"}, sort=[("_id", 1)])
    holding = read_coordinations(row["_id"] for row in found)
    return [row for row in list(holding.values())[-1:] if after < row["created_at"] <= until]


def read_coordinations(identifiers: Iterable[ObjectId]) -> Mapping[ObjectId, Row]:
    """Those changes that still hold, each with its network."""
    changes = AuditEntry.by_ids(identifiers)
    networks = Network.by_ids(row["target_id"] for row in changes.values())
    return {
        key: {**row, "network": networks[row["target_id"]]}
        for key, row in sorted(changes.items())
        if row["target_id"] in networks and _still_holds(row, networks[row["target_id"]])
    }


def _still_holds(change: Row, network: Row) -> bool:
    told: Mapping[str, Any] = (change.get("changes") or {}).get("coordinating_organisation") or {}
    stages = (told.get("before"), told.get("after"), network.get("coordinating_organisation"))
    before, after, now = (found and found.get("name") for found in stages)
    return bool(after and before != after and after == now)


def _coordination(change: Row, languages: Iterable[str]) -> Live:
    network = change["network"]
    texts = {}
    for language in in_languages(languages, network["name"]):
        with force_locale(language):
            name = plain(network["name"][language])
            told = gettext("%(organisation)s now coordinates this network.", organisation=_organisation(network))
            texts[language] = f"### {name}\n\n{told}"
    return Live(version=change["version"], texts=texts, networks=(network["_id"],))


def new_materials(network_id: ObjectId, _: datetime, until: datetime) -> list[Row]:
    """Theme days of the last months that have materials for everybody, which may open long after the day itself."""
    where = {"network_ids": network_id, "starts_at": {"$gt": until - MATERIALS_FOR, "$lte": until}, "status": PUBLISHED}
    return [row for row in Event.rows(where, sort=[("starts_at", 1), ("_id", 1)]) if _open_materials(row)]


def read_materials(identifiers: Iterable[ObjectId]) -> Mapping[ObjectId, Row]:
    """Those theme days that are over and whose materials everybody may see."""
    return with_open_materials(Event.by_ids(identifiers))


def with_open_materials(days: Mapping[ObjectId, Row]) -> dict[ObjectId, Row]:
    """Those of these theme days."""
    return {key: row for key, row in days.items() if row["status"] == PUBLISHED and _open_materials(row)}


def _open_materials(event: Row) -> list[Row]:
    """The links that are open to everybody, nothing before the theme day is over."""
    now = utcnow()
    opened = open_materials(event, now) if event["ends_at"] <= now else []
    return [material for material in opened if material["audience"] == PUBLIC and material.get("url")]


def _materials(event: Row, languages: Iterable[str]) -> Live:
    texts = {}
    for language in in_languages(languages, event["title"]):
        with force_locale(language):
            title = gettext("Materials: %(event)s", event=plain(event["title"][language]))
        links = [f"- [{plain(in_language(found['title'], language))}](<{found['url']}>)" for found in _open_materials(event)]
        texts[language] = "\n\n".join((f"### {title}", "\n".join(links)))
    return Live(version=event["version"], texts=texts, networks=tuple(event["network_ids"]), everywhere=True)


def _news(row: Row) -> str:
    return "news"


KINDS = (
    Kind(NETWORK, new_networks, Network.by_ids, _news, itemgetter("created_at"), _network),
    Kind(COORDINATION, new_coordinations, read_coordinations, _news, itemgetter("created_at"), _coordination),
    Kind(MATERIALS, new_materials, read_materials, _news, itemgetter("ends_at"), _materials, dated=False),
)
