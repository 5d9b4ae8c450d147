"""Verbs that register several people: colleagues by one contact, and people whom a coordinator imports. All by the one gate."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from events import admission, mails, people_tables
from events.documents import Event
from events.errors import EventFull
from events.registration import admit_for
from events.registration_documents import AlreadyRegistered, Registration
from events.registration_schemas import RegistrationRequest
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import Row, transactional
from network_api.errors import Conflict, DomainError, Invalid
from network_api.mail import outbox

MOST_COLLEAGUES = 20
CONFIRMED, WAITLISTED, REFUSED = IMPORT_RESULTS = ("confirmed", "waitlisted", "refused")


def register_group(caller: Caller, event: Event, given: Mapping[str, Any]) -> Row:
    """Register the people that a contact names, all or nobody; with `partial` those who can be. The contact is told by mail.

    Raises Invalid for an address named twice; unless `partial`, what the first who cannot be registered is refused with.
    """
    people = [{**person, "wait": given["wait"]} for person in given["people"]]
    _require_different([person["email"] for person in people])
    with event.turn():
        results = (_some if given["whoever_can"] else _all)(caller, event, people, given["contact"])
    registered = sum(result["registration"] is not None for result in results)
    return {"registered": registered, "refused": len(results) - registered, "people": results}


def _require_different(addresses: Iterable[str]) -> None:
    seen: set[str] = set()
    for number, address in enumerate(addresses):
        if email_key(address) in seen:
            raise Invalid(errors={f"people.{number}.email": ["This address is named twice."]})
        seen.add(email_key(address))


@transactional
def _all(caller: Caller, event: Event, people: list[dict[str, Any]], contact: Mapping[str, str]) -> list[dict[str, Any]]:
    """Everybody and the mail to the contact, or nothing of it."""
    results = []
    for number, person in enumerate(people):
        try:
            results.append(_registered(_admit(caller, event, person)))
        except DomainError as error:
            error.errors = {f"people.{number}.{name}": said for name, said in (error.errors or {"email": [error.detail]}).items()}
            raise
    _tell_contact(event, contact, results)
    return results


def _some(caller: Caller, event: Event, people: list[dict[str, Any]], contact: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each by themselves; the contact is told in the end."""
    results = []
    for person in people:
        try:
            results.append(_registered(_admit(caller, event, person)))
        except (Conflict, Invalid) as error:
            refused = {"registration": None, "code": error.code, "detail": _sentence(error)}
            results.append({"email": person["email"], **refused})
    _tell_contact(event, contact, results)
    return results


def _admit(caller: Caller, event: Event, person: Mapping[str, Any]) -> Row:
    asked = admission.apply(caller, event, person, admission.member_of_address(person["email"]))
    return admit_for(caller, event, asked)


def _registered(row: Row) -> dict[str, Any]:
    return {"email": row["email"], "registration": row, "code": None, "detail": None}


def _sentence(error: DomainError) -> str:
    """The detail with the fields at fault."""
    return " ".join((error.detail, *_faults(error.errors or {})))


def _faults(errors: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """What is wrong, by field; those of a part as `organisation.type`."""
    for name, said in errors.items():
        if isinstance(said, Mapping):
            yield from _faults(said, f"{within}{name}.")
        else:
            yield f"{within}{name}: {' '.join(map(str, said))}"


@transactional
def _tell_contact(event: Event, contact: Mapping[str, str], results: list[dict[str, Any]]) -> None:
    registered = [result["registration"] for result in results if result["registration"]]
    if registered:
        outbox.put(mails.group_registered(contact, registered, event))


def import_people(caller: Caller, event: Event, content: bytes, query: Mapping[str, Any]) -> Row:
    """Register the people of a table, each by itself: also before registration opens and after it has closed.

    The same table again changes nothing: who is registered is refused as such. A dry run tells what would become of each as
    things are now, and writes nothing. Raises Invalid for what is no table of people.
    """
    simulated = _Simulation(event) if query["dry_run"] else None
    rows = []
    for number, person in people_tables.read(content):
        told = {"mode": query["mode"], **person, "wait": query["wait"]}
        rows.append({"line": number, "email": person.get("email"), **_import(caller, event, told, simulated)})
    counts = {result: sum(row["result"] == result for row in rows) for result in IMPORT_RESULTS}
    return {"dry_run": query["dry_run"], **counts, "rows": rows}


def _import(caller: Caller, event: Event, told: Mapping[str, Any], simulated: "_Simulation | None") -> dict[str, Any]:
    try:
        person: Mapping[str, Any] = RegistrationRequest().load(told)
        member = admission.member_of_address(person["email"])
        asked = admission.apply(caller, event, person, member, by_coordinator=True)
        if simulated:
            return {"result": simulated.admit(asked), "code": None, "detail": None, "registration_id": None}
        with event.turn():
            row = admit_for(caller, event, asked)
    except ValidationError as error:
        return _refused(Invalid(errors=error.messages_dict))
    except (Conflict, Invalid) as error:
        return _refused(error)
    return {"result": row["status"], "code": None, "detail": None, "registration_id": row["_id"]}


def _refused(error: DomainError) -> dict[str, Any]:
    return {"result": REFUSED, "code": error.code, "detail": _sentence(error), "registration_id": None}


class _Simulation:
    """What would become of people who come one after the other now: the seats that are free or set apart, and the queues."""

    def __init__(self, event: Event) -> None:
        self.event, self.seen = event, set[str]()
        self.free = {mode: 0 if seats.waiting else seats.available for mode, seats in event.seats.items()}
        self.apart = {
            (network_id, mode): 0 if quota.waiting else quota.unused
            for network_id, quotas in event.quotas.items()
            for mode, quota in quotas.items()
        }

    def admit(self, asked: admission.Application) -> str:
        """What would become of the next. Raises AlreadyRegistered, EventFull."""
        found = asked.registration
        key = email_key(found.email)
        if key in self.seen or Registration.twin(self.event.pk, found.email):
            raise AlreadyRegistered
        has_seat = self._takes_seat(found)
        if not has_seat and not asked.wait:
            raise EventFull
        self.seen.add(key)
        return CONFIRMED if has_seat else WAITLISTED

    def _takes_seat(self, found: Registration) -> bool:
        """Whether there is a seat, first of those set apart for the person's network; it is taken then."""
        apart, free = (str(found.network_id), found.mode), self.free[found.mode]
        if self.apart.get(apart, 0) > 0:
            self.apart[apart] -= 1
        elif free is None:
            return True
        elif free <= 0:
            return False
        else:
            self.free[found.mode] = free - 1
        return True
