"""What must hold between theme days and registrations, recounted by `network-api check`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta

from bson import ObjectId

from events import materials, retention
from events.attendance import summary
from events.attendance_documents import Attendance
from events.documents import Event, Partner
from events.material_documents import MaterialFile
from events.notice_documents import READY, Notice
from events.registration_documents import CANCELLED, CONFIRMED, WAITLISTED, Registration
from network_api.documents import Problem, Row, utcnow

Registrations = list[Row]
LATE = timedelta(minutes=10)  # after which no worker seems to come for a notice


def check() -> Iterator[Problem]:
    """Recount the seats, offers, queues and attendance of every theme day, and look for two live registrations of one address."""
    for row in Event.each({}):
        yield from check_event(Event.wrap(row))
    yield from _check_notices()
    yield from _check_files()
    yield from retention.check()


def check_event(event: Event) -> Iterator[Problem]:
    """The same for one theme day, as it was read."""
    registrations = Registration.rows({"event_id": event.pk})
    yield from _check_seats(event, registrations)
    yield from _check_quotas(event, registrations)
    yield from _check_queue(event, registrations)
    yield from _check_attendance(event, registrations)
    live = Counter(found["email_key"] for found in registrations if found["status"] != CANCELLED)
    if twins := [address for address, times in live.items() if times > 1]:
        yield Problem("registration_twice", event.slug, 1, f"{len(twins)} addresses more than once")


def _check_seats(event: Event, registrations: Registrations) -> Iterator[Problem]:
    """Seats are taken by the confirmed and those with an offer, never more than there are but for what is overbooked;
    and none is free while somebody waits for it."""
    for mode, seats in event.seats.items():
        where = f"{event.slug} {mode}"
        confirmed = sum(_has_seat(found, mode) for found in registrations)
        offered = sum(_has_offer(found, mode) for found in registrations)
        waiting = sum(found.get("waiting_for") == mode for found in registrations)
        counted = {"taken": confirmed + offered, "offered": offered, "waiting": waiting}
        stored = {name: seats[name] for name in counted}
        if counted != stored:
            yield Problem("event_seats", where, counted, stored)
        apart = event.set_apart(mode)
        if seats.capacity is not None:
            used = confirmed + offered + apart
            if used > seats.capacity + seats.overbooked:
                yield Problem("event_oversold", where, seats.capacity + seats.overbooked, used)
            if seats.available != seats.capacity - used:
                yield Problem("event_available", where, seats.capacity - used, seats.available)
        if event.gives_seats and event.has_somebody_to_seat(mode):
            yield Problem("event_free_seat_while_waiting", where, 0, waiting)
    if event.is_full != event.has_every_mode_full:
        yield Problem("event_is_full", event.slug, event.has_every_mode_full, event.is_full)


def _has_seat(found: Row, mode: str) -> bool:
    return bool(found["status"] == CONFIRMED and found["mode"] == mode)


def _has_offer(found: Row, mode: str) -> bool:
    return bool((found.get("offer") or {}).get("mode") == mode)


def _check_quotas(event: Event, registrations: Registrations) -> Iterator[Problem]:
    """What a co-host has set apart is either left or held by its people, and none is left while one of them waits."""
    for network_id, partner in event.partners.items():
        theirs = [found for found in registrations if str(found.get("network_id")) == network_id]
        for mode in event.seats:
            quota, where = event.quotas.get(network_id, {}).get(mode), f"{event.slug} {mode} of {network_id}"
            counted = _count_quota(partner, mode, theirs) if quota or mode in partner.quota else None
            stored = {"unused": quota.unused, "waiting": quota.waiting} if quota else None
            if counted != stored:
                yield Problem("event_quota", where, counted, stored)
            if quota and event.gives_seats and quota.unused and quota.waiting:
                yield Problem("event_quota_while_waiting", where, 0, quota.waiting)


def _count_quota(partner: Partner, mode: str, theirs: Registrations) -> Mapping[str, int]:
    held = sum(Registration.wrap(found).holds_of_quota(mode) for found in theirs)
    waiting = sum(found.get("waiting_for") == mode for found in theirs)
    return {"unused": partner.quota.get(mode, 0) - held, "waiting": waiting}


def _check_queue(event: Event, registrations: Registrations) -> Iterator[Problem]:
    """Who waits has a number of their own; who is waitlisted waits for their mode, or is offered a seat, and not both."""
    numbers = [found.get("queue_number") for found in registrations if found.get("waiting_for")]
    if None in numbers or len(set(numbers)) != len(numbers) or any(number > event.queue for number in numbers if number):
        yield Problem("event_queue", event.slug, "a number each", sorted(number or 0 for number in numbers))
    for found in registrations:
        place, offer = found.get("waiting_for"), found.get("offer")
        if found["status"] == WAITLISTED and bool(offer) == (place == found["mode"]):
            yield Problem("registration_queue", str(found["_id"]), f"waits for {found['mode']}, or has an offer", place)
        if (found["status"] == CANCELLED and (place or offer)) or (place and offer):
            yield Problem("registration_in_two_places", str(found["_id"]), "one place", {"waiting_for": place, "offer": offer})


def _check_attendance(event: Event, registrations: Registrations) -> Iterator[Problem]:
    """What a registration says about attendance is what follows from the ledger, and every entry is about one of them."""
    ledger: dict[ObjectId, list[Attendance]] = {}
    for row in Attendance.rows({"event_id": event.pk}):
        ledger.setdefault(row["registration_id"], []).append(Attendance.wrap(row))
    for found in registrations:
        follows = summary(ledger.pop(found["_id"], ()))
        said = {name: found.get(name) for name in follows}
        if said != follows:
            yield Problem("registration_attendance", str(found["_id"]), follows, said)
    for registration_id in ledger:
        yield Problem("attendance_of_nobody", str(registration_id), "a registration", None)


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
