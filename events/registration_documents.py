"""Registrations: one person's place in one theme day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
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

from events.needs_documents import Needs
from events.seating import MODES
from network_api.auth import links
from network_api.auth.caller import Caller
from network_api.auth.documents import email_key
from network_api.documents import BaseDocument, Part, Row, session, utcnow
from network_api.errors import Conflict, NotFound
from network_api.languages import LANGUAGES, search_terms
from network_api.members.documents import Organisation
from network_api.regions import REGIONS

CONFIRMED, WAITLISTED, CANCELLED = "confirmed", "waitlisted", "cancelled"
STATUSES = (CONFIRMED, WAITLISTED, CANCELLED)
MANAGE, JOIN = "registration.manage", "registration.join"
ERASED = "erased-"  # what the address of somebody begins with who was taken out
REMINDED_EVERY = timedelta(hours=1)
_NOTHING_PENDING: Mapping[str, None] = {"waiting_for": None, "queue_number": None, "offer": None}
BY_PERSON, BY_COORDINATOR, BY_ERASURE, BY_LAPSE = "person", "coordinator", "erasure", "lapse"


class AlreadyRegistered(Conflict):
    """One address has one registration in a theme day."""

    code = "already_registered"
    detail = "This address is registered already. The link to the registration has been mailed to it."


class RegistrationCancelled(Conflict):
    """A cancelled registration stays cancelled; the person can register again."""

    code = "registration_cancelled"
    detail = "This registration has been cancelled. Register again instead."


class Offer(Part):
    """A seat that is kept for somebody who waited, until it lapses; `of_quota`: of those set apart for their network."""

    mode = StringField(required=True, choices=MODES)
    expires_at = DateTimeField(required=True)
    of_quota = BooleanField(required=True, default=False)


class Registration(BaseDocument):
    """One person's place. While it is live (`active`), no other of the same theme day has its address.

    `mode` is the seat that is held, or wanted while waitlisted; `waiting_for` the mode whose queue the person stands in,
    with their number there: their own mode, or the other one while they keep a seat. An `offer` comes in place of that.
    `network_id` is the co-host whose participant this is; `holds_quota` says that the seat is one set apart for it.
    `owners` has whose it is.
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
            ("event_id", "network_id", "_id"),
            {"fields": ["offer.expires_at"], "sparse": True},
            ("owners", "_id"),
        ],
    }

    event_id = ObjectIdField(required=True)
    mode = StringField(required=True, choices=MODES)
    status = StringField(required=True, choices=STATUSES)
    active = BooleanField()  # empty once cancelled: the partial index lets go of the address
    waiting_for = StringField(choices=MODES)
    queue_number = IntField()
    offer = EmbeddedDocumentField(Offer)
    network_id = ObjectIdField()
    holds_quota = BooleanField()
    name = StringField(required=True)
    email = StringField(required=True)
    email_key = StringField(required=True)
    organisation = EmbeddedDocumentField(Organisation)
    region = StringField(choices=tuple(REGIONS))  # where the person works, for the figures
    language = StringField(required=True, choices=LANGUAGES)
    answers = DictField()
    asked = ListField(DictField())  # the questions that `answers` answers, as they read then
    member_id = ObjectIdField()
    owners = ListField(StringField())
    nonce = StringField(required=True, default=lambda: token_hex(8))  # a new one makes its links void
    reminded_at = DateTimeField()
    confirmed_at = DateTimeField()
    cancelled_at = DateTimeField()
    cancelled_by = StringField(choices=(BY_PERSON, BY_COORDINATOR, BY_ERASURE, BY_LAPSE))
    attended_at = DateTimeField()
    attended_mode = StringField(choices=MODES)
    attended_minutes = IntField()
    attendance_version = IntField(default=0)  # counts what is written in the ledger about it, so that two writers meet
    join_nonce = StringField()  # in place of `nonce`, once the join link has been renewed
    join_revoked_at = DateTimeField()
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
    def first_waiting(cls, event_id: ObjectId, mode: str, network_id: ObjectId | None = None) -> Self:
        """The first in the queue of a mode, or the first of a co-host's people there. Raises NotFound for an empty queue."""
        theirs = {"network_id": network_id} if network_id else {}
        queue = cls.rows({"event_id": event_id, "waiting_for": mode, **theirs}, sort=[("queue_number", 1)], limit=1)
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
        if found is None or not links.is_genuine(token, purpose, found.nonce_for(purpose)):
            raise NotFound
        return found

    @classmethod
    def belong_to(cls, event_id: ObjectId, network_id: ObjectId, member_ids: Sequence[ObjectId]) -> None:
        """Make the registrations of these members, as far as they are no other co-host's, those of a co-host."""
        theirs = {"event_id": event_id, "network_id": None, "member_id": {"$in": list(member_ids)}}
        update = {"$set": {"network_id": network_id, "updated_at": utcnow()}, "$inc": {"version": 1}}
        cls.collection().update_many(theirs, update, session=session())

    def holds_of_quota(self, mode: str) -> bool:
        """Whether it holds a seat of this mode that is set apart for its network, or is offered one."""
        if self.offer and self.offer.mode == mode:
            return bool(self.offer.of_quota)
        return bool(self.holds_quota and self.status == CONFIRMED and self.mode == mode)

    def nonce_for(self, purpose: str) -> str:
        """What the links for a purpose are signed over."""
        return str(self.join_nonce or self.nonce) if purpose == JOIN else str(self.nonce)

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

    @property
    def modes(self) -> set[str]:
        """The modes that the person takes part in, waits for or is offered."""
        return {mode for mode in (self.mode, self.waiting_for, self.offer and self.offer.mode) if mode}

    def is_of(self, caller: Caller) -> bool:
        """Whether it is the caller's own."""
        return caller.is_signed_in and bool(set(self.owners) & set(owner_keys(caller.member_id, caller.email_key or "")))

    def take_seat(self, mode: str, *, of_quota: bool) -> Self:
        """Become confirmed in a mode, out of any queue and with no offer."""
        return self.edit(
            {
                **_NOTHING_PENDING,
                "status": CONFIRMED,
                "mode": mode,
                "holds_quota": of_quota or None,
                "confirmed_at": self.confirmed_at or utcnow(),
            }
        )[0]

    def wait_for(self, mode: str, number: int) -> Self:
        """Stand in the queue of a mode; who has a seat keeps it meanwhile."""
        kept = {} if self.status == CONFIRMED else {"mode": mode}
        return self.edit({**_NOTHING_PENDING, "waiting_for": mode, "queue_number": number, **kept})[0]

    def stay(self) -> Self:
        """Keep what one has, out of any queue and with no offer."""
        return self.edit(_NOTHING_PENDING)[0]

    def receive_offer(self, mode: str, until: datetime, *, of_quota: bool) -> Self:
        """Be offered a seat in place of the place in the queue."""
        return self.edit({**_NOTHING_PENDING, "offer": Offer(mode=mode, expires_at=until, of_quota=of_quota)})[0]

    def cancel(self, by: str) -> Self:
        """Become cancelled, out of any queue and with no offer; whoever stays away needs nothing any more."""
        Needs.remove({"_id": self.pk})
        gone = {**_NOTHING_PENDING, "holds_quota": None, "cancelled_at": utcnow(), "cancelled_by": by}
        return self.edit({**gone, "status": CANCELLED})[0]

    def remind(self) -> Self | None:
        """Note that the link is mailed again; None within an hour of the last time."""
        now = utcnow()
        lately = {"$gt": now - REMINDED_EVERY}
        return self.change({"_id": self.pk, "reminded_at": {"$not": lately}}, {"$set": {"reminded_at": now}})

    def note_attendance(self, said: Mapping[str, Any]) -> None:
        """Keep what follows from the ledger of attendance; no edit by a person, so `version` stays."""
        self.change({"_id": self.pk}, {"$set": dict(said), "$inc": {"attendance_version": 1}})

    def revoke_join_link(self) -> tuple[Self, dict[str, Any]]:
        """Let the join link open nothing; what differs comes with it."""
        return self.edit({"join_revoked_at": utcnow()})

    def renew_join_link(self) -> Self:
        """Have another join link; the old one opens nothing."""
        return self.edit({"join_revoked_at": None, "join_nonce": token_hex(8)})[0]

    def anonymise(self) -> None:
        """Take out who it was; that somebody of such an organisation took part stays for the figures."""
        Needs.remove({"_id": self.pk})
        kind = Organisation(name="–", type=self.organisation.type) if self.organisation else None
        self.edit(
            {
                "name": "–",
                "email": f"{ERASED}{self.pk}",
                "organisation": kind,
                "answers": {},
                "asked": [],
                "member_id": None,
                "nonce": token_hex(8),
                "join_nonce": None,
                "join_revoked_at": None,
                "reminded_at": None,
            }
        )


