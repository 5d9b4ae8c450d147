"""What must hold between theme days and registrations, recounted by `network-api check`."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby, islice
from operator import itemgetter

from bson import ObjectId

from events import materials, retention
from events.attendance import summary
from events.attendance_documents import Attendance
from events.documents import Event
from events.material_documents import MaterialFile
from events.notice_documents import READY, Notice
from events.recounting import Recount
from events.registration_documents import CANCELLED, WAITLISTED, Registration
from network_api.documents import Problem, Row, utcnow

Registrations = list[Row]
_TOGETHER = 100  # the embedded engine compares each entry that it finds with all the ids that are asked for
LATE = timedelta(minutes=10)  # after which no worker seems to come for a notice


def check() -> Iterator[Problem]:
    """Recount the seats, offers, queues and attendance of every theme day, and look for two live registrations of one address."""
    for row in Event.each({}):
        yield from check_event(Event.wrap(row))
    yield from _check_notices()
    yield from _check_files()
    yield from retention.check()


def check_event(event: Event) -> Iterator[Problem]:
    """The same for one theme day, as it was read; in one pass over its registrations, which may be a hundred thousand."""
    recount, entries = Recount(event), 0
    rows = Registration.each({"event_id": event.pk}, sort=[("_id", 1)])
    while some := list(islice(rows, _TOGETHER)):
        ledger = _ledger_of(some)
        entries += sum(len(found) for found in ledger.values())
        for found in some:
            recount.add(found)
            yield from _check_registration(found, ledger.get(found["_id"], []))
    yield from _check_seats(event, recount)
    yield from _check_quotas(event, recount)
    if not recount.has_queue_in_order:
        yield Problem("event_queue", event.slug, "a number each", recount.queue_numbers)
    if recount.live:
        yield from _check_addresses(event)
    if entries != Attendance.collection().count_documents({"event_id": event.pk}):
        yield from _check_ledger(event)


def _ledger_of(registrations: Registrations) -> dict[ObjectId, list[Attendance]]:
    """The entries about these, by registration."""
    ledger: dict[ObjectId, list[Attendance]] = {}
    for row in Attendance.rows({"registration_id": {"$in": [found["_id"] for found in registrations]}}):
        ledger.setdefault(row["registration_id"], []).append(Attendance.wrap(row))
    return ledger


def _check_seats(event: Event, recount: Recount) -> Iterator[Problem]:
    """Seats are taken by the confirmed and those with an offer, never more than there are but for what is overbooked;
    and none is free while somebody waits for it."""
    for mode, seats in event.seats.items():
        where = f"{event.slug} {mode}"
        offered, waiting = recount.offered[mode], recount.waiting[mode]
        taken = recount.confirmed[mode] + offered
        counted = {"taken": taken, "offered": offered, "waiting": waiting}
        stored = {name: seats[name] for name in counted}
        if counted != stored:
            yield Problem("event_seats", where, counted, stored)
        if seats.capacity is not None:
            used = taken + event.set_apart(mode)
            if used > seats.capacity + seats.overbooked:
                yield Problem("event_oversold", where, seats.capacity + seats.overbooked, used)
            if seats.available != seats.capacity - used:
                yield Problem("event_available", where, seats.capacity - used, seats.available)
        if event.gives_seats and event.has_somebody_to_seat(mode):
            yield Problem("event_free_seat_while_waiting", where, 0, waiting)
    if event.is_full != event.has_every_mode_full:
        yield Problem("event_is_full", event.slug, event.has_every_mode_full, event.is_full)


def _check_quotas(event: Event, recount: Recount) -> Iterator[Problem]:
    """What a co-host has set apart is either left or held by its people, and none is left while one of them waits."""
    for network_id, partner in event.partners.items():
        for mode in event.seats:
            quota, where = event.quotas.get(network_id, {}).get(mode), f"{event.slug} {mode} of {network_id}"
            left = partner.quota.get(mode, 0) - recount.held_of_quota[network_id, mode]
            waiting = recount.waiting_of_quota[network_id, mode]
            counted = {"unused": left, "waiting": waiting} if quota or mode in partner.quota else None
            stored = {"unused": quota.unused, "waiting": quota.waiting} if quota else None
            if counted != stored:
                yield Problem("event_quota", where, counted, stored)
            if quota and event.gives_seats and quota.unused and quota.waiting:
                yield Problem("event_quota_while_waiting", where, 0, quota.waiting)


def _check_registration(found: Row, ledger: Sequence[Attendance]) -> Iterator[Problem]:
    """Who is waitlisted waits for their mode, or is offered a seat, and not both; what it says about attendance is what follows
    from the ledger; whoever has not cancelled keeps their address."""
    where, place, offer = str(found["_id"]), found.get("waiting_for"), found.get("offer")
    if found["status"] == WAITLISTED and bool(offer) == (place == found["mode"]):
        yield Problem("registration_queue", where, f"waits for {found['mode']}, or has an offer", place)
    if (found["status"] == CANCELLED and (place or offer)) or (place and offer):
        yield Problem("registration_in_two_places", where, "one place", {"waiting_for": place, "offer": offer})
    follows = summary(ledger)
    said = {name: found.get(name) for name in follows}
    if said != follows:
        yield Problem("registration_attendance", where, follows, said)
    if bool(found.get("active")) != (found["status"] != CANCELLED):
        yield Problem("registration_active", where, found["status"] != CANCELLED, found.get("active"))


def _check_addresses(event: Event) -> Iterator[Problem]:
    """No address has two live registrations."""
    live = Registration.each({"event_id": event.pk, "active": True}, sort=[("email_key", 1)])
    twins = sum(len(list(same)) > 1 for _, same in groupby(live, key=itemgetter("email_key")))
    if twins:
        yield Problem("registration_twice", event.slug, 1, f"{twins} addresses more than once")


def _check_ledger(event: Event) -> Iterator[Problem]:
    """Every entry is about a registration of the theme day."""
    rows = Attendance.each({"event_id": event.pk}, sort=[("_id", 1)])
    while some := list(islice(rows, _TOGETHER)):
        known = Registration.by_ids(row["registration_id"] for row in some)
        for row in some:
            found = known.get(row["registration_id"])
            if found is None or found["event_id"] != event.pk:
                yield Problem("attendance_of_nobody", str(row["registration_id"]), "a registration", None)


def _check_notices() -> Iterator[Problem]:
    """Everything that is to be told has been, but for what is due just now."""
    late = Notice.rows({"state": READY, "due_at": {"$lte": utcnow() - LATE}}, sort=[("due_at", 1), ("_id", 1)])
    for row in late:
        yield Problem("notice_overdue", f"{row['kind']} {row['_id']}", "told", row["due_at"].isoformat())


def _check_files() -> Iterator[Problem]:
    """Files that nothing needs are taken away, and every material that has a file has it still."""
    for row in MaterialFile.rows({"unused_at": {"$lte": utcnow() - materials.LATE}}, sort=[("unused_at", 1)]):
        yield Problem("file_unused", str(row["_id"]), "taken away", row["unused_at"].isoformat())
    for row in Event.each({}):
        sent = [found["file_id"] for found in row.get("materials") or () if found.get("file_id")]
        kept = MaterialFile.by_ids(sent)
        for file_id in sent:
            if file_id not in kept or kept[file_id].get("unused_at"):
                yield Problem("file_missing", f"{row['slug']} {file_id}", "kept", kept.get(file_id))
