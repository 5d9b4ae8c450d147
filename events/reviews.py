"""The last look at a mail about a registration when it is sent: whether it still holds, and which calendar entry goes with it."""

from collections.abc import Callable, Mapping

from flask_babel import force_locale, gettext

from events import calendar, mails, tickets
from events.documents import Event
from events.mails import CANCELLATION, INVITATION, OFFER, REMINDER, STANDING, THANKS
from events.registration_documents import CONFIRMED, Registration
from events.seating import PUBLISHED
from network_api.documents import utcnow
from network_api.mail.message import Addition, Picture


def invitation(registration_id: str) -> Addition | None:
    """A seat, or a new time or place: for who is registered still; with the entry as it is now and the ticket, for a seat."""
    found, event = _of(registration_id)
    if not _stands(found, event):
        return None
    return Addition(_entry(found, event, calendar.REQUEST), _ticket(found)) if _takes_part(found, event) else Addition()


def standing(registration_id: str) -> Addition | None:
    """What holds for a registration: only for who is registered still; who is not has heard so."""
    return Addition() if _stands(*_of(registration_id)) else None


def offer(registration_id: str) -> Addition | None:
    """A seat that is kept for somebody: only while it is."""
    found, event = _of(registration_id)
    return Addition() if _stands(found, event) and found.offer and found.offer.expires_at > utcnow() else None


def cancellation(registration_id: str) -> Addition | None:
    """The end of a registration, or of the theme day: takes the entry away from who was ever given one."""
    found, event = _of(registration_id)
    if found.confirmed_at and not _takes_part(found, event):
        return Addition(_entry(found, event, calendar.CANCEL))
    return Addition()


def reminder(registration_id: str) -> Addition | None:
    """Only for who takes part, and before it begins; with the ticket."""
    found, event = _of(registration_id)
    return Addition(pictures=_ticket(found)) if _takes_part(found, event) and event.starts_at > utcnow() else None


def thanks(registration_id: str) -> Addition | None:
    """Only for who took part."""
    return Addition() if _takes_part(*_of(registration_id)) else None


REVIEWS: Mapping[str, Callable[[str], Addition | None]] = {
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


def _ticket(found: Registration) -> tuple[Picture, ...]:
    """The QR code, for who has a seat on site."""
    link = mails.ticket_link(found)
    if link is None:
        return ()
    with force_locale(found.language):
        return (Picture(link, tickets.as_png(found), gettext("Your ticket as a QR code")),)


def _entry(found: Registration, event: Event, method: str) -> Mapping[str, str]:
    """A calendar beside the text, as mail programs expect it (RFC 6047, section 2.4)."""
    return {f"calendar; method={method}": calendar.own_calendar([(found, event)], method).decode()}
