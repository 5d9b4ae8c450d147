"""Verbs of registration: register, switch, cancel; a seat that comes free goes to the first who waits.

Each is one transaction over the theme day's seats, the registration and the mails about it.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from flask import current_app

from events import mails
from events.documents import Event
from events.errors import EventFull
from events.registration_documents import (
    CONFIRMED,
    WAITLISTED,
    AlreadyRegistered,
    Registration,
    RegistrationCancelled,
    owner_keys,
    with_positions,
)
from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.auth.documents import email_key
from network_api.documents import AlreadyExists, Page, Row, transactional, utcnow
from network_api.languages import search_filter
from network_api.mail import outbox
from network_api.members.documents import Member


def register(caller: Caller, event: Event, given: Mapping[str, Any]) -> Row:
    """Register somebody for a theme day: a seat, or with `wait` a place in the queue.

    Raises EventCancelled, RegistrationNotOpen, RegistrationClosed, AlreadyRegistered, EventFull: the first that holds.
    Who is registered already gets the manage link by mail once more.
    """
    event.require_mode(given["mode"])
    event.require_registrable(utcnow())
    person = {"language": current_app.config["DEFAULT_LANGUAGE"], **given}
    wait = person.pop("wait")
    registration = Registration(event_id=event.pk, member_id=_member_behind(caller, event, given["email"]), **person)
    try:
        return _admit(event, registration, wait)
    except AlreadyRegistered:
        mail_link_again(event.pk, given["email"])
        raise


@transactional
def _admit(event: Event, registration: Registration, wait: bool) -> Row:
    """The seat, the registration and the mail, or none of them.

    The claim comes first and on what was read before, so that of many who come at once the losers of a round have spent
    one command. It holds only for the version that was read; whatever else is the reason, a fresh look tells it.
    """
    seated = event.claim_seat(registration.mode)
    place = 0
    if seated is None:
        seated, place = _seat_or_queue(event.fresh(), registration, wait)
    registration.status = WAITLISTED if place else CONFIRMED
    registration.confirmed_at = None if place else utcnow()
    registration.waiting_for, registration.queue_number = (registration.mode, seated.queue) if place else (None, None)
    try:
        registration.insert()
    except AlreadyExists as error:
        raise AlreadyRegistered from error
    outbox.put(mails.waiting(registration, seated, place) if place else mails.confirmed(registration, seated))
    return {**registration.to_mongo(), "waiting_position": place or None}


def _seat_or_queue(event: Event, registration: Registration, wait: bool) -> tuple[Event, int]:
    """A seat, else a place in the queue, by the theme day as it is now; the place is 0 for a seat.

    Who is in already hears that, and not that it is full.
    """
    event.require_mode(registration.mode)
    event.require_registrable(utcnow())
    if Registration.twin(event.pk, registration.email):
        raise AlreadyRegistered
    if seated := event.claim_seat(registration.mode):
        return seated, 0
    if not wait:
        raise EventFull
    queued = event.join_queue(registration.mode)
    return queued, queued.seats[registration.mode].waiting


def _member_behind(caller: Caller, event: Event, address: str) -> ObjectId | None:
    """The member with this address; else the caller, unless they write down somebody else as a coordinator."""
    member = Member.row({"email_key": email_key(address)})
    if member is not None:
        found: ObjectId = member["_id"]
        return found
    return None if caller.has_role(COORDINATOR, event.network_id) else caller.member_id


@transactional
def mail_link_again(event_id: ObjectId, address: str) -> None:
    """Mail the manage link of a registered address again, at most once an hour."""
    twin = Registration.twin(event_id, address)
    reminded = twin.remind() if twin else None
    if reminded is not None:
        outbox.put(mails.link_again(reminded, Event.get(event_id)))


@transactional
def change_registration(caller: Caller, registration: Registration, changes: Mapping[str, Any], version: int | None) -> Row:
    """Change what was typed, and switch the mode where another is named.

    Raises StaleVersion, RegistrationCancelled, EventCancelled, EventEnded, EventFull.
    """
    registration = registration.fresh(version)
    event = Event.get(registration.event_id)
    if not registration.is_live:
        raise RegistrationCancelled
    event.require_going_on()
    before = registration
    typed = {name: value for name, value in changes.items() if name not in ("mode", "wait")}
    differing: dict[str, Any] = {}
    if typed:
        registration, differing = registration.edit(typed)
    if "mode" in changes:
        registration = _switch(event, registration, changes["mode"], changes["wait"])
        differing["mode"] = {"before": before.mode, "after": registration.mode}
    if caller.has_role(COORDINATOR, event.network_id):
        audit.record(caller.member_id, "registration.changed", registration.pk, network_id=event.network_id, changes=differing)
    return place_in_queue(registration)


def _switch(event: Event, registration: Registration, mode: str, wait: bool) -> Registration:
    """Move to another mode at once; with `wait`, into its queue while the old seat is kept. Raises EventFull."""
    event.require_mode(mode)
    if mode == registration.mode:
        return _stay(event, registration)
    seated = event.claim_seat(mode)
    if seated is not None:
        event, freed = _give_back(seated, registration)
        registration = registration.take_seat(mode)
        outbox.put(mails.switched(registration, event))
        promote(event, *freed)
        return registration
    if not wait:
        raise EventFull
    if registration.waiting_for == mode:
        return registration
    if registration.waiting_for:
        event = event.leave_queue(registration.waiting_for)
    event = event.join_queue(mode)
    registration = registration.wait_for(mode, event.queue)
    outbox.put(mails.waiting(registration, event, event.seats[mode].waiting))
    return registration


def _stay(event: Event, registration: Registration) -> Registration:
    """Keep the mode one has: who has a seat and waited for another one waits no longer."""
    if registration.status != CONFIRMED or not registration.waiting_for:
        return registration
    event.leave_queue(registration.waiting_for)
    return registration.edit({"waiting_for": None, "queue_number": None})[0]


def _give_back(event: Event, registration: Registration) -> tuple[Event, list[str]]:
    """Give back the seat and the place in the queue of a registration; returns the modes that have a seat more."""
    if registration.waiting_for:
        event = event.leave_queue(registration.waiting_for)
    if registration.status != CONFIRMED:
        return event, []
    return event.free_seat(registration.mode), [registration.mode]


def promote(event: Event, *modes: str) -> Event:
    """Give the free seats of these modes to those who wait, in their order, and tell them by mail.

    Who kept a seat while waiting for another gives it back, and that one goes on in the same way.
    """
    pending = list(modes)
    while pending and event.gives_seats:
        mode = pending[-1]
        seated = event.seat_the_first(mode)
        if seated is None:
            pending.pop()
            continue
        event, first = seated, Registration.first_waiting(event.pk, mode)
        if first.status == CONFIRMED:
            event = event.free_seat(first.mode)
            pending.append(first.mode)
        outbox.put(mails.promoted(first.take_seat(mode), event))
    return event


@transactional
def cancel(caller: Caller, registration: Registration, version: int | None, by: str) -> None:
    """Cancel a registration; its seat goes to the first who waits. A second time does nothing.

    Raises StaleVersion, EventEnded.
    """
    registration = registration.fresh(version)
    if not registration.is_live:
        return
    event = Event.get(registration.event_id)
    if event.is_over:
        event.require_going_on()
    registration = withdraw(event, registration, by)
    outbox.put(mails.cancelled(registration, event))
    if caller.has_role(COORDINATOR, event.network_id):
        audit.record(caller.member_id, "registration.cancelled", registration.pk, network_id=event.network_id)


def withdraw(event: Event, registration: Registration, by: str) -> Registration:
    """Cancel without a mail to the person; the next in the queue is told all the same."""
    event, freed = _give_back(event, registration)
    withdrawn = registration.cancel(by)
    promote(event, *freed)
    return withdrawn


def place_in_queue(registration: Registration) -> Row:
    """The registration's row with its place in the queue."""
    return {**registration.to_mongo(), "waiting_position": registration.position()}


def filters(event: Event, query: Mapping[str, Any]) -> dict[str, Any]:
    """The filter for a theme day's registrations."""
    where: dict[str, Any] = {"event_id": event.pk, **search_filter(query.get("q", ""))}
    return where | {name: query[name] for name in ("status", "mode") if name in query}


def find_registrations(event: Event, query: Mapping[str, Any]) -> Page:
    """A theme day's registrations in the order in which they came."""
    page = Registration.page(filters(event, query), **query["paging"])
    return Page(with_positions(page.items), page.next, page.total)


def find_own(caller: Caller, query: Mapping[str, Any]) -> Page:
    """The caller's own registrations, each with its theme day, the oldest first."""
    mine = owner_keys(caller.member_id, caller.email_key or "")
    page = Registration.page({"owners": {"$in": mine}}, **query["paging"])
    events = Event.by_ids(row["event_id"] for row in page.items)
    items: list[Row] = [{**row, "event": events[row["event_id"]]} for row in with_positions(page.items)]
    return Page(items, page.next, page.total)
