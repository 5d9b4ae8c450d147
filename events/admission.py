"""Letting people in: the one gate for all, whether they register themselves, are registered by others, or imported."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bson import ObjectId
from flask import current_app

from events import mails, questions, queueing, webhooks
from events.documents import Event
from events.errors import EventFull
from events.needs_documents import NEEDS, Needs
from events.registration_documents import CONFIRMED, WAITLISTED, AlreadyRegistered, Registration
from network_api.auth.caller import COORDINATOR, Caller
from network_api.auth.documents import email_key
from network_api.documents import AlreadyExists, Row, transactional, utcnow
from network_api.mail import outbox
from network_api.members.documents import Member


class Application(NamedTuple):
    """What is asked for somebody: a seat, or with `wait` a place in the queue.

    `by_coordinator` is for those whom a coordinator writes down: also before registration opens and after it has closed,
    and what the questions require may be left to the person. `network_ids` are those whose participant this may be.
    """

    registration: Registration
    needs: Mapping[str, str | None]
    wait: bool
    by_coordinator: bool = False
    network_ids: frozenset[ObjectId] = frozenset()

    def name_co_host(self, event: Event) -> None:
        """Make it the participant of the first of these networks that is a co-host as the theme day is now."""
        self.registration.network_id = next((found for found in event.accepted_co_hosts if found in self.network_ids), None)

    def require_registrable(self, event: Event) -> None:
        """Raises EventCancelled, RegistrationNotOpen, RegistrationClosed, EventEnded: the first that holds."""
        event.require_registrable(utcnow(), by_coordinator=self.by_coordinator)

    def answer(self, event: Event) -> None:
        """Hold the answers to the questions as they are now. Raises Invalid."""
        found, complete = self.registration, not self.by_coordinator
        answered = questions.answer(event.questions, found.answers, {found.mode}, complete=complete)
        found.answers, found.asked = answered["answers"], answered["asked"]


def apply(caller: Caller, event: Event, given: Mapping[str, Any], member: Row, *, by_coordinator: bool = False) -> Application:
    """What is asked for somebody, who is this member or nobody (an empty row), checked as far as no seat is needed.

    Raises Invalid, EventCancelled, RegistrationNotOpen, RegistrationClosed, EventEnded.
    """
    event.require_mode(given["mode"])
    person = {"language": current_app.config["DEFAULT_LANGUAGE"], **given}
    wait, needs = person.pop("wait"), {name: person.pop(name) for name in NEEDS if name in person}
    registration = Registration(event_id=event.pk, member_id=member.get("_id"), **person)
    asked = Application(registration, needs, wait, by_coordinator, _networks_behind(caller, event, member))
    asked.name_co_host(event)
    asked.require_registrable(event)
    asked.answer(event)
    return asked


def member_of_address(address: str) -> Row:
    """The member with this address, or an empty row."""
    return Member.row({"email_key": email_key(address)}) or {}


def member_behind(caller: Caller, event: Event, address: str) -> Row:
    """The member with this address; else the caller, unless they write down somebody else as a coordinator. Or nobody."""
    member = member_of_address(address)
    if not member and caller.is_signed_in and not caller.has_role(COORDINATOR, event.network_id, *event.accepted_co_hosts):
        return Member.row({"_id": caller.member_id}) or {}
    return member


def _networks_behind(caller: Caller, event: Event, member: Row) -> frozenset[ObjectId]:
    """The networks that the member sits in, and those whose coordinator writes them down."""
    own = [] if caller.has_role(COORDINATOR, event.network_id) else caller.networks(COORDINATOR)
    return frozenset([*member.get("network_ids", ()), *(own if caller.member_id != member.get("_id") else ())])


@transactional
def admit(event: Event, asked: Application) -> Row:
    """The seat, the registration and the mail, or none of them. Raises AlreadyRegistered, EventFull.

    The claim comes first and on what was read before, so that of many who come at once the losers of a round have spent
    one command. It holds only for the version that was read; whatever else is the reason, a fresh look tells it.
    """
    registration = asked.registration
    claimed, place = _seat_or_queue_as_read(event, asked) or _seat_or_queue(event.fresh(), asked)
    seated = claimed.event
    registration.status = WAITLISTED if place else CONFIRMED
    registration.holds_quota = claimed.of_quota or None
    registration.confirmed_at = None if place else utcnow()
    registration.waiting_for, registration.queue_number = (registration.mode, seated.queue) if place else (None, None)
    try:
        registration.insert()
    except AlreadyExists as error:
        raise AlreadyRegistered from error
    if asked.needs:
        Needs.keep(registration.pk, event.pk, asked.needs)
    outbox.put(mails.waiting(registration, seated, place) if place else mails.confirmed(registration, seated))
    webhooks.tell_of_registration(webhooks.CREATED, registration, event.network_id)
    return {**registration.to_mongo(), **asked.needs, "waiting_position": place or None}


def require_room(event: Event, asked: Application) -> None:
    """Spare who wants a seat or nothing the transaction, where there was none when the theme day was read.

    Who is in already hears that, and not that it is full. Raises AlreadyRegistered, EventFull.
    """
    registration = asked.registration
    if asked.wait or not event.is_full_for(registration.mode, registration.network_id):
        return
    if Registration.twin(event.pk, registration.email):
        raise AlreadyRegistered
    raise EventFull


def _seat_or_queue_as_read(event: Event, asked: Application) -> tuple[queueing.Claim, int] | None:
    """A seat, else a place in the queue, in one command, if the theme day still is as it was read; the place is 0 for a seat."""
    mode = asked.registration.mode
    if claimed := queueing.claim(event, asked.registration, mode):
        return claimed, 0
    place = queueing.claim_place(event, asked.registration, mode) if asked.wait else None
    return (place, place.event.seats[mode].waiting) if place else None


def _seat_or_queue(event: Event, asked: Application) -> tuple[queueing.Claim, int]:
    """The same by the theme day as it is now. Raises what `apply` raises, AlreadyRegistered and EventFull."""
    registration = asked.registration
    event.require_mode(registration.mode)
    asked.name_co_host(event)
    asked.require_registrable(event)
    asked.answer(event)
    if claimed := queueing.claim(event, registration, registration.mode):
        return claimed, 0
    require_room(event, asked)
    queued = event.join_queue(registration.mode, registration.network_id)
    return queueing.Claim(queued, of_quota=False), queued.seats[registration.mode].waiting
