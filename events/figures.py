"""Figures of theme days for those who fund them: how many took part, from where and how, and nobody in particular.

The unit is a participation: who takes part in two theme days counts in both, for after the term of retention nobody
knows that it was the same person. Every column of every table is guarded by `disclosure`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from flask import current_app

from events import disclosure
from events.documents import Event
from events.registration_documents import CANCELLED, CONFIRMED, WAITLISTED, Registration
from events.seating import MODES, PUBLISHED
from network_api.documents import Row, utcnow
from network_api.members.documents import ORGANISATION_TYPES
from network_api.networks.documents import Network
from network_api.regions import REGIONS

UNKNOWN = "unknown"
WITHHELD = "withheld"
HEADINGS = ("table", "group", "confirmed", "attended", "show_up_rate")
_GROUPED_BY = {
    "status": "$status",
    "mode": "$mode",
    "came": {"$cond": [{"$gt": ["$attended_at", None]}, True, False]},
    "organisation_type": "$organisation.type",
    "region": "$region",
}


@dataclass(frozen=True)
class Cell:
    """How many registrations share all that figures are told by."""

    status: str
    mode: str
    came: bool
    organisation_type: str
    region: str
    number: int


def of_event(event: Event) -> Row:
    """The figures of one theme day."""
    return {"events": 1, **_figures(count([event.pk]), has_taken_place=event.is_over)}


def of_network(network: Network, query: Mapping[str, Any]) -> Row:
    """The figures of the theme days that a network has arranged and that started in a period and are over by now.

    With `below`, those of the networks below it too.
    """
    below = Network.rows({"parent_id": network.pk}) if query["below"] else []
    network_ids = [network.pk, *(row["_id"] for row in below)]
    starts = {bound: query[name] for name, bound in (("from_", "$gte"), ("to", "$lt")) if name in query}
    where = {"network_ids": {"$in": network_ids}, "starts_at": {"$lte": utcnow(), **starts}}
    held = [row["_id"] for row in Event.rows(where, only=("network_id", "status", "ends_at")) if _counts(row, network_ids)]
    return {"events": len(held), **_figures(count(held), has_taken_place=True)}


def _counts(row: Row, network_ids: Sequence[ObjectId]) -> bool:
    return row["network_id"] in network_ids and row["status"] == PUBLISHED and row["ends_at"] <= utcnow()


def count(event_ids: Sequence[ObjectId]) -> list[Cell]:
    """One aggregation; its answer is as long as there are kinds of participants, however many they are."""
    if not event_ids:
        return []
    stages: list[Mapping[str, Any]] = [
        {"$match": {"event_id": {"$in": list(event_ids)}}},
        {"$group": {"_id": _GROUPED_BY, "number": {"$sum": 1}}},
    ]
    return [_cell(row["_id"], row["number"]) for row in Registration.collection().aggregate(stages)]


def _cell(by: Row, number: int) -> Cell:
    kinds = {name: by.get(name) or UNKNOWN for name in ("organisation_type", "region")}
    return Cell(by["status"], by["mode"], bool(by["came"]), **kinds, number=number)


def _figures(cells: Iterable[Cell], *, has_taken_place: bool) -> Row:
    counted = list(cells)
    seated = [cell for cell in counted if cell.status == CONFIRMED]
    threshold: int = current_app.config["FIGURES_THRESHOLD"]
    by_status = Counter(dict.fromkeys((CONFIRMED, WAITLISTED, CANCELLED), 0))
    for cell in counted:
        by_status[cell.status] += cell.number
    came = sum(cell.number for cell in seated if cell.came)
    shown = {status: disclosure.shown_number(number, threshold) for status, number in by_status.items()}
    attended = disclosure.shown_number(came, threshold)
    return {
        "threshold": threshold,
        **shown,
        "attended": attended,
        "show_up_rate": _rate(attended, shown[CONFIRMED]) if has_taken_place else None,
        "modes": _table(seated, MODES, lambda cell: cell.mode, has_taken_place),
        "organisation_types": _table(seated, ORGANISATION_TYPES, lambda cell: cell.organisation_type, has_taken_place),
        "regions": _table(seated, tuple(REGIONS), lambda cell: cell.region, has_taken_place),
    }


def _table(seated: Sequence[Cell], groups: Sequence[str], group_of: Callable[[Cell], str], has_taken_place: bool) -> list[Row]:
    """One way to tell participants apart: how many of each group there are, and how many of those came.

    A group of nobody is left out; where all is withheld every group is.
    """
    threshold: int = current_app.config["FIGURES_THRESHOLD"]
    confirmed, came = Counter(dict.fromkeys(groups, 0)), Counter(dict.fromkeys(groups, 0))
    for cell in seated:
        confirmed[group_of(cell)] += cell.number
        came[group_of(cell)] += cell.number if cell.came else 0
    expected, attended = disclosure.shown_table(confirmed, threshold), disclosure.shown_table(came, threshold)
    return [
        {
            "group": group,
            "confirmed": expected[group],
            "attended": attended[group],
            "show_up_rate": _rate(attended[group], expected[group]) if has_taken_place else None,
        }
        for group in confirmed
        if confirmed[group] and set(expected.values()) != {None}
    ]


def _rate(attended: int | None, confirmed: int | None) -> float | None:
    """How many of the confirmed came, from 0 to 1; only from numbers that are shown."""
    return None if attended is None or not confirmed else round(attended / confirmed, 2)


def as_rows(figures: Row) -> Iterator[Sequence[Any]]:
    """The same figures as the rows of a table."""
    yield HEADINGS
    yield ("events", "", figures["events"], "", "")
    for status in (WAITLISTED, CANCELLED):
        yield ("status", status, _told(figures[status]), "", "")
    yield ("total", "", _told(figures[CONFIRMED]), _told(figures["attended"]), _told_rate(figures))
    for name in ("modes", "organisation_types", "regions"):
        for row in figures[name]:
            yield (name, row["group"], _told(row["confirmed"]), _told(row["attended"]), _told_rate(row))


def _told(number: int | None) -> Any:
    return WITHHELD if number is None else number


def _told_rate(row: Row) -> Any:
    return "" if row["show_up_rate"] is None else row["show_up_rate"]
