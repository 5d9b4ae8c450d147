"""Telling everybody who is registered: that time or place changed, that it is cancelled, that it is soon, and thank you.

The notice is stored in the transaction of what it tells, and a worker writes the mails in groups, each group with the
place it has come to in one transaction. Reminders and thanks are planned as notices that are due later.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from bson import ObjectId

from events import mails
from events.documents import Event
from events.notice_documents import CANCELLED, CHANGED, READY, REMINDER, THANKS, Notice
from events.registration_documents import CONFIRMED, Registration
from events.seating import MODES, PUBLISHED
from network_api import jobs
from network_api.documents import session, transactional, utcnow
from network_api.mail import outbox
from network_api.mail.message import MailMessage

GROUP = 50  # mails that one transaction writes
TASK = "events.tell"
PLANNED_BY = ("status", "starts_at", "ends_at", "reminder_hours", "thanks_hours")
_MAILS: Mapping[str, Callable[[Registration, Event, str], MailMessage]] = {
    CHANGED: mails.event_changed,
    CANCELLED: mails.event_cancelled,
    REMINDER: mails.reminder,
    THANKS: mails.thanks,
}


class LeaseLost(Exception):
    """Another worker has taken the notice: what this one was about to write must not be."""


def tell_of_change(event: Event, modes: Iterable[str] = MODES) -> None:
    """Tell those of these modes of a new time or place, in the running transaction.

    Two changes before a worker comes are told as one, to all whom either concerns.
    """
    waiting = {"event_id": event.pk, "kind": CHANGED, "state": READY, "fence": 0}
    more = {"$set": {"planned_for": utcnow()}, "$addToSet": {"modes": {"$each": sorted(modes)}}}
    if Notice.change(waiting, more) is None:
        _announce(Notice(event_id=event.pk, kind=CHANGED, modes=sorted(modes)))


def tell_of_cancellation(event: Event) -> None:
    """Tell that a theme day is called off, in the running transaction."""
    _announce(Notice(event_id=event.pk, kind=CANCELLED))


def _announce(notice: Notice) -> None:
    jobs.wake(TASK, str(notice.insert().pk))


def plan(event: Event) -> None:
    """Plan its reminders and thanks anew, in the running transaction: what is not due yet, and only while it takes place."""
    planned = {"event_id": event.pk, "kind": {"$in": [REMINDER, THANKS]}, "state": READY, "fence": 0}
    Notice.collection().delete_many(planned, session=session())
    now = utcnow()
    for kind, moment in _moments(event) if event.status == PUBLISHED else ():
        if moment > now:
            Notice(event_id=event.pk, kind=kind, planned_for=moment, due_at=moment).insert()


def _moments(event: Event) -> Iterator[tuple[str, datetime]]:
    for hours in sorted(set(event.reminder_hours)):
        yield REMINDER, event.starts_at - timedelta(hours=hours)
    if event.thanks_hours is not None:
        yield THANKS, event.ends_at + timedelta(hours=event.thanks_hours)


def tell(notice_id: ObjectId) -> None:
    """Write the mails of a notice that is due, group after group; nothing where another worker does."""
    notice = Notice.claim(notice_id)
    try:
        while notice is not None and notice.state == READY:
            notice = _tell_some(notice)
    except LeaseLost:
        return


@transactional
def _tell_some(notice: Notice) -> Notice:
    """Write the mails of the next group, and note the place that was come to: both, or neither. Raises LeaseLost."""
    event = Event.get(notice.event_id)
    beyond = {"_id": {"$gt": notice.after}} if notice.after else {}
    group = Registration.rows({"event_id": event.pk, **beyond}, sort=[("_id", 1)], limit=GROUP)
    attended = notice.kind == THANKS and _has_attendance(event)
    told = [found for found in map(Registration.wrap, group) if _concerns(notice, found, attended=attended)]
    after = group[-1]["_id"] if group else notice.after
    advanced = notice.advance(after, len(told), done=len(group) < GROUP)
    if advanced is None:
        raise LeaseLost
    for found in told:
        outbox.put(_MAILS[notice.kind](found, event, f"notice:{notice.pk}"))
    return advanced


def _concerns(notice: Notice, found: Registration, *, attended: bool) -> bool:
    """Whether a notice is for this registration; who came later has heard it as it is now.

    Thanks are for who attended; where nobody noted who did, for everybody who had a seat.
    """
    if found.created_at > notice.planned_for or not found.is_live or found.modes.isdisjoint(notice.modes):
        return False
    if notice.kind in (REMINDER, THANKS) and found.status != CONFIRMED:
        return False
    return bool(found.attended_at) if attended else True


def _has_attendance(event: Event) -> bool:
    return Registration.row({"event_id": event.pk, "attended_at": {"$ne": None}}) is not None
