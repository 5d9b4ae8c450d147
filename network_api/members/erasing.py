"""Erasing a person: one feature after the other, the last first, each in one transaction with the note that it is done.

Whoever asked waits for the end of it. If their request is killed, a job goes on where it stopped; of two workers that come
to one step, one does it. So what was asked for once is done, and each step once.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from network_api.auth.documents import AccessToken
from network_api.documents import Problem, Row, transactional, utcnow
from network_api.feature import Person, features
from network_api.members.documents import Member
from network_api.members.erasure_documents import Erasure

GRACE = timedelta(hours=1)  # after which `network-api check` misses the job


class Overtaken(Exception):
    """Another worker has done the step that this one was about to do."""


def erase(member: Member) -> Row:
    """Erase a member from every feature; the receipt names nobody."""
    return receipt_of(_go_on(begin(member)))


@transactional
def begin(member: Member) -> Erasure:
    """Note that somebody is to be erased, and sign them out everywhere: from here on it is certain."""
    closed = sum(AccessToken.close(token["_id"]) for token in AccessToken.rows({"member_id": member.pk}))
    steps = [feature.name for feature in reversed(features())]
    return Erasure.of(member.pk, member.email_key, steps, {AccessToken.__name__: closed})


def go_on_with_all() -> None:
    """Go on with erasures whose request or worker was killed."""
    for row in Erasure.rows({"running": True}):
        _go_on(Erasure.wrap(row))


def _go_on(erasure: Erasure) -> Erasure:
    while erasure.left:
        with suppress(Overtaken):
            _next_step(erasure)
        erasure = Erasure.of_receipt(erasure.pk)
    return erasure


@transactional
def _next_step(erasure: Erasure) -> None:
    """Erase what the next feature holds, and note it: both, or neither. Raises Overtaken."""
    person = Person(erasure.member_id, erasure.email_key)
    [feature] = [feature for feature in features() if feature.name == erasure.left[0]]
    erased = feature.erase_person(person)
    if erasure.advance({document.__name__: int(number) for document, number in erased.items()}) is None:
        raise Overtaken


def find_receipt(receipt: str) -> Row:
    """What became of an erasure. Raises NotFound."""
    return receipt_of(Erasure.of_receipt(receipt))


def receipt_of(erasure: Erasure) -> Row:
    """What was erased, and what stays where there was any of it, and why."""
    holdings = [holding for feature in features() for holding in feature.register if holding.after_erasure]
    return {
        "receipt": erasure.pk,
        "state": "running" if erasure.left else "done",
        "erased_at": erasure.finished_at,
        "erased": [{"document": line.document, "number": line.number} for line in erasure.erased],
        "kept": [{"document": holding.name, "why": str(holding.after_erasure)} for holding in holdings],
    }


def check() -> Iterator[Problem]:
    """No erasure is left half done."""
    for row in Erasure.rows({"running": True}):
        if row["created_at"] < utcnow() - GRACE:
            yield Problem("erasure_overdue", f"erasure {row['_id']}", "done", f"{len(row['left'])} features left")
