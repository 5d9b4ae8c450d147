"""Who gets which seat: a newcomer claims one, whoever waits gets what comes free, and leaving gives everything back.

These are the steps that the verbs of registration are made of; each runs inside their transaction.
"""

from typing import NamedTuple

from events import mails, webhooks
from events.documents import Event
from events.registration_documents import CONFIRMED, Registration
from network_api.documents import utcnow
from network_api.mail import outbox


class Claim(NamedTuple):
    """A seat that has been taken: the theme day after it, and whether it was set apart for a co-host."""

    event: Event
    of_quota: bool


def claim(event: Event, registration: Registration, mode: str) -> Claim | None:
    """Take a seat for a newcomer: of those set apart for their network, else of those for everybody. None for neither."""
    if registration.network_id and (seated := event.claim_quota_seat(mode, registration.network_id)):
        return Claim(seated, of_quota=True)
    seated = event.claim_seat(mode)
    return Claim(seated, of_quota=False) if seated else None


def claim_place(event: Event, registration: Registration, mode: str) -> Claim | None:
    """Take a place in the queue of a mode that was full when it was read, and still is. None where a fresh look is due."""
    if event.quota(mode, registration.network_id) is not None:  # its people have a queue of their own in that of the mode
        return None
    queued = event.join_queue_of_full(mode)
    return Claim(queued, of_quota=False) if queued else None


def promote(event: Event, *modes: str) -> Event:
    """Give the free seats of these modes to those who wait, in their order, and tell them by mail.

    Where the theme day offers seats, they have some hours to accept. Who kept a seat while waiting for another gives it
    back as soon as the new one is theirs, and that one goes on in the same way.
    """
    pending = list(modes)
    while pending and event.gives_seats:
        mode = pending[-1]
        found = _seat_the_next(event, mode)
        if found is None:
            pending.pop()
            continue
        (event, of_quota), first = found
        until = event.offers_until(utcnow())
        if until:
            offered = first.receive_offer(mode, until, of_quota=of_quota)
            outbox.put(mails.offered(offered, event))
            webhooks.tell_of_registration(webhooks.OFFERED, offered, event.network_id)
            continue
        event, freed = give_seat(event, first, mode, of_quota=of_quota)
        pending += freed
    return event


def _seat_the_next(event: Event, mode: str) -> tuple[Claim, Registration] | None:
    """Take a seat for the next in the queue; seats set apart go to the first of the people they are set apart for."""
    offer = event.offers_until(utcnow()) is not None
    for network_id in event.quotas_to_give(mode):
        seated = event.seat_the_first_of(mode, network_id, offer=offer)
        if seated:
            return Claim(seated, of_quota=True), Registration.first_waiting(event.pk, mode, network_id)
    if not event.has_somebody_to_seat(mode):
        return None
    first = Registration.first_waiting(event.pk, mode)
    seated = event.seat_the_first(mode, first.network_id, offer=offer)
    return (Claim(seated, of_quota=False), first) if seated else None


def give_seat(event: Event, registration: Registration, mode: str, *, of_quota: bool) -> tuple[Event, list[str]]:
    """The seat that was taken for somebody who waited is theirs; returns the modes that have a seat more."""
    event, freed = give_seat_back(event, registration)
    promoted = registration.take_seat(mode, of_quota=of_quota)
    outbox.put(mails.promoted(promoted, event))
    webhooks.tell_of_registration(webhooks.PROMOTED, promoted, event.network_id)
    return event, freed


def give_seat_back(event: Event, registration: Registration) -> tuple[Event, list[str]]:
    """Give back the seat that somebody holds; returns the modes that have a seat more."""
    if registration.status != CONFIRMED:
        return event, []
    apart = registration.network_id if registration.holds_quota else None
    return event.free_seat(registration.mode, apart), [registration.mode]


def give_offer_back(event: Event, registration: Registration) -> tuple[Event, list[str]]:
    """Give back the seat that somebody is offered; returns the modes that have a seat more."""
    offer = registration.offer
    if offer is None:
        return event, []
    apart = registration.network_id if offer.of_quota else None
    return event.free_seat(offer.mode, apart, offered=True), [offer.mode]


def leave_queue(event: Event, registration: Registration) -> Event:
    """Give back the place in the queue, if there is one."""
    if not registration.waiting_for:
        return event
    return event.leave_queue(registration.waiting_for, registration.network_id)


def give_everything_back(event: Event, registration: Registration) -> tuple[Event, list[str]]:
    """Give back the seat, the offer and the place in the queue; returns the modes that have a seat more."""
    event = leave_queue(event, registration)
    event, offered = give_offer_back(event, registration)
    event, freed = give_seat_back(event, registration)
    return event, offered + freed


def withdraw(event: Event, registration: Registration, by: str) -> Registration:
    """Cancel without a mail to the person; the next in the queue is told all the same."""
    event, freed = give_everything_back(event, registration)
    withdrawn = registration.cancel(by)
    webhooks.tell_of_registration(webhooks.REGISTRATION_CANCELLED, withdrawn, event.network_id)
    promote(event, *freed)
    return withdrawn
