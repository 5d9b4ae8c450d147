"""Verbs of networks: found, invite, ask to join, accept, approve, leave."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from bson import ObjectId

from network_api import audit
from network_api.auth.caller import COORDINATOR, MEMBER, Caller
from network_api.auth.documents import email_key
from network_api.documents import AlreadyExists, Page, Row, transactional
from network_api.errors import Conflict, Forbidden, Invalid, NotFound
from network_api.feature import Counted, Person
from network_api.languages import search_filter
from network_api.mail import outbox
from network_api.members.documents import Member
from network_api.networks import mails, webhooks
from network_api.networks.documents import ACTIVE, INVITED, LEFT, NATIONAL, REQUESTED, Membership, Network
from network_api.regions import REGIONS
from network_api.webhooks import keeping
from network_api.webhooks.telling import tell


def find_networks(query: Mapping[str, Any]) -> Page:
    """Networks by slug."""
    where: dict[str, Any] = search_filter(query.get("q", ""))
    for name, stored in (("kind", "kind"), ("region", "regions")):
        if name in query:
            where[stored] = query[name]
    return Network.page(where, sort=("slug", 1), **query["paging"])


def all_networks() -> list[Row]:
    """Every network by slug; there are tens."""
    return Network.rows({}, sort=[("slug", 1), ("_id", 1)])


def networks_of(caller: Caller, role: str) -> list[Row]:
    """The networks that the caller reaches with at least this role, by slug; an administrator all."""
    if caller.is_administrator:
        return all_networks()
    return sorted(Network.rows({"_id": {"$in": caller.networks(role)}}), key=itemgetter("slug"))


def network_of_slug(slug: str) -> Network:
    """The network by its name in addresses. Raises NotFound."""
    found = Network.first({"slug": slug})
    if found is None:
        raise NotFound
    return found


def regions_served() -> list[Row]:
    """Each region with the networks that serve it, also where there is none."""
    return by_region(Network.rows({"regions": {"$in": list(REGIONS)}}, sort=[("slug", 1)]))


def by_region(networks: Iterable[Row]) -> list[Row]:
    """Each region with those of the networks that serve it."""
    serving: dict[str, list[Row]] = {code: [] for code in REGIONS}
    for network in networks:
        for code in network.get("regions", ()):
            serving[code].append(network)
    return [{"code": code, "name": name, "networks": serving[code]} for code, name in REGIONS.items()]


@transactional
def make_network(caller: Caller, given: Mapping[str, Any]) -> Network:
    """Found a network. Raises Conflict `slug_taken`, Invalid for an unknown parent."""
    network = Network(**given)
    _check_parent(network.parent_id)
    try:
        network.insert()
    except AlreadyExists as error:
        raise _slug_taken() from error
    audit.record(caller.member_id, "network.made", network.pk, network_id=network.pk)
    return network


@transactional
def change_network(caller: Caller, network: Network, changes: Mapping[str, Any], version: int | None) -> Network:
    """Edit a network. Raises StaleVersion."""
    network = network.fresh(version)
    if "parent_id" in changes:
        _check_parent(changes["parent_id"])
    try:
        changed, differing = network.edit(changes)
    except AlreadyExists as error:
        raise _slug_taken() from error
    audit.record(caller.member_id, "network.changed", network.pk, network_id=network.pk, changes=differing)
    return changed


def _slug_taken() -> Conflict:
    return Conflict("Another network has this slug.", code="slug_taken", errors={"slug": ["Taken."]})


def _check_parent(parent_id: ObjectId | None) -> None:
    if parent_id is not None and Network.row({"_id": parent_id, "kind": NATIONAL}) is None:
        raise Invalid(errors={"parent_id": ["There is no national network with this id."]})


@transactional
def remove_network(caller: Caller, network: Network, version: int | None) -> None:
    """Delete a network that nobody belongs to and nothing hangs below. Raises Conflict `network_in_use`."""
    network = network.fresh(version)
    in_use = Membership.row({"network_id": network.pk, "state": ACTIVE}) or Network.row({"parent_id": network.pk})
    if in_use:
        raise Conflict("The network still has members or networks below it.", code="network_in_use")
    Network.remove({"_id": network.pk})
    keeping.forget_network(network.pk)
    audit.record(caller.member_id, "network.removed", network.pk, network_id=network.pk)


@transactional
def invite(caller: Caller, network: Network, address: str, role: str) -> Membership:
    """Invite somebody by mail. Raises Conflict `already_member`; who asked to join is approved by it."""
    existing = Membership.first({"network_id": network.pk, "email_key": email_key(address)})
    if existing is None:
        membership = Membership(
            network_id=network.pk,
            email=address,
            email_key=email_key(address),
            role=role,
            state=INVITED,
            invited_by=caller.member_id,
        ).insert()
    elif existing.state == ACTIVE:
        raise Conflict("This person is a member of the network already.", code="already_member")
    else:
        membership, _ = existing.become(INVITED, role, invited_by=caller.member_id)
    audit.record(caller.member_id, "membership.invited", membership.pk, network_id=network.pk)
    outbox.put(mails.invitation(membership, network))
    return membership


@transactional
def ask_to_join(caller: Caller, network: Network) -> Membership:
    """A member asks to join; who has been invited should accept instead. Raises Conflict `already_member`."""
    member = Member.get(caller.member_id)
    existing = Membership.first({"network_id": network.pk, "email_key": member.email_key})
    if existing is None:
        asked = Membership(
            network_id=network.pk, email=member.email, email_key=member.email_key, member_id=member.pk, state=REQUESTED
        ).insert()
    elif existing.state != LEFT:
        raise Conflict(f"Your membership is {existing.state} already.", code="already_member")
    else:
        asked = existing.become(REQUESTED, MEMBER, member_id=member.pk)[0]
    tell(webhooks.REQUESTED, network.pk, asked.version, id=asked.pk)
    return asked


def may_manage(caller: Caller, membership: Membership) -> bool:
    """Whether this caller coordinates the network of a membership."""
    return caller.has_role(COORDINATOR, membership.network_id)


def is_own(caller: Caller, membership: Membership) -> bool:
    """Whether the membership is the caller's, also before they have accepted it."""
    return caller.is_signed_in and caller.email_key == membership.email_key


