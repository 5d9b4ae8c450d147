"""Registrations: one person's place in one theme day."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from secrets import token_hex
from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from events.documents import MODES
from network_api.auth import links
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import BaseDocument, Row, session, utcnow
from network_api.errors import Conflict, NotFound
from network_api.languages import LANGUAGES, search_terms
from network_api.members.documents import Organisation

CONFIRMED, WAITLISTED, CANCELLED = "confirmed", "waitlisted", "cancelled"
STATUSES = (CONFIRMED, WAITLISTED, CANCELLED)
MANAGE, JOIN = "registration.manage", "registration.join"
REMINDED_EVERY = timedelta(hours=1)
BY_PERSON, BY_COORDINATOR, BY_ERASURE = "person", "coordinator", "erasure"


class AlreadyRegistered(Conflict):
    """One address has one registration in a theme day."""

    code = "already_registered"
    detail = "This address is registered already. The link to the registration has been mailed to it."


class RegistrationCancelled(Conflict):
    """A cancelled registration stays cancelled; the person can register again."""

    code = "registration_cancelled"
    detail = "This registration has been cancelled. Register again instead."


class Registration(BaseDocument):
    """One person's place. While it is live (`active`), no other of the same theme day has its address.

    `mode` is the seat that is held, or wanted while waitlisted; `waiting_for` the mode whose queue the person stands in,
    with their number there: their own mode, or the other one while they keep a seat. `owners` has whose it is.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "registrations",
        "indexes": [
            {"fields": ["event_id", "email_key"], "unique": True, "partialFilterExpression": {"active": True}},
            ("event_id", "_id"),
            ("event_id", "status", "mode", "_id"),
            ("event_id", "status", "_id"),
            ("event_id", "mode", "_id"),
            ("event_id", "search", "_id"),
            ("event_id", "waiting_for", "queue_number"),
            ("owners", "_id"),
        ],
    }

    event_id = ObjectIdField(required=True)
    mode = StringField(required=True, choices=MODES)
    status = StringField(required=True, choices=STATUSES)
    active = BooleanField()  # empty once cancelled: the partial index lets go of the address
    waiting_for = StringField(choices=MODES)
    queue_number = IntField()
    name = StringField(required=True)
    email = StringField(required=True)
    email_key = StringField(required=True)
    organisation = EmbeddedDocumentField(Organisation)
    language = StringField(required=True, choices=LANGUAGES)
    answers = DictField()
    needs = StringField()
    member_id = ObjectIdField()
    owners = ListField(StringField())
    nonce = StringField(required=True, default=lambda: token_hex(8))  # a new one makes its links void
    reminded_at = DateTimeField()
    confirmed_at = DateTimeField()
    cancelled_at = DateTimeField()
    cancelled_by = StringField(choices=(BY_PERSON, BY_COORDINATOR, BY_ERASURE))
    attended_at = DateTimeField()
    attended_mode = StringField(choices=MODES)
    search = ListField(StringField())

    def clean(self) -> None:
        """Work out whether it is live, whose it is and what it is found by."""
        self.email_key = email_key(self.email)
        self.active = True if self.status != CANCELLED else None
        self.owners = owner_keys(self.member_id, self.email_key)
        self.search = search_terms(self.name, self.email, self.organisation and self.organisation.name)

    @classmethod
    def twin(cls, event_id: ObjectId, address: str) -> Self | None:
        """The live registration of an address, if there is one."""
        return cls.first({"event_id": event_id, "email_key": email_key(address), "active": True})

    @classmethod
    def first_waiting(cls, event_id: ObjectId, mode: str) -> Self:
        """The first in the queue of a mode. Raises NotFound for an empty queue."""
        queue = cls.rows({"event_id": event_id, "waiting_for": mode}, sort=[("queue_number", 1)], limit=1)
        if not queue:
            raise NotFound
        return cls.wrap(queue[0])

    @classmethod
    def live(cls, event_id: ObjectId) -> list[Self]:
        """The confirmed and waitlisted registrations of a theme day."""
        where = {"event_id": event_id, "status": {"$in": [CONFIRMED, WAITLISTED]}}
        return [cls.wrap(row) for row in cls.rows(where)]

    @classmethod
    def of_link(cls, purpose: str, token: str) -> Self:
        """The registration that a mailed link opens. Raises NotFound for anything that is not such a link."""
        found = cls.first({"_id": links.identifier_of(token)})
        if found is None or not links.is_genuine(token, purpose, found.nonce):
            raise NotFound
        return found

    def position(self) -> int | None:
        """The place in the queue, counted from 1; None for who does not wait."""
        if not self.waiting_for:
            return None
        ahead = {"event_id": self.event_id, "waiting_for": self.waiting_for, "queue_number": {"$lte": self.queue_number}}
        return self.collection().count_documents(ahead, session=session())

    @property
    def is_live(self) -> bool:
        """Whether it holds a seat or a place in the queue."""
        return bool(self.status != CANCELLED)

    def is_of(self, caller: Caller) -> bool:
        """Whether it is the caller's own."""
        return caller.is_signed_in and bool(set(self.owners) & set(owner_keys(caller.member_id, caller.email_key or "")))

    def take_seat(self, mode: str) -> Self:
        """Become confirmed in a mode, out of any queue."""
        return self.edit(
            {
                "status": CONFIRMED,
                "mode": mode,
                "waiting_for": None,
                "queue_number": None,
                "confirmed_at": self.confirmed_at or utcnow(),
            }
        )[0]

    def wait_for(self, mode: str, number: int) -> Self:
        """Stand in the queue of a mode; who has a seat keeps it meanwhile."""
        kept = {} if self.status == CONFIRMED else {"mode": mode}
        return self.edit({"waiting_for": mode, "queue_number": number, **kept})[0]

    def cancel(self, by: str) -> Self:
        """Become cancelled, out of any queue."""
        gone = {"waiting_for": None, "queue_number": None, "cancelled_at": utcnow(), "cancelled_by": by}
        return self.edit({"status": CANCELLED, **gone})[0]

    def remind(self) -> Self | None:
        """Note that the link is mailed again; None within an hour of the last time."""
        now = utcnow()
        lately = {"$gt": now - REMINDED_EVERY}
        return self.change({"_id": self.pk, "reminded_at": {"$not": lately}}, {"$set": {"reminded_at": now}})

    def attend(self, mode: str) -> bool:
        """Note that the person came; once. False where that is noted already."""
        noted = {"attended_at": utcnow(), "attended_mode": mode}
        return self.change({"_id": self.pk, "attended_at": None}, {"$set": noted}) is not None

    def anonymise(self) -> None:
        """Take out who it was; that somebody of such an organisation took part stays for the figures."""
        kind = Organisation(name="–", type=self.organisation.type) if self.organisation else None
        self.edit(
            {
                "name": "–",
                "email": f"erased-{self.pk}",
                "organisation": kind,
                "answers": {},
                "needs": None,
                "member_id": None,
                "nonce": token_hex(8),
            }
        )


def owner_keys(member_id: ObjectId | None, address_key: str) -> list[str]:
    """The keys by which somebody's registrations are found: their address and their membership."""
    return [f"address:{address_key}", *([f"member:{member_id}"] if member_id else [])]


def with_positions(rows: Iterable[Row]) -> list[Row]:
    """The rows with `waiting_position`, the place in the queue counted from 1; one query for each queue among them."""
    listed = list(rows)
    queues: dict[tuple[ObjectId, str], dict[ObjectId, int]] = {
        (row["event_id"], row["waiting_for"]): {} for row in listed if row.get("waiting_for")
    }
    for (event_id, mode), places in queues.items():
        queue = Registration.rows({"event_id": event_id, "waiting_for": mode}, sort=[("queue_number", 1)])
        places.update({row["_id"]: place for place, row in enumerate(queue, 1)})
    return [{**row, "waiting_position": _position(row, queues)} for row in listed]


def _position(row: Row, queues: Mapping[Any, Mapping[ObjectId, int]]) -> int | None:
    return queues.get((row["event_id"], row.get("waiting_for")), {}).get(row["_id"])
