"""The door to the remote room: when it is open, and who goes in."""

from datetime import datetime, timedelta

from events.documents import Event
from events.registration_documents import CANCELLED, CONFIRMED, Registration
from events.seating import CANCELLED as EVENT_CANCELLED
from events.seating import REMOTE
from network_api.documents import transactional, utcnow

CLOSED_YET, OPEN_NOW, OVER, NO_ROOM, NO_SEAT, REGISTRATION_CANCELLED, CALLED_OFF = (
    "early",
    "open",
    "over",
    "no-room",
    "no-seat",
    "registration-cancelled",
    "event-cancelled",
)


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
            NO_SEAT: registration.status != CONFIRMED or registration.mode != REMOTE,
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


@transactional
def enter(registration: Registration) -> str | None:
    """The address of the remote room for a participant at an open door, with the attendance noted once; else None."""
    registration = registration.fresh()
    event = Event.get(registration.event_id)
    if state_of_door(registration, event) != OPEN_NOW:
        return None
    registration.attend(REMOTE)
    room: str = event.remote.join_url
    return room