def own_membership(caller: Caller, membership_id: str) -> Membership:
    """One of the caller's own memberships, or an invitation of theirs. Raises NotFound."""
    membership = Membership.get(membership_id)
    if not is_own(caller, membership):
        raise NotFound
    return membership


def own_memberships(caller: Caller) -> list[Row]:
    """The caller's memberships, requests and invitations, each with its network."""
    held = Membership.rows({"email_key": caller.email_key}, sort=[("_id", 1)])
    live = [row for row in held if row["state"] != LEFT]
    networks = Network.by_ids(row["network_id"] for row in live)
    return [{**row, "network": networks[row["network_id"]]} for row in live]


def managed_membership(caller: Caller, membership_id: str) -> Membership:
    """A membership of a network that the caller coordinates. Raises NotFound."""
    caller.require_sign_in()
    membership = Membership.get(membership_id)
    if not may_manage(caller, membership):
        raise NotFound
    return membership


def requests_to_join(network_ids: list[ObjectId]) -> list[Row]:
    """Who asks to join these networks, the longest waiting first, each with the name of the member."""
    rows = Membership.rows({"network_id": {"$in": network_ids}, "state": REQUESTED}, sort=[("_id", 1)])
    people = Member.by_ids(row["member_id"] for row in rows)
    return [{**row, "name": people.get(row["member_id"], {}).get("name")} for row in rows]


@transactional
def change_membership(caller: Caller, membership: Membership, changes: Mapping[str, Any], version: int | None) -> Membership:
    """Accept, approve, change a role, or leave, by who asks and from which state.

    Raises Forbidden for a move that is not the caller's, Conflict `wrong_state`, LastCoordinator.
    """
    membership = membership.fresh(version)
    state, role = changes.get("state", membership.state), changes.get("role", membership.role)
    manages = may_manage(caller, membership)
    if role != membership.role and not manages:
        raise Forbidden("Only a coordinator changes roles.")
    if state == ACTIVE and membership.state == INVITED and not is_own(caller, membership):
        raise Forbidden("Only the invited person can accept.")
    if state == ACTIVE and membership.state == REQUESTED and not manages:
        raise Forbidden("A coordinator approves requests.")
    if state not in (membership.state, LEFT) and (state, membership.state) not in ((ACTIVE, INVITED), (ACTIVE, REQUESTED)):
        raise Conflict(f"A membership that is {membership.state} cannot become {state}.", code="wrong_state")
    changed = _move(membership, state, role)
    if manages:
        audit.record(caller.member_id, "membership.changed", membership.pk, network_id=membership.network_id, changes=changed[1])
    return changed[0]


def _move(membership: Membership, state: str, role: str) -> tuple[Membership, dict[str, Any]]:
    """Change the membership and the member's own list of networks with it."""
    was_active = membership.state == ACTIVE
    member = Member.first({"email_key": membership.email_key})
    changed = membership.become(state, role, member_id=member.pk if member else membership.member_id)
    if member is not None and state == ACTIVE and not was_active:
        member.join(membership.network_id)
    elif member is not None and was_active and state != ACTIVE:
        member.leave(membership.network_id)
    if was_active != (state == ACTIVE):
        tell(webhooks.LEFT if was_active else webhooks.JOINED, membership.network_id, changed[0].version, id=membership.pk)
    return changed


def leave_network(caller: Caller, membership: Membership, version: int | None) -> None:
    """End a membership: its person leaves, or a coordinator ends it. Raises LastCoordinator."""
    change_membership(caller, membership, {"state": LEFT}, version)


def erase_person(person: Person) -> Counted:
    """Delete a person's memberships. It is never refused: a network without coordinators passes to the national ones."""
    found = [Membership.wrap(row) for row in Membership.rows({"email_key": person.email_key})]
    for membership in found:
        Membership.remove({"_id": membership.pk})
        if membership.state == ACTIVE:
            tell(webhooks.LEFT, membership.network_id, membership.version, id=membership.pk)
        if membership.counts_as_coordinator and Network.coordinator_goes(membership.network_id, even_the_last=True):
            _tell_the_national_coordinators(Network.get(membership.network_id), person)
    return {Membership: len(found)}


def _tell_the_national_coordinators(network: Network, person: Person) -> None:
    if network.parent_id is None:
        return
    above = {"network_id": network.parent_id, "state": ACTIVE, "role": COORDINATOR}
    for coordinator in Membership.rows(above):
        if coordinator["email_key"] != person.email_key:
            outbox.put(mails.without_coordinator(coordinator, network))


def find_memberships(network: Network, query: Mapping[str, Any]) -> Page:
    """A network's memberships, the oldest first."""
    state = {"state": query["state"]} if "state" in query else {}
    return Membership.page({"network_id": network.pk, **state}, **query["paging"])


def open_membership(caller: Caller, network: Network, given: Mapping[str, Any]) -> Membership:
    """Invite the person that `email` names; without one, ask to join."""
    if "email" in given:
        return invite(caller, network, given["email"], given.get("role", MEMBER))
    if "role" in given:
        raise Invalid(errors={"email": ["Whom do you invite?"]})
    return ask_to_join(caller, network)
