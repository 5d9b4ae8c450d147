"""Verbs of theme days: draft, edit, publish, cancel, copy, delete."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from events import agenda, cohosting, materials, notices, queueing, webhooks
from events.documents import Event
from events.errors import EventCancelled
from events.material_documents import Material
from events.seating import CANCELLED, DRAFT, MODES, ONSITE, PUBLISHED, REMOTE, Seats
from events.series_documents import Series
from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import AlreadyExists, transactional, utcnow
from network_api.errors import Conflict, Invalid
from network_api.languages import in_language, slugify
from network_api.networks.documents import Network

_COPIED = (
    "network_id",
    "co_hosts",
    "title",
    "summary",
    "description",
    "topics",
    "starts_at",
    "ends_at",
    "timezone",
    "registration_opens_at",
    "registration_closes_at",
    "offer_hours",
    "reminder_hours",
    "thanks_hours",
    "feedback_url",
    "venue",
    "remote",
    "questions",
    "agenda",
)
_TIMES = ("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")
_TIME_AND_PLACE = {**dict.fromkeys(("starts_at", "ends_at", "timezone"), MODES), "venue": (ONSITE,), "remote": (REMOTE,)}


@transactional
def draft_event(caller: Caller, given: Mapping[str, Any]) -> Event:
    """Draft a theme day. Raises Conflict `slug_taken`, Invalid for unknown networks and times that cannot be."""
    wanted = dict(given)
    capacity = wanted.pop("capacity", None)
    event = Event(**wanted)
    _check_networks("network_id", [event.network_id])
    _check_networks("co_hosts", event.co_hosts)
    _check_series(event.network_id, event.series_id)
    return _store(caller, event, _offered(event) if capacity is None else capacity)


def _offered(event: Event) -> dict[str, int | None]:
    """The modes that have a venue or a room; on site where there is neither yet."""
    found: dict[str, int | None] = {REMOTE: None} if event.remote else {}
    return found | ({ONSITE: None} if event.venue or not event.remote else {})


def _store(caller: Caller, event: Event, capacity: Mapping[str, int | None]) -> Event:
    event.seats = {mode: Seats(capacity=number) for mode, number in capacity.items()}
    event.slug = event.slug or _free_slug(event)
    try:
        event.insert()
    except AlreadyExists as error:
        raise _slug_taken() from error
    cohosting.invite(event, event.co_hosts)
    audit.record(caller.member_id, "event.drafted", event.pk, network_id=event.network_id)
    return event


def _free_slug(event: Event) -> str:
    """The title's words; with the day, and at last with the id, where others have that already."""
    words, day = slugify(in_language(event.title, "fi")), event.starts_at.date().isoformat()
    candidates = [words, f"{words}-{day}"] if words else [day]
    taken = {row["slug"] for row in Event.rows({"slug": {"$in": candidates}})}
    return next((slug for slug in candidates if slug not in taken), f"{candidates[-1]}-{event.pk}")


def _slug_taken() -> Conflict:
    return Conflict("Another theme day has this slug.", code="slug_taken", errors={"slug": ["Taken."]})


def _check_networks(name: str, network_ids: list[ObjectId]) -> None:
    if set(network_ids) - set(Network.by_ids(network_ids)):
        raise Invalid(errors={name: ["There is no network with this id."]})


def _check_series(network_id: ObjectId, series_id: ObjectId | None) -> None:
    if series_id and Series.join(network_id, series_id) is None:
        raise Invalid(errors={"series_id": ["There is no series of this network with this id."]})


@transactional
def change_event(caller: Caller, event: Event, changes: Mapping[str, Any], version: int | None) -> Event:
    """Edit a theme day; more seats go to those who wait, and a new time or place is mailed to those whom it concerns.

    Raises StaleVersion, CapacityBelowTaken, Conflict `slug_taken`, EventCancelled; Forbidden where an editor overbooks.
    """
    event = event.fresh(version)
    if event.status == CANCELLED:
        raise EventCancelled
    wanted = dict(changes)
    _check_networks("co_hosts", wanted.get("co_hosts", []))
    _check_series(event.network_id, wanted.get("series_id"))
    co_hosts = set(event.co_hosts)
    event = cohosting.part_with(event, co_hosts - set(wanted.get("co_hosts", co_hosts)))
    capacity, overbook = wanted.pop("capacity", None), wanted.pop("overbook", False)
    if overbook:
        caller.require(COORDINATOR, event.network_id)
    before = _capacity(event)
    if capacity is not None:
        event = event.resize(capacity, overbook=overbook)
    try:
        event, differing = event.edit(wanted)
    except AlreadyExists as error:
        raise _slug_taken() from error
    if before != _capacity(event):
        differing["capacity"] = {"before": before, "after": _capacity(event), **({"overbook": True} if overbook else {})}
    cohosting.invite(event, set(event.co_hosts) - co_hosts)
    audit.record(caller.member_id, "event.changed", event.pk, network_id=event.network_id, changes=differing)
    event = queueing.promote(event, *event.seats)
    _tell_of_change(event, differing)
    return event


