"""Theme days and their seats. The guard against overselling is here: `Event.claim_seat` and `Event.seat_the_first`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    IntField,
    ListField,
    MapField,
    ObjectIdField,
    StringField,
)

from events.errors import CapacityBelowTaken, EventCancelled, EventEnded, RegistrationClosed, RegistrationNotOpen
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.documents import BaseDocument, Part, utcnow
from network_api.errors import Conflict, Invalid
from network_api.languages import in_language, search_terms

ONSITE, REMOTE = "onsite", "remote"
MODES = (ONSITE, REMOTE)
DRAFT, PUBLISHED, CANCELLED = "draft", "published", "cancelled"
STATUSES = (DRAFT, PUBLISHED, CANCELLED)
UPCOMING, OPEN, FULL, CLOSED, RUNNING, ENDED = PHASES = ("upcoming", "open", "full", "closed", "running", "ended")
LONGEST = timedelta(days=31)  # so that "running" is a range with two ends


class Seats(Part):
    """The seats of one mode. Only the guarded writes of Event count them."""

    capacity = IntField(min_value=0)  # empty: no limit
    taken = IntField(required=True, default=0)
    waiting = IntField(required=True, default=0)

    @property
    def is_full(self) -> bool:
        """Whether a newcomer would have to wait; a free seat belongs to those who wait already."""
        return bool(self.waiting or (self.capacity is not None and self.taken >= self.capacity))


class Venue(Part):
    """Where a theme day takes place."""

    name = StringField(required=True)
    address = StringField()
    directions = DictField(default=None)
    accessibility = DictField(default=None)


class Remote(Part):
    """The remote room. Only those who may edit the theme day read `join_url`; participants go through their own door."""

    join_url = StringField()
    platform = StringField()
    opens_minutes_before = IntField(required=True, default=15)


class Event(BaseDocument):
    """A theme day. `version` counts edits; `seats_version` counts what happens to its seats.

    `opens_at` and `closes_at` are the times of registration that hold, where no others are given; a draft would open at
    its start, and who is closed stays so until `closed_until`: so each phase is one filter without alternatives.
    `visible_to` has the keys of its readers (as for members); `queue` is the last number given to somebody who waits.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "events",
        "indexes": [
            {"fields": ["slug"], "unique": True},
            ("visible_to", "starts_at", "_id"),
            ("network_ids", "starts_at", "_id"),
            ("modes", "starts_at", "_id"),
            ("topics", "starts_at", "_id"),
            ("search", "starts_at", "_id"),
        ],
    }

    network_id = ObjectIdField(required=True)
    co_hosts = ListField(ObjectIdField())
    network_ids = ListField(ObjectIdField())
    slug = StringField(required=True, regex=r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=120)
    title = DictField(required=True)
    summary = DictField(default=None)
    description = DictField(default=None)
    topics = ListField(StringField(max_length=80))
    starts_at = DateTimeField(required=True)
    ends_at = DateTimeField(required=True)
    timezone = StringField(required=True, default="Europe/Helsinki")
    registration_opens_at = DateTimeField()
    registration_closes_at = DateTimeField()
    opens_at = DateTimeField()
    closes_at = DateTimeField()
    closed_until = DateTimeField()
    venue = EmbeddedDocumentField(Venue)
    remote = EmbeddedDocumentField(Remote)
    seats = MapField(EmbeddedDocumentField(Seats))
    seats_version = IntField(required=True, default=0)
    modes = ListField(StringField(choices=MODES))
    is_full = BooleanField(required=True, default=False)
    queue = IntField(required=True, default=0)
    questions = ListField(DictField())
    agenda = ListField(DictField())
    materials = ListField(DictField())
    status = StringField(required=True, choices=STATUSES, default=DRAFT)
    published_at = DateTimeField()
    cancelled_at = DateTimeField()
    cancel_reason = DictField(default=None)
    visible_to = ListField(StringField())
    search = ListField(StringField())

    def clean(self) -> None:
        """Check the times against each other, and work out what follows from the rest."""
        self.check_times()
        self.opens_at = self.starts_at if self.status == DRAFT else self.registration_opens_at or self.published_at
        self.closes_at = self.cancelled_at or self.registration_closes_at or self.starts_at
        self.closed_until = self.ends_at if self.status == CANCELLED else self.starts_at
        self.network_ids = [self.network_id, *self.co_hosts]
        self.visible_to = self.reader_keys_needed()
        self.modes = sorted(self.seats)
        self.is_full = self.has_every_mode_full
        venue = self.venue and self.venue.name
        self.search = search_terms(self.title, self.summary, self.topics, venue, self.description)

    def check_times(self) -> None:
        """Raises Invalid for an end before the start, and for a registration that closes before it opens."""
        errors: dict[str, list[str]] = {}
        if not self.starts_at < self.ends_at <= self.starts_at + LONGEST:
            errors["ends_at"] = ["After the start, and within 31 days of it."]
        closes = self.registration_closes_at
        if closes and closes > self.ends_at:
            errors["registration_closes_at"] = ["Not after the end."]
        if self.registration_opens_at and self.registration_opens_at >= (closes or self.starts_at):
            errors["registration_opens_at"] = ["Before registration closes, which is at the start where no time is given."]
        if errors:
            raise Invalid(errors=errors)

    def reader_keys_needed(self) -> list[str]:
        """The keys that open this theme day: everybody's once it has been published."""
        if self.status != DRAFT:
            return ["public"]
        return ["administrator", f"editor:{self.network_id}", *(f"coordinator:{network_id}" for network_id in self.co_hosts)]

    @property
    def has_every_mode_full(self) -> bool:
        """Whether no offered mode has a seat for a newcomer."""
        return bool(self.seats) and all(seats.is_full for seats in self.seats.values())

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return bool(self.ends_at <= utcnow())

    @property
    def gives_seats(self) -> bool:
        """Whether those who wait still get the seats that others give back: until its end."""
        return bool(self.status == PUBLISHED and not self.is_over)

    def require_registrable(self, now: datetime) -> None:
        """Raises EventCancelled, RegistrationNotOpen, RegistrationClosed: the first that holds."""
        if self.status == CANCELLED:
            raise EventCancelled
        if self.status == DRAFT or now < self.opens_at:
            raise RegistrationNotOpen
        if now >= self.closes_at:
            raise RegistrationClosed

    def require_going_on(self) -> None:
        """Raises EventCancelled or EventEnded once nothing can be rearranged any more."""
        if self.status == CANCELLED:
            raise EventCancelled
        if self.is_over:
            raise EventEnded

    def require_mode(self, mode: str) -> None:
        """Raises Invalid for a mode that is not offered."""
        if mode not in self.seats:
            raise Invalid(errors={"mode": ["This theme day does not offer it."]})

    def claim_seat(self, mode: str) -> Self | None:
        """Take a seat for a newcomer; None where there is none, or where others wait for one already."""
        return self._count({**seat_guard(self, mode), f"seats.{mode}.waiting": 0}, {f"seats.{mode}.taken": 1})

    def seat_the_first(self, mode: str) -> Self | None:
        """Take a seat for the first who waits; None where nobody does, or there is none to give."""
        waits = {f"seats.{mode}.waiting": {"$gt": 0}}
        return self._count({**seat_guard(self, mode), **waits}, {f"seats.{mode}.taken": 1, f"seats.{mode}.waiting": -1})

    def free_seat(self, mode: str) -> Self:
        """Give a seat back."""
        return self._must_count({f"seats.{mode}.taken": {"$gt": 0}}, {f"seats.{mode}.taken": -1})

    def join_queue(self, mode: str) -> Self:
        """One more waits; `queue` of the result is their number."""
        return self._must_count({"status": PUBLISHED}, {f"seats.{mode}.waiting": 1, "queue": 1})

    def leave_queue(self, mode: str) -> Self:
        """One fewer waits."""
        return self._must_count({f"seats.{mode}.waiting": {"$gt": 0}}, {f"seats.{mode}.waiting": -1})

    def resize(self, capacity: Mapping[str, int | None]) -> Self:
        """Offer these modes with so many seats. Raises CapacityBelowTaken, also for a mode that people have or wait for."""
        resized: dict[str, dict[str, Any]] = {}
        for mode, number in capacity.items():
            before = self.seats.get(mode) or Seats()
            if number is not None and number < before.taken:
                raise CapacityBelowTaken(errors={f"capacity.{mode}": [f"{before.taken} seats are taken."]})
            resized[mode] = Seats(capacity=number, taken=before.taken, waiting=before.waiting).to_mongo().to_dict()
        for mode in set(self.seats) - set(capacity):
            if self.seats[mode].taken or self.seats[mode].waiting:
                raise CapacityBelowTaken("People are registered for this mode.", errors={f"capacity.{mode}": ["It is in use."]})
        guard = {"seats_version": self.seats_version}
        return self._must_count(guard, {}, {"seats": resized, "modes": sorted(resized)})

    def _must_count(self, guard: Mapping[str, Any], by: Mapping[str, int], values: Mapping[str, Any] | None = None) -> Self:
        counted = self._count(guard, by, values)
        if counted is None:
            raise Conflict("The seats of this theme day have changed meanwhile. Try again.", code="seats_changed")
        return counted

    def _count(self, guard: Mapping[str, Any], by: Mapping[str, int], values: Mapping[str, Any] | None = None) -> Self | None:
        """The one gate for all that happens to seats; `updated_at` is about edits and stays."""
        kept = {"updated_at": self.updated_at}
        counted = self.change({"_id": self.pk, **guard}, {"$inc": {**by, "seats_version": 1}, "$set": {**kept, **(values or {})}})
        if counted is not None and counted.is_full != counted.has_every_mode_full:
            counted = self.change({"_id": self.pk}, {"$set": {**kept, "is_full": counted.has_every_mode_full}})
        return counted


