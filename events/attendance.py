"""Verbs of the ledger of attendance: record, mark by hand, void; what a registration says follows from its entries."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from events import webhooks
from events.attendance_documents import MANUAL, REPORT, TICKET, Attendance
from events.documents import Event
from events.errors import EventCancelled
from events.registration_documents import CANCELLED, CONFIRMED, Registration, RegistrationCancelled
from events.seating import CANCELLED as EVENT_CANCELLED
from events.seating import ONSITE, REMOTE
from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Page, Row, transactional, utcnow
from network_api.errors import Conflict, Invalid

TOLERANCE_SECONDS = 300  # how far the clock of a scanner may be ahead of ours
UNDONE = "Undone at the check-in"  # why an entry counts no longer that was made there by mistake
QR, BY_HAND, SEEN_REMOTELY = METHODS = ("qr", "manual", "remote")


class RegistrationWaits(Conflict):
    """Who waits for a seat has none to take."""

    code = "registration_waitlisted"
    detail = "This person is on the waiting list. Give them a seat first."


def require_seat(event: Event, registration: Registration) -> None:
    """Raises EventCancelled, RegistrationCancelled, RegistrationWaits: who has no seat cannot have taken it."""
    if event.status == EVENT_CANCELLED:
        raise EventCancelled
    if registration.status == CANCELLED:
        raise RegistrationCancelled
    if registration.status != CONFIRMED:
        raise RegistrationWaits


def require_past(moment: datetime, field: str) -> None:
    """Raises Invalid for an instant that has not come yet."""
    if (moment - utcnow()).total_seconds() > TOLERANCE_SECONDS:
        raise Invalid(errors={field: ["This is in the future."]})


@transactional
def record(
    registration: Registration,
    source: str,
    mode: str,
    *,
    cause: str | None = None,
    at: datetime | None = None,
    minutes: int | None = None,
    by: ObjectId | None = None,
) -> tuple[Attendance, bool]:
    """Enter into the ledger that somebody came; the entry, and whether it is a new one.

    The same cause is entered once. A ticket, the door and a mark by hand say one thing each, so while one such entry
    holds, that one is returned. Each transaction that enters something writes the registration as well, so two at once
    go one after the other. Raises AlreadyExists for another person's cause.
    """
    entries = Attendance.of(registration.pk)
    for entry in entries:
        if entry.source == source and (entry.cause == cause or (source != REPORT and entry.holds)):
            return entry, False
    made = Attendance(
        event_id=registration.event_id,
        registration_id=registration.pk,
        source=source,
        cause=cause or f"{registration.pk}:{len(entries)}",
        mode=mode,
        at=at or utcnow(),
        minutes=minutes,
        recorded_by=by,
    ).insert()
    registration.note_attendance(summary([*entries, made]))
    if not entries:
        webhooks.tell_of_registration(webhooks.ATTENDED, registration, Event.get(registration.event_id).network_id)
    return made, True


def summary(entries: Iterable[Attendance]) -> dict[str, Any]:
    """What a registration says about attendance: the first entry that holds, and the minutes of the reports together.

    Who was on site was there for the whole day, whatever a report says about a meeting that was open beside it.
    """
    holding = sorted((entry for entry in entries if entry.holds), key=lambda entry: (entry.at, entry.pk))
    told = [entry.minutes for entry in holding if entry.minutes is not None]
    onsite = any(entry.mode == ONSITE for entry in holding)
    return {
        "attended_at": holding[0].at if holding else None,
        "attended_mode": (ONSITE if onsite else REMOTE) if holding else None,
        "attended_minutes": sum(told) if told and not onsite else None,
    }


@transactional
def mark(caller: Caller, registration: Registration, given: Mapping[str, Any]) -> tuple[Attendance, bool]:
    """A coordinator's word that somebody came. Raises EventCancelled, RegistrationCancelled, RegistrationWaits, Invalid."""
    registration = registration.fresh()
    event = Event.get(registration.event_id)
    require_seat(event, registration)
    at = given.get("at") or utcnow()
    require_past(at, "at")
    source, mode = {
        QR: (TICKET, ONSITE),
        BY_HAND: (MANUAL, registration.mode),
        SEEN_REMOTELY: (MANUAL, REMOTE),
    }[given["method"]]
    entry, is_new = record(registration, source, mode, at=at, by=caller.member_id)
    if is_new:
        note_write(caller, event, entry)
    return entry, is_new


def note_write(caller: Caller, event: Event, entry: Attendance) -> None:
    """A coordinator's entry, in the audit log."""
    said = {"source": {"before": None, "after": entry.source}, "at": {"before": None, "after": entry.at}}
    audit.record(caller.member_id, "attendance.recorded", entry.registration_id, network_id=event.network_id, changes=said)


@transactional
def void(caller: Caller, entry: Attendance, reason: str, version: int | None) -> Attendance:
    """Let an entry count no longer, with the reason. Raises AttendanceVoided, StaleVersion."""
    voided, differing = entry.fresh(version).void(caller.member_id, reason)
    registration = Registration.get(voided.registration_id)
    registration.note_attendance(summary(Attendance.of(registration.pk)))
    event = Event.get(voided.event_id)
    audit.record(caller.member_id, "attendance.voided", voided.registration_id, network_id=event.network_id, changes=differing)
    return voided


@transactional
def anonymise(registration: Registration) -> None:
    """Take out of a registration, and of what the ledger and the audit log say about it, who it was; that somebody came stays."""
    registration.anonymise()
    for entry in Attendance.of(registration.pk):
        entry.forget_reason()
    audit.forget_values(registration.pk)


def find_entries(event: Event, query: Mapping[str, Any]) -> Page:
    """A theme day's entries in the order in which they were made, each with the name of the person."""
    source = {"source": query["source"]} if "source" in query else {}
    page = Attendance.page({"event_id": event.pk, **source}, **query["paging"])
    people = Registration.by_ids(row["registration_id"] for row in page.items)
    items: list[Row] = [{**row, "name": people[row["registration_id"]]["name"]} for row in page.items]
    return Page(items, page.next, page.total)


def shown(entry: Attendance) -> Row:
    """An entry with the name of the person."""
    return {**entry.to_mongo(), "name": Registration.get(entry.registration_id).name}
