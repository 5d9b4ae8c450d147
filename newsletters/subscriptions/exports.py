"""The subscribers of a newsletter as a table."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from network_api.documents import Row
from newsletters.documents import Newsletter
from newsletters.subscriptions import subscribing
from newsletters.tables import table

COLUMNS = ("email", "language", "sections", "regions", "state", "consented_at", "consent_source")


def subscribers(newsletter: Newsletter, query: Mapping[str, Any]) -> Response:
    """The subscribers of a newsletter, in the columns of the import."""
    rows = (_subscriber(row) for row in subscribing.each_subscriber(newsletter, query))
    return table(COLUMNS, rows, f"{newsletter.slug}-subscribers.csv")


def _subscriber(row: Row) -> dict[str, Any]:
    consent = row["consent"]
    return {
        **{name: row.get(name) for name in ("email", "language", "state")},
        "sections": ";".join(row.get("sections") or ()),
        "regions": ";".join(row.get("regions") or ()),
        "consented_at": consent.get("confirmed_at"),
        "consent_source": consent["source"],
    }
