"""Verbs of co-hosts: a partner network is invited, answers, and may have seats set apart for its people until a date.

A co-host's coordinators read the participants of their own network, and edit nothing. Each verb is one transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from events import mails, queueing
from events.documents import ACCEPTED, DECLINED, Event, Partner
from events.errors import NotInvited, QuotaBelowTaken
from events.registration_documents import Registration
from network_api import audit
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row, transactional, utcnow
from network_api.errors import Invalid
from network_api.mail import outbox
from network_api.members.documents import Member
from network_api.networks.documents import ACTIVE, Membership, Network

_NOTHING_APART: Mapping[str, Any] = {"quota": {}, "quota_until": None}


def as_row(event: Event, network_id: ObjectId) -> Row:
    """A co-host as it is shown; its version is that of the theme day."""
    partner = event.partners[str(network_id)]
    return {**partner.to_mongo(), "network_id": network_id, "version": event.version}


def find_co_hosts(event: Event, query: Mapping[str, Any]) -> Page:
    """The networks that were asked to arrange a theme day too, by id; there are few, and they are stored with it."""
    paging = query["paging"]
    after = paging["after"][1] if paging["after"] else None
    known = sorted(ObjectId(name) for name in event.partners)
    rest = [found for found in known if after is None or found > after]
    listed = rest[: paging["limit"]]
    more = len(rest) > len(listed)
    total = len(known) if paging["total"] else None
    return Page([as_row(event, found) for found in listed], [listed[-1], listed[-1]] if more else None, total)


def invite(event: Event, network_ids: Iterable[ObjectId]) -> None:
    """Mail the coordinators of networks that are asked to arrange a theme day too; inside the transaction that stores it."""
    networks = Network.by_ids([event.network_id, *network_ids])
    for network_id in network_ids:
        sitting = Membership.rows({"network_id": network_id, "state": ACTIVE})
        members = Member.by_ids(row["member_id"] for row in sitting if row["role"] == COORDINATOR)
        for member in members.values():
            outbox.put(mails.co_host_invited(member, event, networks[event.network_id], networks[network_id]))


def part_with(event: Event, network_ids: Iterable[ObjectId]) -> Event:
    """Give the seats that were set apart for networks that no longer arrange a theme day back to everybody."""
    for network_id in network_ids:
        if str(network_id) in event.quotas:
            event = event.set_quota(network_id, {}, {})
    return event


@transactional
def set_quota(caller: Caller, event: Event, network_id: ObjectId, given: Mapping[str, Any], version: int | None) -> Row:
    """Set seats apart for a co-host's people, in all so many with those they hold, until a date.

    Raises StaleVersion, EventCancelled, EventEnded, NotInvited, QuotaTooLarge, QuotaBelowTaken, Invalid.
    """
    event = event.fresh(version)
    event.require_going_on()
    _require_invited(event, network_id)
    if given.get("quota_until") and given["quota_until"] <= utcnow():
        raise Invalid(errors={"quota_until": ["This is in the past."]})
    for mode in given.get("quota", {}):
        event.require_mode(mode)
    event = _store(caller.member_id, event, "co_host.quota_set", network_id, given)
    return as_row(_set_apart(event, network_id), network_id)


@transactional
def accept(caller: Caller, event: Event, network_id: ObjectId) -> Row:
    """Arrange a theme day too. Members of the network who are registered already are its participants from now on.

    Raises NotInvited, EventCancelled, EventEnded.
    """
    event = event.fresh()
    event.require_going_on()
    _require_invited(event, network_id)
    answer = {"state": ACCEPTED, "answered_at": utcnow()}
    event = _store(caller.member_id, event, "co_host.accepted", network_id, answer)
    members = [row["member_id"] for row in Membership.rows({"network_id": network_id, "state": ACTIVE})]
    Registration.belong_to(event.pk, network_id, members)
    return as_row(_set_apart(event, network_id), network_id)


@transactional
def decline(caller: Caller, event: Event, network_id: ObjectId) -> Row:
    """Not arrange a theme day, or no longer: what was set apart goes back to everybody. Raises NotInvited."""
    event = event.fresh()
    _require_invited(event, network_id)
    event = part_with(event, [network_id])
    answer = {"state": DECLINED, "answered_at": utcnow(), **_NOTHING_APART}
    co_hosts = [found for found in event.co_hosts if found != network_id]
    event = _store(caller.member_id, event, "co_host.declined", network_id, answer, co_hosts=co_hosts)
    return as_row(queueing.promote(event, *event.seats), network_id)


def return_quotas_due(now: datetime) -> None:
    """Give the seats whose date has come back to everybody; on how many machines this runs, each goes back once."""
    for row in Event.rows({"quotas_until": {"$lte": now}}, sort=[("quotas_until", 1)]):
        _return_quotas(row["_id"], now)


@transactional
def _return_quotas(event_id: ObjectId, now: datetime) -> None:
    event = Event.get(event_id)
    for name, partner in event.partners.items():
        if partner.quota_until and partner.quota_until <= now:
            event = part_with(event, [ObjectId(name)])
            event = _store(None, event, "co_host.quota_returned", ObjectId(name), _NOTHING_APART)
    queueing.promote(event, *event.seats)


def _require_invited(event: Event, network_id: ObjectId) -> None:
    if network_id not in event.co_hosts:
        raise NotInvited


def _store(
    actor_id: ObjectId | None, event: Event, action: str, network_id: ObjectId, changes: Mapping[str, Any], **others: Any
) -> Event:
    partner = Partner(**{**event.partners[str(network_id)].to_mongo(), **changes})
    stored, differing = event.edit({"partners": {**event.partners, str(network_id): partner}, **others})
    audit.record(actor_id, action, event.pk, network_id=event.network_id, changes=differing)
    return stored


def _set_apart(event: Event, network_id: ObjectId) -> Event:
    """Set apart what the quota of a co-host leaves besides the seats that its people hold of it."""
    quota = event.partners[str(network_id)].quota
    theirs = Registration.rows({"event_id": event.pk, "network_id": network_id})
    left = {mode: number - sum(Registration.wrap(row).holds_of_quota(mode) for row in theirs) for mode, number in quota.items()}
    if any(number < 0 for number in left.values()):
        raise QuotaBelowTaken(errors={f"quota.{mode}": ["Its people hold more."] for mode in left if left[mode] < 0})
    waiting = {mode: sum(row.get("waiting_for") == mode for row in theirs) for mode in quota}
    return queueing.promote(event.set_quota(network_id, left, waiting), *event.seats)
