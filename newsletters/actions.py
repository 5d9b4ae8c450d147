"""Verbs of newsletters: found one, change it, find some."""

from collections.abc import Mapping
from typing import Any

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import AlreadyExists, Page, transactional
from network_api.errors import Conflict, NotFound
from newsletters.documents import Newsletter


def _slug_taken() -> Conflict:
    return Conflict("Another newsletter has this slug.", code="slug_taken", errors={"slug": ["Taken."]})


@transactional
def make_newsletter(caller: Caller, given: Mapping[str, Any]) -> Newsletter:
    """Found a newsletter. Raises Conflict `slug_taken`."""
    try:
        newsletter = Newsletter(**given).insert()
    except AlreadyExists as error:
        raise _slug_taken() from error
    audit.record(caller.member_id, "newsletter.made", newsletter.pk, network_id=newsletter.network_id)
    return newsletter


@transactional
def change_newsletter(caller: Caller, newsletter: Newsletter, changes: Mapping[str, Any], version: int | None) -> Newsletter:
    """Edit a newsletter. Raises StaleVersion, Conflict `slug_taken`."""
    try:
        changed, differing = newsletter.fresh(version).edit(changes)
    except AlreadyExists as error:
        raise _slug_taken() from error
    audit.record(caller.member_id, "newsletter.changed", newsletter.pk, network_id=newsletter.network_id, changes=differing)
    return changed


def newsletter_of_slug(slug: str) -> Newsletter:
    """The newsletter by its name in addresses. Raises NotFound."""
    found = Newsletter.first({"slug": slug})
    if found is None:
        raise NotFound
    return found


def find_newsletters(query: Mapping[str, Any]) -> Page:
    """Newsletters by slug."""
    where = {"network_id": query["network"]} if "network" in query else {}
    return Newsletter.page(where, sort=("slug", 1), **query["paging"])
