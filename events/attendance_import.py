"""The report of a meeting platform, entered into the ledger: each participant by their address."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from bson import ObjectId

from events import attendance
from events.attendance_documents import REPORT, Attendance
from events.documents import Event
from events.errors import EventCancelled
from events.meeting_reports import Seen, minutes_together, read
from events.registration_documents import CONFIRMED, Registration
from events.seating import CANCELLED, REMOTE
from network_api import audit
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import Row, transactional, utcnow

RECORDED, UNCHANGED, UNMATCHED = RESULTS = ("recorded", "unchanged", "unmatched")
NO_ADDRESS, NOT_REGISTERED, NO_SEAT = REASONS = ("no_address", "not_registered", "no_seat")
_AT_ONCE = 500  # addresses in one query
_IN_ONE_TRANSACTION = 50  # people


class Came(NamedTuple):
    """A participant in the remote room, as a report tells."""

    registration: Registration
    cause: str
    minutes: int | None


def import_report(caller: Caller, event: Event, content: bytes, *, dry_run: bool) -> dict[str, Any]:
    """Enter who was in the remote room, as the report tells; what became of each person.

    Several joins of one person are one entry with the minutes together. The same report again changes nothing, also where
    an entry has been voided since; another part of the day is an entry of its own. A dry run writes nothing. What was
    interrupted is sent again and goes on. Raises EventCancelled, ReportNotReadable.
    """
    if event.status == CANCELLED:
        raise EventCancelled
    seen = read(content)
    people = _live(event.pk, {address for row in seen for address in row.addresses})
    known = {row["cause"] for row in Attendance.rows({"event_id": event.pk, "source": REPORT})}
    new: list[Came] = []
    results = [_result(found, rows, known, new) for found, rows in _by_person(seen, people)]
    if not dry_run:
        for start in range(0, len(new), _IN_ONE_TRANSACTION):
            _enter(caller, event, new[start : start + _IN_ONE_TRANSACTION])
    results.sort(key=itemgetter("line"))
    counts = {name: sum(result["result"] == name for result in results) for name in RESULTS}
    return {"dry_run": dry_run, **counts, "rows": results}


def _live(event_id: ObjectId, addresses: set[str]) -> dict[str, Registration]:
    """The registrations with these addresses, by their compared form."""
    keys, found = sorted(map(email_key, addresses)), {}
    for start in range(0, len(keys), _AT_ONCE):
        some = {"event_id": event_id, "email_key": {"$in": keys[start : start + _AT_ONCE]}, "active": True}
        found.update({row["email_key"]: Registration.wrap(row) for row in Registration.rows(some)})
    return found


def _by_person(seen: Iterable[Seen], people: Mapping[str, Registration]) -> Iterator[tuple[Registration | None, list[Seen]]]:
    """The rows of each person: of a registration, else of an address, else of a name."""
    groups: dict[Any, tuple[Registration | None, list[Seen]]] = {}
    for row in seen:
        found = next((people[key] for key in map(email_key, row.addresses) if key in people), None)
        group = found.pk if found else row.addresses[0] if row.addresses else row.name
        groups.setdefault(group, (found, []))[1].append(row)
    yield from groups.values()


def _result(found: Registration | None, rows: list[Seen], known: set[str], new: list[Came]) -> Row:
    """What becomes of one person; who is to be entered is added to `new`."""
    first, minutes = rows[0], minutes_together(rows)
    said = {"line": first.line, "name": first.name, "email": next(iter(first.addresses), None), "minutes": minutes}
    if found is None or found.status != CONFIRMED:
        reason = NO_SEAT if found else NOT_REGISTERED if first.addresses else NO_ADDRESS
        return {**said, "result": UNMATCHED, "reason": reason}
    came = Came(found, _cause(found, rows), minutes)
    if came.cause not in known:
        new.append(came)
    return {**said, "result": UNCHANGED if came.cause in known else RECORDED, "registration_id": found.pk}


def _cause(found: Registration, rows: Iterable[Seen]) -> str:
    """What the report has about a person, whatever its file looks like."""
    digest = hashlib.sha256(repr(sorted(row.cells for row in rows)).encode()).hexdigest()
    return f"{found.pk}:{digest}"


@transactional
def _enter(caller: Caller, event: Event, people: Iterable[Came]) -> None:
    """Some of them at once. The report's instants have no zone, so an entry is for the start of the theme day."""
    at, entered = min(event.starts_at, utcnow()), 0
    for registration, cause, minutes in people:
        told = {"cause": cause, "at": at, "minutes": minutes, "by": caller.member_id}
        entered += attendance.record(registration, REPORT, REMOTE, **told)[1]
    said = {"entries": {"before": 0, "after": entered}}
    audit.record(caller.member_id, "attendance.imported", event.pk, network_id=event.network_id, changes=said)