def _tell_of_change(event: Event, differing: Mapping[str, Any]) -> None:
    """Who is told of an edit: those whom a new time or place concerns, by mail, and webhooks."""
    concerned = {mode for name in differing for mode in _TIME_AND_PLACE.get(name, ())}
    if event.status == PUBLISHED and not event.is_over and concerned:
        notices.tell_of_change(event, concerned)
    if any(name in differing for name in notices.PLANNED_BY):
        notices.plan(event)
    if event.status == PUBLISHED and differing:
        webhooks.tell_of(webhooks.CHANGED, event)


def _capacity(event: Event) -> dict[str, int | None]:
    return {mode: seats.capacity for mode, seats in event.seats.items()}


@transactional
def publish_event(caller: Caller, event: Event) -> Event:
    """Show a theme day to everybody; registration opens unless it has a time of its own. Raises Conflict `not_a_draft`."""
    event = event.fresh()
    if event.status != DRAFT:
        raise Conflict("Only a draft can be published.", code="not_a_draft")
    event = _edit(caller, event, "event.published", {"status": PUBLISHED, "published_at": utcnow()})
    notices.plan(event)
    webhooks.tell_of(webhooks.PUBLISHED, event)
    return event


@transactional
def cancel_event(caller: Caller, event: Event, reason: Mapping[str, str] | None) -> Event:
    """Call a theme day off, and tell everybody who is registered. Raises EventCancelled, Conflict `not_published`, EventEnded."""
    event = event.fresh()
    if event.status == DRAFT:
        raise Conflict("A draft is deleted, not cancelled.", code="not_published")
    event.require_going_on()
    event = _edit(caller, event, "event.cancelled", {"status": CANCELLED, "cancelled_at": utcnow(), "cancel_reason": reason})
    notices.tell_of_cancellation(event)
    notices.plan(event)
    webhooks.tell_of(webhooks.CANCELLED, event)
    return event


def _edit(caller: Caller, event: Event, action: str, changes: Mapping[str, Any]) -> Event:
    edited, differing = event.edit(changes)
    audit.record(caller.member_id, action, event.pk, network_id=event.network_id, changes=differing)
    return edited


@transactional
def duplicate_event(caller: Caller, event: Event, starts_at: datetime | None) -> Event:
    """A draft with the same content and nobody registered. With another start everything moves, by the clock of its zone."""
    return copy_of(caller, event, starts_at)


def copy_of(caller: Caller, event: Event, starts_at: datetime | None, **others: Any) -> Event:
    """The step of copying, inside a transaction; `others` are fields of the copy alone."""
    copy = Event(**{name: getattr(event, name) for name in _COPIED}, **others)
    copy.materials = [Material(**{**found.to_mongo(), "material_id": ObjectId()}) for found in event.materials if found.url]
    if starts_at is not None:
        by = agenda.clock_distance(event.starts_at, starts_at, event.timezone)
        for name in _TIMES:
            setattr(copy, name, agenda.moved(getattr(copy, name), event.timezone, by))
        for found in copy.materials:
            found.opens_at = agenda.moved(found.opens_at, event.timezone, by)
        copy.agenda = agenda.moved_agenda(copy.agenda, event.timezone, by)
    return _store(caller, copy, _capacity(event))


@transactional
def remove_event(caller: Caller, event: Event, version: int | None) -> None:
    """Delete a draft. Raises Conflict `event_published`: what people have seen is cancelled instead."""
    event = event.fresh(version)
    if event.status != DRAFT:
        raise Conflict("A theme day that has been published is cancelled, not deleted.", code="event_published")
    materials.let_go_of_all(event)
    Event.remove({"_id": event.pk, "status": DRAFT})
    audit.record(caller.member_id, "event.removed", event.pk, network_id=event.network_id)
