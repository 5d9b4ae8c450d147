"""The subscribers of a newsletter as a table, in the columns of the import. Each download is noted: it is personal data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flask import Response

from network_api import audit, tables
from network_api.auth.caller import Caller
from network_api.documents import Row
from newsletters.documents import Newsletter
from newsletters.subscriptions import subscribing

_COLUMNS: Mapping[str, Callable[[Row], Any]] = {
    "email": lambda row: row["email"],
    "language": lambda row: row["language"],
    "sections": lambda row: ";".join(row.get("sections") or ()),
    "regions": lambda row: ";".join(row.get("regions") or ()),
    "state": lambda row: row["state"],
    "consented_at": lambda row: row["consent"].get("confirmed_at"),
    "consent_source": lambda row: row["consent"]["source"],
    "frequency": lambda row: row.get("frequency"),
    "paused_until": lambda row: row.get("paused_until") and row["paused_until"].date(),
}


def subscribers(caller: Caller, newsletter: Newsletter, query: Mapping[str, Any]) -> Response:
    """The subscribers of a newsletter that match."""
    audit.record(caller.member_id, "subscribers.exported", newsletter.pk, network_id=newsletter.network_id)
    return tables.download(tables.CSV, f"{newsletter.slug}-subscribers", _rows(newsletter, query))


def _rows(newsletter: Newsletter, query: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    yield tuple(_COLUMNS)
    for row in subscribing.each_subscriber(newsletter, query):
        yield [read(row) for read in _COLUMNS.values()]
