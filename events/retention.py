"""How long what is known about participants is kept, and the job that takes it out when its term is over.

Purpose and term of every field stand in the register (`privacy.py`; GDPR, article 5(1)(b) and (e)). Terms are settings, in
days from the end of the theme day. What has no such term tells nothing about a person once the others are gone: the figures
are made of it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from events import attendance
from events.documents import HELD, NEEDS_HELD, REGISTRATIONS_HELD, Event
from events.needs_documents import Needs
from events.privacy import NEEDED, REGISTER, REGISTERED
from events.registration_documents import ERASED, Registration
from events.retention_documents import RetentionProof
from network_api.documents import BaseDocument, Problem, Row, transactional, utcnow
from network_api.privacy import Term

GROUP = 50  # people whom one transaction takes out
MOST_AT_ONCE = 50  # theme days in one run of the job
GRACE = timedelta(days=1)  # after which `network-api check` misses the job
TERMS: Mapping[str, Term] = {NEEDS_HELD: NEEDED, REGISTRATIONS_HELD: REGISTERED}


class Overtaken(Exception):
    """Another worker has gone on from the same place: what this one was about to do is done."""


def term(kind: str) -> timedelta:
    """How long a kind of data is kept after the end of its theme day."""
    return TERMS[kind].length


def apply_due(now: datetime) -> None:
    """Take out what is kept longer than its term; what one run does not come to, the next does."""
    for kind in HELD:
        for row in _ended_before(kind, now - term(kind), MOST_AT_ONCE):
            _apply(row["_id"], kind, row["ends_at"])


def _ended_before(kind: str, moment: datetime, most: int = 0) -> list[Row]:
    return Event.rows({"held": kind, "ends_at": {"$lte": moment}}, sort=[("ends_at", 1)], limit=most)


def _apply(event_id: ObjectId, kind: str, ends_at: datetime) -> None:
    proof = RetentionProof.of(event_id, kind, ends_at)
    with suppress(Overtaken):
        while proof.done_at is None:
            proof = _apply_to_some(proof)
        Event.release(event_id, kind, ends_at)


@transactional
def _apply_to_some(proof: RetentionProof) -> RetentionProof:
    """Take out the next group, and note the place that was come to: both, or neither. Raises Overtaken."""
    document, take_out = _KINDS[proof.kind]
    beyond = {"_id": {"$gt": proof.after}} if proof.after else {}
    group = document.rows({"event_id": proof.event_id, **beyond}, sort=[("_id", 1)], limit=GROUP)
    people = sum(take_out(row) for row in group)
    advanced = proof.advance(group[-1]["_id"] if group else proof.after, people, done=len(group) < GROUP)
    if advanced is None:
        raise Overtaken
    return advanced


def _take_out_needs(row: Row) -> bool:
    return Needs.remove({"_id": row["_id"]})


def _take_out_person(row: Row) -> bool:
    """Whether there was somebody: who was erased before is nobody any more."""
    if row["email"].startswith(ERASED):
        return False
    attendance.anonymise(Registration.wrap(row))
    return True


_KINDS: Mapping[str, tuple[type[BaseDocument], Callable[[Row], bool]]] = {
    NEEDS_HELD: (Needs, _take_out_needs),
    REGISTRATIONS_HELD: (Registration, _take_out_person),
}


def check() -> Iterator[Problem]:
    """Nothing is kept longer than its term and a day."""
    for kind in HELD:
        for row in _ended_before(kind, utcnow() - term(kind) - GRACE):
            yield Problem("retention_overdue", f"{kind} of {row['slug']}", "taken out", row["ends_at"].isoformat())


def terms_of(event: Event) -> Row:
    """What is kept of a theme day's people, until when, and what has been taken out."""
    proofs = {proof["kind"]: proof for proof in RetentionProof.rows({"event_id": event.pk, "ends_at": event.ends_at})}
    return {"kinds": [_term_of(event, kind, proofs.get(kind, {})) for kind in HELD]}


def _term_of(event: Event, kind: str, proof: Row) -> dict[str, Any]:
    return {
        "kind": kind,
        "days": term(kind).days,
        "due_at": event.ends_at + term(kind),
        **{name: proof.get(name) for name in ("started_at", "done_at", "people")},
        "kept": [
            {"name": f"{holding.name.lower()}: {field.names}", "purpose": field.purpose}
            for holding in REGISTER
            for field in holding.personal
            if field.term == TERMS[kind]
        ],
    }
