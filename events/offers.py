"""Verbs of offers: a seat that came free is kept for the first in the queue for some hours, for them to accept.

Each is one transaction. An offer ends by being accepted, declined, or by lapsing; the seat then goes to the next.
"""

from datetime import datetime

from bson import ObjectId

from events import mails, queueing, webhooks
from events.documents import Event
from events.errors import NoOffer
from events.registration_documents import BY_LAPSE, BY_PERSON, CONFIRMED, Registration
from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import transactional, utcnow
from network_api.mail import outbox


@transactional
def accept(caller: Caller, registration: Registration) -> Registration:
    """Take the offered seat; who held another gives that one back. Raises NoOffer, EventCancelled, EventEnded."""
    registration = registration.fresh()
    event = _event_going_on(registration)
    taken = take(event, registration)
    _note(caller, event, taken, "registration.offer_accepted")
    return taken


def take(event: Event, registration: Registration) -> Registration:
    """The step of accepting, inside a transaction. Raises NoOffer, also where the sweep has yet to end one that is over."""
    _require_offer(registration)
    offer = registration.offer
    event, freed = queueing.give_seat(event.settle_offer(offer.mode), registration, offer.mode, of_quota=offer.of_quota)
    queueing.promote(event, *freed)
    return registration.fresh()


@transactional
def decline(caller: Caller, registration: Registration) -> Registration:
    """Leave the offered seat to the next. Who holds another seat keeps it; who has none is cancelled.

    Raises NoOffer, EventCancelled, EventEnded.
    """
    registration = registration.fresh()
    event = _event_going_on(registration)
    _require_offer(registration)
    declined = _give_up(event, registration, BY_PERSON)
    _note(caller, event, declined, "registration.offer_declined")
    return declined


def _event_going_on(registration: Registration) -> Event:
    event = Event.get(registration.event_id)
    event.require_going_on()
    return event


def _require_offer(registration: Registration) -> None:
    if registration.offer is None or registration.offer.expires_at <= utcnow():
        raise NoOffer


def _note(caller: Caller, event: Event, registration: Registration, action: str) -> None:
    if caller.has_role(COORDINATOR, event.network_id):
        audit.record(caller.member_id, action, registration.pk, network_id=event.network_id)


def lapse_overdue(now: datetime) -> int:
    """End every offer whose time is over; how many there were."""
    overdue = Registration.rows({"offer.expires_at": {"$lte": now}}, sort=[("offer.expires_at", 1)])
    return sum(lapse(row["_id"], now) for row in overdue)


@transactional
def lapse(registration_id: ObjectId, now: datetime) -> bool:
    """End an offer that nobody answered; False where somebody has meanwhile. Of two that do it, the second finds nothing."""
    registration = Registration.get(registration_id)
    if registration.offer is None or registration.offer.expires_at > now:
        return False
    _give_up(Event.get(registration.event_id), registration, BY_LAPSE)
    return True


def _give_up(event: Event, registration: Registration, by: str) -> Registration:
    """The seat goes to the next, and the person hears what they have now; of a theme day that is off, they know."""
    event, freed = queueing.give_offer_back(event, registration)
    if registration.status == CONFIRMED:
        left = registration.stay()
    else:
        left = registration.cancel(by)
        webhooks.tell_of_registration(webhooks.REGISTRATION_CANCELLED, left, event.network_id)
    if event.gives_seats:
        outbox.put(mails.offer_ended(left, event, lapsed=by == BY_LAPSE))
    queueing.promote(event, *freed)
    return left
