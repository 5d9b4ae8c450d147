"""The last look at a mail about a registration when it is sent: whether it still holds, and which calendar entry goes with it."""

from collections.abc import Callable, Mapping

from events import calendar
from events.documents import Event
from events.mails import CANCELLATION, INVITATION, OFFER, REMINDER, STANDING, THANKS
from events.registration_documents import CONFIRMED, Registration
from events.seating import PUBLISHED
from network_api.documents import utcnow

Parts = Mapping[str, str] | None


def invitation(registration_id: str) -> Parts:
    """A seat, or a new time or place: for who is registered still, with the entry as it is now where they have a seat."""
    found, event = _of(registration_id)
    if not _stands(found, event):
        return None
    return _part(found, event, calendar.REQUEST) if _takes_part(found, event) else {}


def standing(registration_id: str) -> Parts:
    """What holds for a registration: only for who is registered still; who is not has heard so."""
    return {} if _stands(*_of(registration_id)) else None


def offer(registration_id: str) -> Parts:
    """A seat that is kept for somebody: only while it is."""
    found, event = _of(registration_id)
    return {} if _stands(found, event) and found.offer and found.offer.expires_at > utcnow() else None


def cancellation(registration_id: str) -> Parts:
    """The end of a registration, or of the theme day: takes the entry away from who was ever given one."""
    found, event = _of(registration_id)
    return _part(found, event, calendar.CANCEL) if found.confirmed_at and not _takes_part(found, event) else {}


def reminder(registration_id: str) -> Parts:
    """Only for who takes part, and before it begins."""
    found, event = _of(registration_id)
    return {} if _takes_part(found, event) and event.starts_at > utcnow() else None


def thanks(registration_id: str) -> Parts:
    """Only for who took part."""
    return {} if _takes_part(*_of(registration_id)) else None


REVIEWS: Mapping[str, Callable[[str], Parts]] = {
    INVITATION: invitation,
    STANDING: standing,
    OFFER: offer,
    CANCELLATION: cancellation,
    REMINDER: reminder,
    THANKS: thanks,
}


def _of(registration_id: str) -> tuple[Registration, Event]:
    found = Registration.get(registration_id)
    return found, Event.get(found.event_id)


def _stands(found: Registration, event: Event) -> bool:
    return bool(found.is_live and event.status == PUBLISHED)


def _takes_part(found: Registration, event: Event) -> bool:
    return _stands(found, event) and found.status == CONFIRMED


def _part(found: Registration, event: Event, method: str) -> Mapping[str, str]:
    """A calendar beside the text, as mail programs expect it (RFC 6047, section 2.4)."""
    return {f"calendar; method={method}": calendar.own_calendar([(found, event)], method).decode()}
