"""Networks and memberships, with the guard that keeps a network from losing its last coordinator."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import (
    DateField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from network_api.auth.caller import COORDINATOR, EDITOR, MEMBER, ROLES
from network_api.documents import BaseDocument, Row, utcnow
from network_api.errors import Conflict, Invalid
from network_api.languages import in_language, search_terms, slugify
from network_api.members.documents import Organisation
from network_api.regions import REGIONS

INVITED, REQUESTED, ACTIVE, LEFT = "invited", "requested", "active", "left"
STATES = (INVITED, REQUESTED, ACTIVE, LEFT)
NATIONAL, REGIONAL = "national", "regional"


class LastCoordinator(Conflict):
    """A network never loses its last coordinator."""

    code = "last_coordinator"
    detail = "This is the network's last coordinator. Name another first."


class Network(BaseDocument):
    """A network. `coordinators` counts its active coordinators; it is the guard that the last one cannot slip past."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "networks",
        "indexes": [
            {"fields": ["slug"], "unique": True},
            ("kind", "slug", "_id"),
            ("regions", "slug", "_id"),
            ("parent_id", "_id"),
            ("search", "slug", "_id"),
            ("slug", "_id"),
        ],
    }

    slug = StringField(required=True, regex=r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=80)
    name = DictField(required=True)
    kind = StringField(required=True, choices=(NATIONAL, REGIONAL))
    regions = ListField(StringField(choices=tuple(REGIONS)))
    parent_id = ObjectIdField()
    description = DictField(default=None)
    topics = ListField(StringField(max_length=80))
    coordinating_organisation = EmbeddedDocumentField(Organisation)
    coordination_ends_on = DateField()
    coordinators = IntField(required=True, default=0)
    search = ListField(StringField())

    def clean(self) -> None:
        """Work out the slug and the search terms; a national network has no parent."""
        self.slug = self.slug or slugify(in_language(self.name, "fi"))
        if not self.slug:
            raise Invalid(errors={"slug": ["The name has no letters to make a slug from; give one."]})
        if self.kind == NATIONAL and self.parent_id is not None:
            raise Invalid(errors={"parent_id": ["A national network has no network above it."]})
        self.search = search_terms(self.name, self.topics, self.coordinating_organisation and self.coordinating_organisation.name)

    @classmethod
    def below(cls, network_ids: list[ObjectId]) -> list[Row]:
        """The networks directly below these."""
        return cls.rows({"parent_id": {"$in": network_ids}}) if network_ids else []

    @classmethod
    def coordinator_comes(cls, network_id: ObjectId) -> None:
        """Count a coordinator more."""
        cls.change({"_id": network_id}, {"$inc": {"coordinators": 1}})

    @classmethod
    def coordinator_goes(cls, network_id: ObjectId, *, even_the_last: bool = False) -> bool:
        """Count a coordinator less; True where it was the last, which only an erasure may do. Raises LastCoordinator."""
        least = 0 if even_the_last else 1
        changed = cls.change({"_id": network_id, "coordinators": {"$gt": least}}, {"$inc": {"coordinators": -1}})
        if changed is None:
            raise LastCoordinator
        return bool(changed.coordinators == 0)


class Membership(BaseDocument):
    """A person's place in a network, known by address before the person has ever signed in."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "memberships",
        "indexes": [
            {"fields": ["network_id", "email_key"], "unique": True},
            ("network_id", "state", "_id"),
            ("network_id", "_id"),
            ("member_id", "state"),
            ("email_key", "_id"),
        ],
    }

    network_id = ObjectIdField(required=True)
    email = StringField(required=True)
    email_key = StringField(required=True)
    member_id = ObjectIdField()  # empty until the invited person accepts
    role = StringField(required=True, choices=ROLES, default=MEMBER)
    state = StringField(required=True, choices=STATES)
    invited_by = ObjectIdField()
    joined_at = DateTimeField()
    left_at = DateTimeField()

    @property
    def counts_as_coordinator(self) -> bool:
        """Whether the network's count of coordinators has this one in it."""
        return bool(self.state == ACTIVE and self.role == COORDINATOR)

    def become(self, state: str, role: str, **values: Any) -> tuple[Self, dict[str, Any]]:
        """Move to a state and a role, and keep the network's count of coordinators with it. Raises LastCoordinator."""
        stamps: dict[str, Any] = {}
        if state == ACTIVE:
            stamps = {"joined_at": self.joined_at or utcnow(), "left_at": None}
        elif state == LEFT:
            stamps = {"left_at": utcnow()}
        before = self.counts_as_coordinator
        changed, differing = self.edit({"state": state, "role": role, **stamps, **values})
        if changed.counts_as_coordinator and not before:
            Network.coordinator_comes(self.network_id)
        elif before and not changed.counts_as_coordinator:
            Network.coordinator_goes(self.network_id)
        return changed, differing


def coordinators_of(network_id: ObjectId) -> list[Row]:
    """The memberships of a network's coordinators."""
    active = Membership.rows({"network_id": network_id, "state": ACTIVE}, sort=[("_id", 1)])
    return [row for row in active if row["role"] == COORDINATOR]


def roles_of(member_id: ObjectId) -> Mapping[ObjectId, str]:
    """The networks that a member's roles reach, with the role there.

    The roles of coordinator and editor in a network reach the networks below it; plain membership does not, since a
    person who shows something to "my networks" means those who sit there.
    """
    held = {row["network_id"]: row["role"] for row in Membership.rows({"member_id": member_id, "state": ACTIVE})}
    reached = dict(held)
    for network in Network.below([network_id for network_id, role in held.items() if role in (EDITOR, COORDINATOR)]):
        inherited, own = held[network["parent_id"]], held.get(network["_id"], MEMBER)
        reached[network["_id"]] = max(inherited, own, key=ROLES.index)
    return reached
