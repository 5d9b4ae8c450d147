"""Deliveries as people see them: a view over snapshots and progress, joined with addresses a page at a time."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from bson import ObjectId

from network_api.documents import Page, Row, utcnow
from newsletters.dispatch.ledger import Progress, Snapshot, count, shown_states, unpack
from newsletters.dispatch.letters import message_id
from newsletters.issues.documents import Issue
from newsletters.subscriptions.documents import Subscription

_TOGETHER = 200  # addresses read at once for an export


def find_deliveries(issue: Issue, query: Mapping[str, Any]) -> Page:
    """One page of deliveries, in the order of their subscriptions. The place to go on from is (snapshot, row)."""
    paging = query["paging"]
    rows = _rows(issue.pk, paging["after"], query.get("state"))
    found = list(islice(rows, paging["limit"] + 1))
    counts = count(issue.pk)
    more = len(found) > paging["limit"]
    items = found[: paging["limit"]]
    return Page(
        items=_with_addresses(items),
        next=list(items[-1]["place"]) if more else None,
        total=_total(counts, query.get("state")) if paging["total"] else None,
        more={"counts": counts},
    )


def _total(counts: Mapping[str, int], state: str | None) -> int:
    return sum(counts.values()) if state is None else counts.get(state, 0)


def each_delivery(issue: Issue, state: str | None = None) -> Iterator[Row]:
    """Every delivery, for an export."""
    rows = _rows(issue.pk, None, state)
    while some := list(islice(rows, _TOGETHER)):
        yield from _with_addresses(some)


def _rows(issue_id: ObjectId, after: Sequence[Any] | None, state: str | None) -> Iterator[dict[str, Any]]:
    """The deliveries after a place. What has been asked for first comes first, and no more is read than is used."""
    first, behind = (int(after[0]), int(after[1])) if after else (0, -1)
    for progress in Progress.of_issue(issue_id, first):
        shown = shown_states(progress, utcnow())
        places = deque(
            place
            for place, found in enumerate(shown)
            if (state is None or found == state) and (progress["number"] != first or place > behind)
        )
        if places:
            recipients = unpack(bytes(Snapshot.get(progress["_id"]).recipients))
            for place in places:
                yield {
                    "subscription_id": recipients[place],
                    "state": shown[place],
                    "place": (progress["number"], place),
                    "answer": progress.get("answers", {}).get(str(place)),
                    "updated_at": progress["updated_at"],
                    "message_id": message_id(issue_id, recipients[place]),
                }


def _with_addresses(rows: list[dict[str, Any]]) -> list[Row]:
    known = Subscription.by_ids(row["subscription_id"] for row in rows)
    return [{**row, "email": known.get(row["subscription_id"], {}).get("email")} for row in rows]