def seat_guard(event: Event, mode: str) -> dict[str, Any]:
    """The condition under which a seat may be taken: the theme day is as it was read, and fewer are taken than there are."""
    capacity = event.seats[mode].capacity
    free = {} if capacity is None else {f"seats.{mode}.taken": {"$lt": capacity}}
    return {"version": event.version, "status": PUBLISHED, f"seats.{mode}.capacity": capacity, **free}


def reader_keys(caller: Caller) -> list[str]:
    """The keys to theme days that this caller holds."""
    held = ["administrator"] if caller.is_administrator else []
    editing = (f"editor:{network_id}" for network_id in caller.networks(EDITOR))
    coordinating = (f"coordinator:{network_id}" for network_id in caller.networks(COORDINATOR))
    return ["public", *held, *editing, *coordinating]


def phase_of(event: Mapping[str, Any], now: datetime) -> str:
    """Where a theme day (its row) stands at an instant. `find.in_phase` says the same as a filter."""
    if event["ends_at"] <= now:
        return ENDED
    if event["status"] == CANCELLED:
        return CLOSED
    if event["starts_at"] <= now:
        return RUNNING
    if event["opens_at"] > now:
        return UPCOMING
    if event["closes_at"] <= now:
        return CLOSED
    return FULL if event["is_full"] else OPEN


def title_of(event: Event, language: str) -> str:
    """The title on one line."""
    return " ".join(in_language(event.title, language).split())
