"""Deliveries and exclusions as people see them: views over snapshots and progress, joined with addresses a page at a time.

Together they are all candidates of an issue: every subscription is in one of the two lists, once.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, Self

from bson import ObjectId

from network_api.auth.documents import email_key
from network_api.documents import Page, Row, utcnow
from newsletters.dispatch.ledger import (
    CODES,
    LEASED,
    READY,
    REASON_OF,
    Progress,
    Snapshot,
    count,
    seconds_of,
    shown_states,
    unpack,
)
from newsletters.dispatch.letters import message_id
from newsletters.dispatch.superseded import Superseded
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription

_TOGETHER = 200  # addresses read at once for an export
Rows = Iterator[dict[str, Any]]


class Wanted(NamedTuple):
    """Which rows of a list: after a place (snapshot, row), in one state or for one reason, of one subscription."""

    snapshot: int = 0
    row: int = -1
    state: str | None = None
    subscription_id: ObjectId | None = None
    last: int | None = None  # the one snapshot that can have it

    @classmethod
    def of(cls, issue: Issue, query: Mapping[str, Any], state: str | None) -> Self | None:
        """What a query asks for; None where it names an address that was no candidate."""
        snapshot, row = query["paging"]["after"] or (0, -1)
        if "email" not in query:
            return cls(int(snapshot), int(row), state)
        found = Subscription.row({"newsletter_id": issue.newsletter_id, "email_key": email_key(query["email"])})
        reaching = found and Snapshot.reaching(issue.pk, found["_id"])
        return cls(reaching["number"], -1, state, found["_id"], reaching["number"]) if found and reaching else None

    def has(self, number: int, place: int, subscription_id: ObjectId, state: str) -> bool:
        """Whether a row is one of them."""
        behind = number > self.snapshot or place > self.row
        return behind and self.state in (None, state) and self.subscription_id in (None, subscription_id)

    def can_be_in(self, batch: Row) -> bool:
        """Whether a batch has a delivery in the state at all."""
        return self.state is None or CODES[READY if self.state == LEASED else self.state] in bytes(batch["states"])


ALL = Wanted()


def find_deliveries(issue: Issue, query: Mapping[str, Any]) -> Page:
    """One page of deliveries, in the order of their subscriptions."""
    wanted = Wanted.of(issue, query, query.get("state"))
    audience = issue.audience
    more = {"counts": count(issue.pk), "excluded": dict(audience.excluded) if audience else {}}
    more["candidates"] = audience and audience.candidates
    return _page(query, _deliveries(issue.pk, wanted) if wanted else iter(()), more["counts"], query.get("state"), more)


def find_exclusions(issue: Issue, query: Mapping[str, Any]) -> Page:
    """One page of subscriptions that were left out, with the reason of each."""
    wanted = Wanted.of(issue, query, query.get("reason"))
    counts = dict(issue.audience.excluded) if issue.audience else {}
    return _page(query, _exclusions(issue.pk, wanted) if wanted else iter(()), counts, query.get("reason"), {"counts": counts})


def _page(query: Mapping[str, Any], rows: Rows, counts: Mapping[str, int], state: str | None, more: Mapping[str, Any]) -> Page:
    """The first rows with their addresses. What has been asked for first comes first, and no more is read than is used."""
    paging = query["paging"]
    found = list(islice(rows, paging["limit"] + 1))
    items = found[: paging["limit"]]
    one = "email" in query
    total = len(found) if one else sum(counts.values()) if state is None else counts.get(state, 0)
    return Page(
        items=_with_addresses(items),
        next=list(items[-1]["place"]) if len(found) > len(items) else None,
        total=total if paging["total"] else None,
        more=more,
    )


def each_delivery(issue: Issue, state: str | None = None) -> Iterator[Row]:
    """Every delivery, for an export."""
    yield from _each(_deliveries(issue.pk, Wanted(state=state)))


def each_exclusion(issue: Issue, reason: str | None = None) -> Iterator[Row]:
    """Every exclusion, for an export."""
    yield from _each(_exclusions(issue.pk, Wanted(state=reason)))


def each_superseded(issue: Issue) -> Iterator[Row]:
    """What had become of those who were sent it again, before each further round."""
    yield from _each(_superseded(issue.pk))


def _superseded(issue_id: ObjectId) -> Rows:
    for before in Superseded.of_issue(issue_id):
        snapshot = Snapshot.row({"issue_id": issue_id, "number": before["number"]})
        again = set(before["places"])
        for row in of_batch(snapshot, {**before, "leased": False}) if snapshot else ():
            if row["place"][1] in again:
                yield {**row, "round": before["round"]}


def _each(rows: Rows) -> Iterator[Row]:
    while some := list(islice(rows, _TOGETHER)):
        yield from _with_addresses(some)


def _deliveries(issue_id: ObjectId, wanted: Wanted) -> Rows:
    for batch in Progress.of_issue(issue_id, wanted.snapshot, wanted.last):
        snapshot = Snapshot.row({"_id": batch["_id"]}) if wanted.can_be_in(batch) else None
        if snapshot is not None:
            yield from of_batch(snapshot, batch, wanted)


def of_batch(snapshot: Row, batch: Row, wanted: Wanted = ALL) -> Rows:
    """The deliveries of one snapshot, from its progress or from what that was before a later round."""
    number, recipients = snapshot["number"], unpack(bytes(snapshot["recipients"]))
    for place, (identifier, state, second) in enumerate(
        zip(recipients, shown_states(batch, utcnow()), seconds_of(batch), strict=True)
    ):
        if wanted.has(number, place, identifier, state):
            yield {
                "place": (number, place),
                "subscription_id": identifier,
                "state": state,
                "answer": batch.get("answers", {}).get(str(place)),
                "updated_at": datetime.fromtimestamp(second, UTC) if second else batch["updated_at"],
                "message_id": message_id(snapshot["issue_id"], identifier),
            }


def _exclusions(issue_id: ObjectId, wanted: Wanted) -> Rows:
    for snapshot in Snapshot.of_issue(issue_id, wanted.snapshot, wanted.last):
        reasons = [REASON_OF[code] for code in bytes(snapshot["reasons"])]
        for place, (identifier, reason) in enumerate(zip(unpack(bytes(snapshot["excluded"])), reasons, strict=True)):
            if wanted.has(snapshot["number"], place, identifier, reason):
                yield {"place": (snapshot["number"], place), "subscription_id": identifier, "reason": reason}


def _with_addresses(rows: list[dict[str, Any]]) -> list[Row]:
    known = Subscription.by_ids(row["subscription_id"] for row in rows)
    return [{**row, "email": known.get(row["subscription_id"], {}).get("email")} for row in rows]
