"""Subscribers from a table, each with the evidence of their consent.

Who has left, bounced, complained or been erased stays out: only they can come back, by confirming a mail. Who has chosen for
themselves keeps their choices. What is written goes group by group, each in one transaction with its entry in the audit
log, so that the same table again, also after a crash, ends the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any, NamedTuple

import marshmallow as ma
from marshmallow import fields, validate

from network_api import audit, tables
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import LONG_AGO, AlreadyExists, Row, transactional, utcnow
from network_api.languages import LANGUAGES
from network_api.schemas import Day, EmailAddress, Line, Schema
from newsletters.documents import Newsletter
from newsletters.schemas import list_of_regions, list_of_sections
from newsletters.subscriptions.documents import (
    ACTIVE,
    FREQUENCIES,
    PAUSED,
    PENDING,
    SUBSCRIPTION_STATES,
    Subscription,
    SubscriptionConsent,
)
from newsletters.subscriptions.suppression import Suppression

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 5000  # a longer table is sent in parts
EXAMPLE = (
    "email,language,sections,regions,consented_at,consent_source\n"
    "aino@example.org,fi,events;news,FI-08,2026-03-04T07:00:00Z,Sign-up sheet of the theme day in March 2026\n"
)
CREATED, UPDATED, SKIPPED = IMPORT_RESULTS = ("created", "updated", "skipped")
IMPORT_REASONS = ("invalid", "duplicate", "no_evidence", "suppressed", "not_active", "chosen_by_person", "unchanged")
_CHOICES = ("language", "sections", "regions", "frequency")
_TOGETHER = 200  # rows in one transaction


class _Cells(fields.List[Any]):
    """Several values in one cell, with semicolons between."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        parts = [part.strip() for part in str(value).split(";")]
        return super()._deserialize([part for part in parts if part], attr, data, **kwargs)


