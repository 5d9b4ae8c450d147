"""The deliveries of an issue as a table."""

from flask import Response

from newsletters.dispatch import deliveries
from newsletters.issues.documents import Issue
from newsletters.tables import table

COLUMNS = ("subscription_id", "email", "state", "answer", "message_id", "updated_at")


def delivered(issue: Issue, state: str | None) -> Response:
    """The deliveries of an issue."""
    return table(COLUMNS, deliveries.each_delivery(issue, state), f"issue-{issue.pk}-deliveries.csv")
