"""Verbs of registration: register, change, switch, cancel.

Each is one transaction over the theme day's seats, the registration and the mails about it.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from flask import current_app

from events import mails, offers, questions, queueing
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
    Invalid names the `answers` at fault. Who is registered already gets the manage link by mail once more.
    """
    event.require_mode(given["mode"])
    event.require_registrable(utcnow())
    person = {"language": current_app.config["DEFAULT_LANGUAGE"], **given}
    wait = person.pop("wait")
    person |= questions.answer(event.questions, given.get("answers") or {}, {given["mode"]})
    member = _member_behind(caller, event, given["email"])
    network_id = _co_host_behind(caller, event, member)
    registration = Registration(event_id=event.pk, member_id=member.get("_id"), network_id=network_id, **person)
    try:
        with event.turn():
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
    claimed, place = queueing.claim(event, registration, registration.mode), 0
    if claimed is None:
        claimed, place = _seat_or_queue(event.fresh(), registration, wait)
    seated = claimed.event
    registration.status = WAITLISTED if place else CONFIRMED
    registration.holds_quota = claimed.of_quota or None
    registration.confirmed_at = None if place else utcnow()
    registration.waiting_for, registration.queue_number = (registration.mode, seated.queue) if place else (None, None)
    try:
        registration.insert()
    except AlreadyExists as error:
        raise AlreadyRegistered from error
    outbox.put(mails.waiting(registration, seated, place) if place else mails.confirmed(registration, seated))
    return {**registration.to_mongo(), "waiting_position": place or None}


def _seat_or_queue(event: Event, registration: Registration, wait: bool) -> tuple[queueing.Claim, int]:
    """A seat, else a place in the queue, by the theme day as it is now; the place is 0 for a seat.

    Who is in already hears that, and not that it is full.
    """
    event.require_mode(registration.mode)
    event.require_registrable(utcnow())
    if Registration.twin(event.pk, registration.email):
        raise AlreadyRegistered
    answered = questions.answer(event.questions, registration.answers, {registration.mode})
    registration.answers, registration.asked = answered["answers"], answered["asked"]
    if claimed := queueing.claim(event, registration, registration.mode):
        return claimed, 0
    if not wait:
        raise EventFull
    queued = event.join_queue(registration.mode, registration.network_id)
    return queueing.Claim(queued, of_quota=False), queued.seats[registration.mode].waiting


def _member_behind(caller: Caller, event: Event, address: str) -> Row:
    """The member with this address; else the caller, unless they write down somebody else as a coordinator. Or nobody."""
    member = Member.row({"email_key": email_key(address)})
    if member is None and caller.is_signed_in and not caller.has_role(COORDINATOR, event.network_id, *event.accepted_co_hosts):
        member = Member.row({"_id": caller.member_id})
    return member or {}


def _co_host_behind(caller: Caller, event: Event, member: Row) -> ObjectId | None:
    """The co-host whose participant this is: the first that the member sits in, or whose coordinator writes them down."""
    own = [] if caller.has_role(COORDINATOR, event.network_id) else caller.networks(COORDINATOR)
    reached = {*member.get("network_ids", ()), *(own if caller.member_id != member.get("_id") else ())}
    return next((found for found in event.accepted_co_hosts if found in reached), None)


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
    complete = not caller.has_role(COORDINATOR, event.network_id)
    typed |= questions.answer_again(event, registration, changes, complete=complete)
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
    """Move to another mode at once; with `wait`, into its queue while the old seat is kept. Raises EventFull.

    Asking for the mode of an open offer accepts it.
    """
    event.require_mode(mode)
    if registration.offer and registration.offer.mode == mode:
        return offers.take(event, registration)
    if mode == registration.mode:
        return _stay(event, registration)
    claimed = queueing.claim(event, registration, mode)
    if claimed is not None:
        event, freed = queueing.give_everything_back(claimed.event, registration)
        registration = registration.take_seat(mode, of_quota=claimed.of_quota)
        outbox.put(mails.switched(registration, event))
    elif registration.waiting_for == mode:
        return registration
    elif wait:
        event, freed = queueing.give_offer_back(queueing.leave_queue(event, registration), registration)
        event = event.join_queue(mode, registration.network_id)
        registration = registration.wait_for(mode, event.queue)
        outbox.put(mails.waiting(registration, event, event.seats[mode].waiting))
    else:
        raise EventFull
    queueing.promote(event, *freed)
    return registration


def _stay(event: Event, registration: Registration) -> Registration:
    """Keep the seat one has: who waited for another, or is offered one, does so no longer."""
    if registration.status != CONFIRMED or not (registration.waiting_for or registration.offer):
        return registration
    event, freed = queueing.give_offer_back(queueing.leave_queue(event, registration), registration)
    registration = registration.stay()
    queueing.promote(event, *freed)
    return registration


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
    registration = queueing.withdraw(event, registration, by)
    outbox.put(mails.cancelled(registration, event))
    if caller.has_role(COORDINATOR, event.network_id):
        audit.record(caller.member_id, "registration.cancelled", registration.pk, network_id=event.network_id)


def place_in_queue(registration: Registration) -> Row:
    """The registration's row with its place in the queue."""
    return {**registration.to_mongo(), "waiting_position": registration.position()}


def filters(caller: Caller, event: Event, query: Mapping[str, Any]) -> dict[str, Any]:
    """The filter for a theme day's registrations; the coordinators of a co-host read those of their own networks."""
    where: dict[str, Any] = {"event_id": event.pk, **search_filter(query.get("q", ""))}
    if not caller.has_role(COORDINATOR, event.network_id):
        where["network_id"] = {"$in": [found for found in event.accepted_co_hosts if caller.has_role(COORDINATOR, found)]}
    return where | {name: query[name] for name in ("status", "mode") if name in query}


def find_registrations(caller: Caller, event: Event, query: Mapping[str, Any]) -> Page:
    """A theme day's registrations in the order in which they came."""
    page = Registration.page(filters(caller, event, query), **query["paging"])
    return Page(with_positions(page.items), page.next, page.total)


def find_own(caller: Caller, query: Mapping[str, Any]) -> Page:
    """The caller's own registrations, each with its theme day, the oldest first."""
    mine = owner_keys(caller.member_id, caller.email_key or "")
    page = Registration.page({"owners": {"$in": mine}}, **query["paging"])
    events = Event.by_ids(row["event_id"] for row in page.items)
    items: list[Row] = [{**row, "event": events[row["event_id"]]} for row in with_positions(page.items)]
    return Page(items, page.next, page.total)