class _Past(fields.Field[datetime]):
    """An instant that has passed; a day counts as its beginning in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            day = len(value) == len("2026-03-04")
            moment = datetime.combine(date.fromisoformat(value), time(), UTC) if day else datetime.fromisoformat(value)
        except ValueError as error:
            raise ma.ValidationError("Write it as 2026-03-04 or 2026-03-04T07:00:00Z.") from error
        if moment.tzinfo is None or not LONG_AGO < moment <= utcnow():
            raise ma.ValidationError("It needs a zone, such as the Z of UTC, and to have passed.")
        return moment.astimezone(UTC).replace(microsecond=0)


class SubscriberRow(Schema):
    """A line of the table."""

    email = EmailAddress(required=True)
    language = fields.String(validate=validate.OneOf(LANGUAGES))
    sections = _Cells(list_of_sections().inner)
    regions = _Cells(list_of_regions().inner)
    frequency = fields.String(validate=validate.OneOf(FREQUENCIES))
    state = fields.String(validate=validate.OneOf(SUBSCRIPTION_STATES), load_default=ACTIVE)
    paused_until = Day()
    consented_at = _Past()
    consent_source = Line()


class _Line(NamedTuple):
    """A line: where it stands, what it says, and what is wrong with it, if anything is."""

    number: int
    email: str | None
    told: Mapping[str, Any]
    reason: str | None = None
    detail: str | None = None

    @property
    def key(self) -> str:
        return email_key(self.email or "")


def import_subscribers(caller: Caller, newsletter: Newsletter, content: bytes, *, dry_run: bool) -> Row:
    """Enter the subscribers of a table; what became of each line.

    A dry run tells what would become of each as things are now, and writes nothing. Raises Invalid for what is no table of
    subscribers.
    """
    known = set(SubscriberRow().fields)
    lines = _without_duplicates(_line(*row) for row in tables.read(content, needed={"email"}, known=known, most=MOST_ROWS))
    results: list[Row] = []
    remaining = iter(lines)
    while some := list(islice(remaining, _TOGETHER)):
        results += _judged(newsletter, some)[0] if dry_run else _entered(caller, newsletter, some)
    counts = {name: sum(result["result"] == name for result in results) for name in IMPORT_RESULTS}
    return {"dry_run": dry_run, **counts, "rows": results}


def _line(number: int, cells: Mapping[str, str]) -> _Line:
    email = cells.get("email")
    try:
        told: Mapping[str, Any] = SubscriberRow().load(cells)
    except ma.ValidationError as error:
        faults = (f"{name}: {' '.join(_sentences(said))}" for name, said in error.messages_dict.items())
        return _Line(number, email, {}, "invalid", " ".join(faults))
    if "consented_at" not in told or "consent_source" not in told:
        return _Line(number, told["email"], told, "no_evidence", "It takes both consented_at and consent_source.")
    if told["state"] not in (ACTIVE, PAUSED):
        return _Line(number, told["email"], told, "not_active", "Only who is active or paused is taken over.")
    return _Line(number, told["email"], told)


def _sentences(said: Any) -> Iterable[str]:
    """What marshmallow says about a field: a list of sentences, or for a list its places, each with one."""
    return (sentence for part in said.values() for sentence in part) if isinstance(said, Mapping) else said


def _without_duplicates(lines: Iterable[_Line]) -> list[_Line]:
    """Of several lines that could be entered for one address, the first."""
    seen: set[str] = set()
    judged = []
    for line in lines:
        twice = line.reason is None and line.key in seen
        judged.append(line._replace(reason="duplicate", detail="An earlier line has this address.") if twice else line)
        if line.reason is None:
            seen.add(line.key)
    return judged


def _entered(caller: Caller, newsletter: Newsletter, lines: Sequence[_Line]) -> list[Row]:
    try:
        return _enter(caller, newsletter, lines)
    except AlreadyExists:  # somebody has subscribed at this moment
        return _enter(caller, newsletter, lines)


@transactional
def _enter(caller: Caller, newsletter: Newsletter, lines: Sequence[_Line]) -> list[Row]:
    results, new, changed = _judged(newsletter, lines)
    Subscription.insert_all(new)
    for row, changes in changed:
        Subscription.alter({"_id": row["_id"], "version": row["version"]}, {"$set": changes, "$inc": {"version": 1}})
    if new or changed:
        entered = {"subscribers": {"before": None, "after": {CREATED: len(new), UPDATED: len(changed)}}}
        network_id = newsletter.network_id
        audit.record(caller.member_id, "subscribers.imported", newsletter.pk, network_id=network_id, changes=entered)
    return results


Judged = tuple[list[Row], list[Subscription], list[tuple[Row, dict[str, Any]]]]


def _judged(newsletter: Newsletter, lines: Sequence[_Line]) -> Judged:
    """What becomes of each line as things are, whom it makes, and what it changes of whom."""
    keys = [line.key for line in lines if line.reason is None]
    there = {row["email_key"]: row for row in Subscription.rows({"newsletter_id": newsletter.pk, "email_key": {"$in": keys}})}
    suppressed = Suppression.among(newsletter.pk, keys)
    results: list[Row] = []
    new: list[Subscription] = []
    changed: list[tuple[Row, dict[str, Any]]] = []
    for line in lines:
        row = there.get(line.key)
        result, reason = SKIPPED, line.reason
        if reason is None and line.key in suppressed:
            reason = "suppressed"
        elif reason is None and row is None:
            new.append(_new(newsletter, line))
            result = CREATED
        elif reason is None and row is not None:
            changes, reason = _changes(row, line)
            if changes:
                changed.append((row, changes))
                result = UPDATED
        results.append({"line": line.number, "email": line.email, "result": result, "reason": reason, "detail": line.detail})
    return results, new, changed


def _changes(row: Row, line: _Line) -> tuple[dict[str, Any], str | None]:
    """What a line changes of a subscription that is there, or why nothing."""
    if row["state"] == PENDING:
        return {"state": ACTIVE, "state_since": utcnow(), "consent": _consent(line).to_mongo()}, None
    if row["state"] not in (ACTIVE, PAUSED):
        return {}, "suppressed"
    named = {name: line.told[name] for name in _CHOICES if name in line.told}
    differing = {name: value for name, value in named.items() if row.get(name) != value}
    if not differing:
        return {}, "unchanged"
    return ({}, "chosen_by_person") if row.get("chosen_at") else (differing, None)


def _consent(line: _Line) -> SubscriptionConsent:
    given = line.told["consented_at"]
    return SubscriptionConsent(asked_at=given, confirmed_at=given, source=line.told["consent_source"])


def _new(newsletter: Newsletter, line: _Line) -> Subscription:
    chosen = {name: line.told[name] for name in _CHOICES if name in line.told}
    until = line.told.get("paused_until") if line.told["state"] == PAUSED else None
    return Subscription(
        newsletter_id=newsletter.pk,
        email=line.email,
        email_key=line.key,
        state=line.told["state"],
        paused_until=until,
        consent=_consent(line),
        **{"language": newsletter.languages[0], **chosen},
    )
