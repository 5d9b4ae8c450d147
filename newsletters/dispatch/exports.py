"""The deliveries of an issue as a table."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response

from network_api import tables
from newsletters.dispatch import deliveries
from newsletters.issues.documents import Issue

COLUMNS = ("subscription_id", "email", "state", "answer", "message_id", "updated_at")


def delivered(issue: Issue, state: str | None) -> Response:
    """The deliveries of an issue."""
    return tables.download(tables.CSV, f"issue-{issue.pk}-deliveries", _rows(issue, state))


def _rows(issue: Issue, state: str | None) -> Iterator[Sequence[Any]]:
    yield COLUMNS
    for row in deliveries.each_delivery(issue, state):
        yield [row.get(name) for name in COLUMNS]
