"""The caller of a request: who it is, which roles they hold and where, and what their token lets them do."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bson import ObjectId
from flask import Flask, current_app

from network_api.auth.documents import AccessToken
from network_api.documents import Row
from network_api.errors import Forbidden, Unauthenticated

MEMBER, EDITOR, COORDINATOR = "member", "editor", "coordinator"
ROLES = (MEMBER, EDITOR, COORDINATOR)  # each may do all that the ones before it may
SCOPES = tuple(
    f"{name}:{right}"
    for name in ("networks", "members", "events", "registrations", "newsletters", "webhooks")
    for right in ("read", "write")
)


class Directory(NamedTuple):
    """What is asked of the features above: who is behind a token, which roles they hold, a network and who coordinates it."""

    member: Callable[[ObjectId], Row | None]
    roles: Callable[[ObjectId], Mapping[ObjectId, str]]
    network: Callable[[ObjectId], Row | None]
    coordinators: Callable[[ObjectId], Iterable[Row]]  # their memberships, with addresses


@dataclass(frozen=True)
class Caller:
    """Somebody, or nobody: `member_id` is None for a stranger. `roles` has each network reached, with the role there."""

    member_id: ObjectId | None = None
    email_key: str | None = None
    is_administrator: bool = False
    roles: Mapping[ObjectId, str] = field(default_factory=dict)
    token_id: str | None = None
    token_scopes: frozenset[str] | None = None  # None: not an API token, so no scope is asked

    @property
    def is_signed_in(self) -> bool:
        """Whether a member is behind this request."""
        return self.member_id is not None

    def has_role(self, role: str, *network_ids: ObjectId | None) -> bool:
        """Whether the caller reaches one of the networks with at least this role; an administrator reaches all."""
        if self.is_administrator:
            return True
        held = (self.roles.get(network_id) for network_id in network_ids if network_id is not None)
        return any(ROLES.index(found) >= ROLES.index(role) for found in held if found)

    def require(self, role: str, *network_ids: ObjectId | None) -> None:
        """Raises Unauthenticated for a stranger, Forbidden for a member without this role in any of the networks."""
        self.require_sign_in()
        if not self.has_role(role, *network_ids):
            raise Forbidden

    def require_sign_in(self) -> None:
        """Raises Unauthenticated for a stranger."""
        if not self.is_signed_in:
            raise Unauthenticated

    def networks(self, role: str = MEMBER) -> list[ObjectId]:
        """The networks reached with at least this role."""
        return [network_id for network_id, held in self.roles.items() if ROLES.index(held) >= ROLES.index(role)]


STRANGER = Caller()


def init_app(app: Flask, directory: Directory) -> None:
    """Tell where members, roles and networks are found."""
    app.extensions["auth_directory"] = directory


def directory() -> Directory:
    """Where members, roles and networks are found."""
    found: Directory = current_app.extensions["auth_directory"]
    return found


def holder(secret: str) -> tuple[Row, Row] | None:
    """The token of a secret, and the member whose it is; None for none that is valid."""
    token = AccessToken.live(secret)
    member = directory().member(token["member_id"]) if token else None
    return (token, member) if token and member else None


def identify(authorization: str | None) -> Caller:
    """The caller behind an Authorization header; a stranger without one. Raises Unauthenticated for a bad token."""
    if not authorization:
        return STRANGER
    scheme, _, secret = authorization.partition(" ")
    found = holder(secret.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Unauthenticated
    token, member = found
    return Caller(
        member_id=member["_id"],
        email_key=member["email_key"],
        is_administrator=bool(member.get("is_administrator")),
        roles=directory().roles(member["_id"]),
        token_id=token["_id"],
        token_scopes=None if token["kind"] == "session" else frozenset(token.get("scopes", ())),
    )
