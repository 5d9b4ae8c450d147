"""Verbs of registration: register, change, switch, cancel.

Each is one transaction over the theme day's seats, the registration and the mails about it.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from events import admission, mails, needs, offers, questions, queueing, webhooks
from events.documents import Event
from events.errors import EventFull
from events.needs_documents import NEEDS, Needs
from events.registration_documents import (
    CONFIRMED,
    AlreadyRegistered,
    Registration,
    RegistrationCancelled,
    owner_keys,
    with_positions,
)
from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row, transactional
from network_api.languages import search_filter
from network_api.mail import outbox


def register(caller: Caller, event: Event, given: Mapping[str, Any]) -> Row:
    """Register somebody for a theme day: a seat, or with `wait` a place in the queue.

    A coordinator writes other people down also before registration opens and after it has closed.

    Raises EventCancelled, RegistrationNotOpen, RegistrationClosed, AlreadyRegistered, EventFull: the first that holds.
    Invalid names the `answers` at fault. Who is registered already gets the manage link by mail once more.
    """
    member = admission.member_behind(caller, event, given["email"])
    by_coordinator = caller.has_role(COORDINATOR, event.network_id) and member.get("_id") != caller.member_id
    asked = admission.apply(caller, event, given, member, by_coordinator=by_coordinator)
    try:
        admission.require_room(event, asked)
        with event.turn():
            return admit_for(caller, event, asked)
    except AlreadyRegistered:
        mail_link_again(event.pk, given["email"])
        raise


@transactional
def admit_for(caller: Caller, event: Event, asked: admission.Application) -> Row:
    """Let somebody in; noted where a coordinator, also a co-host's, does it for them. Raises AlreadyRegistered, EventFull."""
    row = admission.admit(event, asked)
    is_for_another = asked.registration.member_id != caller.member_id
    if is_for_another and caller.has_role(COORDINATOR, event.network_id, *event.accepted_co_hosts):
        audit.record(caller.member_id, "registration.added", row["_id"], network_id=event.network_id)
    return row


@transactional
def mail_link_again(event_id: ObjectId, address: str) -> None:
    """Mail the manage link of a registered address again, at most once an hour."""
    twin = Registration.twin(event_id, address)
    reminded = twin.remind() if twin else None
    if reminded is not None:
        outbox.put(mails.link_again(reminded, Event.get(event_id)))


@transactional
def change_registration(
    caller: Caller, registration: Registration, changes: Mapping[str, Any], version: int | None
) -> Registration:
    """Change what was typed, and switch the mode where another is named.

    Raises StaleVersion, RegistrationCancelled, EventCancelled, EventEnded, EventFull, NoOffer.
    """
    registration = registration.fresh(version)
    event = Event.get(registration.event_id)
    if not registration.is_live:
        raise RegistrationCancelled
    event.require_going_on()
    before = registration
    typed = {name: value for name, value in changes.items() if name not in ("mode", "wait", *NEEDS)}
    needed = {name: changes[name] for name in NEEDS if name in changes}
    complete = not caller.has_role(COORDINATOR, event.network_id)
    typed |= questions.answer_again(event, registration, changes, complete=complete)
    differing: dict[str, Any] = {}
    if typed or needed:
        registration, differing = registration.edit(typed)
        Needs.keep(registration.pk, event.pk, needed)
    if "mode" in changes:
        registration = _switch(event, registration, changes["mode"], changes["wait"])
        differing["mode"] = {"before": before.mode, "after": registration.mode}
    if registration.version != before.version:
        webhooks.tell_of_registration(webhooks.REGISTRATION_CHANGED, registration, event.network_id)
    if caller.has_role(COORDINATOR, event.network_id):
        audit.record(caller.member_id, "registration.changed", registration.pk, network_id=event.network_id, changes=differing)
    return registration


def _switch(event: Event, registration: Registration, mode: str, wait: bool) -> Registration:
    """Move to another mode at once; with `wait`, into its queue while the old seat is kept. Raises EventFull.

    Asking for the mode of an offer accepts it; raises NoOffer once its time is over.
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


def shown_to_person(registration: Registration) -> Row:
    """The registration as the person reads it, with their place in the queue and what they need."""
    return needs.with_needs([place_in_queue(registration)])[0]


def shown(caller: Caller, registration: Registration) -> Row:
    """The registration as this caller may read it; what somebody needs is for them alone."""
    return shown_to_person(registration) if registration.is_of(caller) else place_in_queue(registration)


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
    own = needs.with_needs(with_positions(page.items))
    items: list[Row] = [{**row, "event": events[row["event_id"]]} for row in own]
    return Page(items, page.next, page.total)