def owner_keys(member_id: ObjectId | None, address_key: str) -> list[str]:
    """The keys by which somebody's registrations are found: their address and their membership."""
    return [f"address:{address_key}", *([f"member:{member_id}"] if member_id else [])]


def with_positions(rows: Iterable[Row]) -> list[Row]:
    """The rows with `waiting_position`, the place in the queue counted from 1; one count by the database for each queue."""
    listed = list(rows)
    waiting = [row for row in listed if row.get("waiting_for")]
    queues = {(row["event_id"], row["waiting_for"]) for row in waiting}
    places = {
        queue: _places(*queue, sorted(row["queue_number"] for row in waiting if (row["event_id"], row["waiting_for"]) == queue))
        for queue in queues
    }
    return [{**row, "waiting_position": _position(row, places)} for row in listed]


def _position(row: Row, places: Mapping[Any, Mapping[int, int]]) -> int | None:
    return places.get((row["event_id"], row.get("waiting_for")), {}).get(row.get("queue_number") or 0)


def _places(event_id: ObjectId, mode: str, numbers: Sequence[int]) -> dict[int, int]:
    """The places of these numbers, which ascend, in a queue: how many there are up to the first, up to the next, ..."""
    stretches = {"$bucket": {"groupBy": "$queue_number", "boundaries": [0, *(number + 1 for number in numbers)]}}
    ahead = {"event_id": event_id, "waiting_for": mode, "queue_number": {"$lte": numbers[-1]}}
    found = Registration.collection().aggregate([{"$match": ahead}, stretches], session=session())
    counts = {stretch["_id"]: stretch["count"] for stretch in found}
    return dict(zip(numbers, accumulate(counts.get(start, 0) for start in (0, *(n + 1 for n in numbers))), strict=False))
