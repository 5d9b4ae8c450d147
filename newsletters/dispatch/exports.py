"""The deliveries and the exclusions of an issue as tables."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response

from network_api import audit, tables
from network_api.auth.caller import Caller
from network_api.documents import Row
from newsletters.dispatch import deliveries
from newsletters.issues.documents import Issue

DELIVERED = ("subscription_id", "email", "state", "answer", "message_id", "updated_at")
EXCLUDED = ("subscription_id", "email", "reason")


def delivered(caller: Caller, issue: Issue, state: str | None) -> Response:
    """The deliveries of an issue; the download is noted in the audit log."""
    return _table(caller, issue, "deliveries", DELIVERED, deliveries.each_delivery(issue, state))


def excluded(caller: Caller, issue: Issue, reason: str | None) -> Response:
    """The exclusions of an issue; the download is noted in the audit log."""
    return _table(caller, issue, "exclusions", EXCLUDED, deliveries.each_exclusion(issue, reason))


def _table(caller: Caller, issue: Issue, name: str, columns: Sequence[str], rows: Iterable[Row]) -> Response:
    audit.record(caller.member_id, f"issue.{name}_exported", issue.pk, network_id=issue.network_id)
    return tables.download(tables.CSV, f"issue-{issue.pk}-{name}", cells(columns, rows))


def cells(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[Sequence[Any]]:
    """These columns of the rows, below their names."""
    yield columns
    for row in rows:
        yield [row.get(name) for name in columns]
