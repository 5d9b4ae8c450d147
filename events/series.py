"""Verbs of series: make, change, delete, and draft a year's theme days."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from events import publishing
from events.documents import Event
from events.series_documents import Series
from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Page, Row, transactional
from network_api.errors import Conflict, Invalid, NotFound


class SeriesInUse(Conflict):
    """Theme days belong to it."""

    code = "series_in_use"
    detail = "Theme days belong to this series. Take them out of it first."


class TemplateGone(Conflict):
    """The theme day that new ones are copies of has been deleted."""

    code = "template_gone"
    detail = "The theme day that this series is made after has been deleted. Name another one as its template."


def find_series(query: Mapping[str, Any]) -> Page:
    """Series in the order in which they were made."""
    where = {"network_id": query["network"]} if "network" in query else {}
    return Series.page(where, sort=("created_at", 1), **query["paging"])


@transactional
def make_series(caller: Caller, given: Mapping[str, Any]) -> Series:
    """Make a series. Raises Invalid for a template that is no theme day of the network."""
    made = Series(**given)
    _check_template(made.network_id, made.template_id)
    made.insert()
    audit.record(caller.member_id, "series.made", made.pk, network_id=made.network_id)
    return made


@transactional
def change_series(caller: Caller, series: Series, changes: Mapping[str, Any], version: int | None) -> Series:
    """Edit a series. Raises StaleVersion, Invalid."""
    series = series.fresh(version)
    if "template_id" in changes:
        _check_template(series.network_id, changes["template_id"])
    changed, differing = series.edit(changes)
    audit.record(caller.member_id, "series.changed", series.pk, network_id=series.network_id, changes=differing)
    return changed


@transactional
def remove_series(caller: Caller, series: Series, version: int | None) -> None:
    """Delete a series that no theme day belongs to. Raises StaleVersion, SeriesInUse."""
    series = series.fresh(version)
    if Event.row({"series_id": series.pk}):
        raise SeriesInUse
    Series.remove({"_id": series.pk})
    audit.record(caller.member_id, "series.removed", series.pk, network_id=series.network_id)


def _check_template(network_id: ObjectId, template_id: ObjectId) -> None:
    template = Event.row({"_id": template_id})
    if template is None or template["network_id"] != network_id:
        raise Invalid(errors={"template_id": ["There is no theme day of this network with this id."]})


@transactional
def draft_days(caller: Caller, series: Series, moments: Sequence[datetime]) -> Row:
    """Draft the series's theme days that start at these instants, all or none; those that are there already are left alone.

    Returns them all in their order. Raises NotFound, TemplateGone, Invalid where the template cannot be at such a time.
    """
    if Series.join(series.network_id, series.pk) is None:
        raise NotFound
    template = Event.first({"_id": series.template_id})
    if template is None:
        raise TemplateGone
    theirs = Event.rows({"series_id": series.pk, "starts_at": {"$in": list(moments)}})
    days = {row["starts_at"]: Event.wrap(row) for row in theirs}
    for moment in sorted(set(moments) - days.keys()):
        days[moment] = publishing.copy_of(caller, template, moment, series_id=series.pk)
    return {"items": [days[moment].to_mongo() for moment in sorted(days)]}
