"""Check-ins: scanned tickets, one by one or, from a scanner that had no network, many at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any

from events import attendance, tickets
from events.attendance_documents import TICKET, Attendance
from events.documents import Event
from events.registration_documents import Registration
from events.seating import ONSITE
from network_api.auth.caller import Caller
from network_api.documents import AlreadyExists, Row, transactional, utcnow
from network_api.errors import Conflict, DomainError

RECORDED = "recorded"


class TicketWrongEvent(Conflict):
    """A genuine ticket, for another theme day."""

    code = "ticket_wrong_event"
    detail = "This ticket is for another theme day."


class TicketRevoked(Conflict):
    """The registration that it was for has newer links, or is gone."""

    code = "ticket_revoked"
    detail = "This ticket is no longer valid."


class TicketOtherMode(Conflict):
    """The person has gone over to a remote seat."""

    code = "ticket_other_mode"
    detail = "This person has a remote seat now. Mark them present by hand if they have come after all."


class AlreadyCheckedIn(Conflict):
    """The ticket has been used."""

    code = "already_checked_in"
    detail = "This ticket has been checked in already."

    def __init__(self, entry: Attendance) -> None:
        self.entry = entry
        super().__init__(errors={"at": [entry.at.isoformat().replace("+00:00", "Z")]})


class NonceReused(Conflict):
    """A scanner makes a nonce for each scan."""

    code = "nonce_reused"
    detail = "This nonce belongs to the scan of another ticket."


def check_in(caller: Caller, event: Event, scan: Mapping[str, Any]) -> Attendance:
    """Let the holder of a ticket in; the same nonce again is the same scan, and gets the same answer.

    Raises TicketInvalid, TicketWrongEvent, TicketRevoked, EventCancelled, RegistrationCancelled, RegistrationWaits,
    TicketOtherMode, AlreadyCheckedIn, NonceReused, Invalid: the first that holds.
    """
    ticket = tickets.read(scan["code"])
    if ticket.event_id != event.pk:
        raise TicketWrongEvent
    at = scan.get("scanned_at") or utcnow()
    attendance.require_past(at, "scanned_at")
    try:
        return _let_in(caller, ticket, scan.get("nonce") or token_hex(16), at)
    except AlreadyExists as error:
        raise NonceReused from error


@transactional
def _let_in(caller: Caller, ticket: tickets.Ticket, nonce: str, at: datetime) -> Attendance:
    event = Event.get(ticket.event_id)
    registration = Registration.first({"_id": ticket.registration_id})
    if registration is None or registration.nonce != ticket.nonce:
        raise TicketRevoked
    attendance.require_seat(event, registration)
    if registration.mode != ONSITE:
        raise TicketOtherMode
    entry, is_new = attendance.record(registration, TICKET, ONSITE, cause=nonce, at=at, by=caller.member_id)
    if is_new:
        attendance.note_write(caller, event, entry)
    elif entry.cause != nonce:
        raise AlreadyCheckedIn(entry)
    return entry


def check_in_all(caller: Caller, event: Event, scans: Iterable[Mapping[str, Any]]) -> list[Row]:
    """What became of each scan, in their order. Each stands for itself; all of them can be sent again."""
    return [_result(caller, event, scan) for scan in scans]


def _result(caller: Caller, event: Event, scan: Mapping[str, Any]) -> Row:
    try:
        entry = check_in(caller, event, scan)
    except AlreadyCheckedIn as error:
        return {"nonce": scan["nonce"], "result": error.code, "detail": error.detail, "entry": attendance.shown(error.entry)}
    except DomainError as error:
        return {"nonce": scan["nonce"], "result": error.code, "detail": error.detail}
    return {"nonce": scan["nonce"], "result": RECORDED, "entry": attendance.shown(entry)}
