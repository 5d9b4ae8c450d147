"""Verbs of contributions: contribute, change until it is told, withdraw at any time."""

from collections.abc import Mapping
from typing import Any

from network_api import audit
from network_api.auth.caller import Caller
from network_api.documents import Page, transactional
from network_api.feature import Counted, Person
from network_api.networks.documents import Network
from newsletters.contributions.documents import AlreadyTold, ContributedImage, ContributedLink, Contribution


def find_contributions(network: Network, query: Mapping[str, Any]) -> Page:
    """A network's contributions, the newest first."""
    section = {"section": query["section"]} if "section" in query else {}
    return Contribution.page({"network_id": network.pk, **section}, sort=("_id", -1), **query["paging"])


@transactional
def contribute(caller: Caller, network: Network, given: Mapping[str, Any]) -> Contribution:
    """Give the newsletters that reach a network something to tell. Raises Invalid."""
    made = Contribution(network_id=network.pk, author_id=caller.member_id, **_parts(given)).insert()
    audit.record(caller.member_id, "contribution.made", made.pk, network_id=network.pk)
    return made


@transactional
def change_contribution(
    caller: Caller, contribution: Contribution, changes: Mapping[str, Any], version: int | None
) -> Contribution:
    """Edit what no letter has told yet. Raises StaleVersion, AlreadyTold, Invalid."""
    fresh = contribution.fresh(version)
    if fresh.told_at is not None:
        raise AlreadyTold
    changed, differing = fresh.edit(_parts(changes))
    audit.record(caller.member_id, "contribution.changed", changed.pk, network_id=changed.network_id, changes=differing)
    return changed


@transactional
def withdraw(caller: Caller, contribution: Contribution, version: int | None) -> None:
    """Take a contribution back: out of issues that have not gone out, and out of the web archive. Raises StaleVersion."""
    fresh = contribution.fresh(version)
    Contribution.remove({"_id": fresh.pk, "version": fresh.version})
    audit.record(caller.member_id, "contribution.withdrawn", fresh.pk, network_id=fresh.network_id)


def _parts(given: Mapping[str, Any]) -> dict[str, Any]:
    parts = dict(given)
    if "links" in parts:
        parts["links"] = [ContributedLink(**link) for link in parts["links"]]
    if parts.get("image"):
        parts["image"] = ContributedImage(**parts["image"])
    return parts


def export_person(person: Person) -> Mapping[str, Any]:
    """What the person has contributed."""
    return {"contributions": Contribution.rows({"author_id": person.member_id}) if person.member_id else []}


def erase_person(person: Person) -> Counted:
    """A contribution stays its network's; it is not known any more who wrote it."""
    found = Contribution.rows({"author_id": person.member_id}) if person.member_id else []
    for row in found:
        Contribution.alter({"_id": row["_id"], "author_id": person.member_id}, {"$unset": {"author_id": ""}})
    return {Contribution: len(found)}
