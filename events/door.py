"""The door to the remote room: when it is open, who goes in, and whose link no longer opens it."""

from datetime import datetime, timedelta

from events import attendance, mails
from events.attendance_documents import DOOR
from events.documents import Event
from events.registration_documents import CANCELLED, CONFIRMED, Registration
from events.seating import CANCELLED as EVENT_CANCELLED
from events.seating import REMOTE
from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import transactional, utcnow
from network_api.errors import Conflict
from network_api.mail import outbox

CLOSED_YET, OPEN_NOW, OVER, NO_ROOM, NO_SEAT, REVOKED, REGISTRATION_CANCELLED, CALLED_OFF = (
    "early",
    "open",
    "over",
    "no-room",
    "no-seat",
    "revoked",
    "registration-cancelled",
    "event-cancelled",
)


class NoRemoteSeat(Conflict):
    """Only who has a remote seat has a door."""

    code = "no_remote_seat"
    detail = "Only a confirmed remote registration has a join link."


def opens_at(event: Event) -> datetime:
    """When the door opens."""
    minutes: int = event.remote.opens_minutes_before if event.remote else 0
    opening: datetime = event.starts_at - timedelta(minutes=minutes)
    return opening


def state_of_door(registration: Registration, event: Event) -> str:
    """Whether the door is open for this participant right now; if not, why."""
    now, reasons = (
        utcnow(),
        {
            CALLED_OFF: event.status == EVENT_CANCELLED,
            REGISTRATION_CANCELLED: registration.status == CANCELLED,
            NO_SEAT: not _has_remote_seat(registration),
            REVOKED: registration.join_revoked_at is not None,
        },
    )
    for reason, holds in reasons.items():
        if holds:
            return reason
    if event.is_over:
        return OVER
    if now < opens_at(event):
        return CLOSED_YET
    return OPEN_NOW if event.remote and event.remote.join_url else NO_ROOM


def _has_remote_seat(registration: Registration) -> bool:
    return bool(registration.status == CONFIRMED and registration.mode == REMOTE)


@transactional
def enter(registration: Registration) -> str | None:
    """The address of the remote room for a participant at an open door, with the attendance recorded once; else None."""
    registration = registration.fresh()
    event = Event.get(registration.event_id)
    if state_of_door(registration, event) != OPEN_NOW:
        return None
    attendance.record(registration, DOOR, REMOTE)
    room: str = event.remote.join_url
    return room


@transactional
def revoke(caller: Caller, registration: Registration) -> Registration:
    """Let a participant's join link open nothing any more. Raises NoRemoteSeat."""
    event, registration = _of_remote(registration)
    if registration.join_revoked_at:
        return registration
    revoked, differing = registration.revoke_join_link()
    audit.record(caller.member_id, "join_link.revoked", registration.pk, network_id=event.network_id, changes=differing)
    return revoked


@transactional
def renew(caller: Caller, registration: Registration) -> Registration:
    """Mail a participant a new join link; the old one opens nothing any more. Raises NoRemoteSeat, EventCancelled, EventEnded."""
    event, registration = _of_remote(registration)
    event.require_going_on()
    renewed = registration.renew_join_link()
    outbox.put(mails.join_link_again(renewed, event))
    audit.record(caller.member_id, "join_link.renewed", registration.pk, network_id=event.network_id)
    return renewed


def _of_remote(registration: Registration) -> tuple[Event, Registration]:
    registration = registration.fresh()
    if not _has_remote_seat(registration):
        raise NoRemoteSeat
    return Event.get(registration.event_id), registration
