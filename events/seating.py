"""The seats of a theme day. The guard against overselling is here: every seat is taken and given back by `Seated._count`.

`available` is what a newcomer can get: the capacity, less the seats taken, less those set apart for co-hosts. It is
stored, so that one condition on one number (`available > 0`) decides between people who come at the same moment.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from bson import ObjectId
from mongoengine import BooleanField, EmbeddedDocumentField, IntField, MapField, StringField

from events.errors import CapacityBelowTaken, QuotaTooLarge
from network_api.documents import BaseDocument, Part
from network_api.errors import Conflict, Invalid

ONSITE, REMOTE = "onsite", "remote"
MODES = (ONSITE, REMOTE)
DRAFT, PUBLISHED, CANCELLED = "draft", "published", "cancelled"
STATUSES = (DRAFT, PUBLISHED, CANCELLED)


class Seats(Part):
    """The seats of one mode. Only the guarded writes of `Seated` count them.

    capacity = taken + available + what is set apart for co-hosts; an offered seat is a taken one. `overbooked` is by how
    much a coordinator has knowingly set the capacity below what was taken or set apart; `available` is then negative.
    """

    capacity = IntField(min_value=0)  # empty: no limit, and nothing available is counted
    available = IntField()
    taken = IntField(required=True, default=0)
    offered = IntField(required=True, default=0)
    waiting = IntField(required=True, default=0)
    overbooked = IntField(required=True, default=0)

    @property
    def is_full(self) -> bool:
        """Whether a newcomer would have to wait; a free seat belongs to those who wait already."""
        return bool(self.waiting or (self.available is not None and self.available <= 0))


class Quota(Part):
    """Seats of one mode that are set apart for people of a co-host: how many are left, and how many of its people wait."""

    unused = IntField(required=True, default=0, min_value=0)
    waiting = IntField(required=True, default=0, min_value=0)

    @property
    def is_used_up(self) -> bool:
        """Whether a newcomer of its network would have to wait for one of these seats."""
        return bool(self.waiting or self.unused <= 0)


class Seated(BaseDocument):
    """What has seats. `seats_version` counts what happens to them; `queue` is the last number given to somebody who waits.

    `quotas` has the seats set apart, by network and mode; what is given back or no longer set apart is not in it.
    """

    meta: ClassVar[dict[str, Any]] = {"abstract": True}

    status = StringField(required=True, choices=STATUSES, default=DRAFT)
    seats = MapField(EmbeddedDocumentField(Seats))
    quotas = MapField(MapField(EmbeddedDocumentField(Quota)))
    seats_version = IntField(required=True, default=0)
    is_full = BooleanField(required=True, default=False)
    queue = IntField(required=True, default=0)

    def count_available(self) -> None:
        """Work out what is available, and whether anything is, from the other numbers."""
        for mode, seats in self.seats.items():
            seats.available = None if seats.capacity is None else seats.capacity - seats.taken - self.set_apart(mode)
        self.is_full = self.has_every_mode_full

    @property
    def has_every_mode_full(self) -> bool:
        """Whether no offered mode has a seat for a newcomer."""
        return bool(self.seats) and all(seats.is_full for seats in self.seats.values())

    def set_apart(self, mode: str) -> int:
        """How many seats of a mode are set apart for co-hosts and not taken."""
        return sum(quota[mode].unused for quota in self.quotas.values() if mode in quota)

    def quota(self, mode: str, network_id: ObjectId | None) -> Quota | None:
        """The seats of a mode that are set apart for a network, or None."""
        found: Quota | None = self.quotas.get(str(network_id), {}).get(mode)
        return found

    def quotas_to_give(self, mode: str) -> list[ObjectId]:
        """The networks that have a seat left which people of theirs wait for."""
        found = ((network, quota.get(mode)) for network, quota in self.quotas.items())
        return [ObjectId(network) for network, quota in found if quota and quota.unused > 0 and quota.waiting > 0]

    def has_somebody_to_seat(self, mode: str) -> bool:
        """Whether somebody waits for a mode that has a seat for everybody."""
        seats = self.seats[mode]
        return bool(seats.waiting and (seats.available is None or seats.available > 0))

    def is_full_for(self, mode: str, network_id: ObjectId | None) -> bool:
        """Whether a newcomer who is a participant of this co-host, or of none, would have to wait."""
        quota = self.quota(mode, network_id)
        return self.seats[mode].is_full and (quota is None or quota.is_used_up)

    def require_mode(self, mode: str) -> None:
        """Raises Invalid for a mode that is not offered."""
        if mode not in self.seats:
            raise Invalid(errors={"mode": ["This theme day does not offer it."]})

    def claim_seat(self, mode: str) -> Self | None:
        """Take a seat for a newcomer; None where there is none, or where others wait for one already.

        A theme day that was full when it was read is not asked again: most who come after the last seat went cost no write.
        """
        if self.seats[mode].is_full:
            return None
        return self._count({**seat_guard(self, mode), f"seats.{mode}.waiting": 0}, self._taking(mode))

    def claim_quota_seat(self, mode: str, network_id: ObjectId) -> Self | None:
        """Take one of the seats set apart for a network; None where none is left, or others of its people wait."""
        quota = self.quota(mode, network_id)
        if quota is None or quota.is_used_up:
            return None
        apart = f"quotas.{network_id}.{mode}"
        guard = {**standing(self), f"{apart}.unused": {"$gt": 0}, f"{apart}.waiting": 0}
        return self._count(guard, {f"seats.{mode}.taken": 1, f"{apart}.unused": -1})

    def seat_the_first(self, mode: str, waits_as: ObjectId | None, *, offer: bool) -> Self | None:
        """Take a seat for the first who waits; None where nobody does, or there is none to give."""
        guard = {**seat_guard(self, mode), f"seats.{mode}.waiting": {"$gt": 0}}
        return self._count(guard, {**self._taking(mode), **self._leaving(mode, waits_as), **_offering(mode, offer)})

    def seat_the_first_of(self, mode: str, network_id: ObjectId, *, offer: bool) -> Self | None:
        """Take a seat set apart for a network for the first of its people who waits."""
        apart = f"quotas.{network_id}.{mode}"
        guard = {**standing(self), f"{apart}.unused": {"$gt": 0}, f"{apart}.waiting": {"$gt": 0}}
        taking = {f"seats.{mode}.taken": 1, f"{apart}.unused": -1}
        return self._count(guard, {**taking, **self._leaving(mode, network_id), **_offering(mode, offer)})

    def free_seat(self, mode: str, set_apart_for: ObjectId | None = None, *, offered: bool = False) -> Self:
        """Give a seat back: to those it was set apart for as long as it is so, else to everybody."""
        if self.quota(mode, set_apart_for) is not None:
            back = {f"quotas.{set_apart_for}.{mode}.unused": 1}
        else:
            back = {} if self.seats[mode].capacity is None else {f"seats.{mode}.available": 1}
        counted = {f"seats.{mode}.taken": -1, **back, **({f"seats.{mode}.offered": -1} if offered else {})}
        return self._must_count({f"seats.{mode}.taken": {"$gt": 0}}, counted)

    def settle_offer(self, mode: str) -> Self:
        """An offered seat has been accepted."""
        return self._must_count({f"seats.{mode}.offered": {"$gt": 0}}, {f"seats.{mode}.offered": -1})

    def join_queue(self, mode: str, waits_as: ObjectId | None) -> Self:
        """One more waits; `queue` of the result is their number."""
        joining = {name: -by for name, by in self._leaving(mode, waits_as).items()}
        return self._must_count({"status": PUBLISHED}, {**joining, "queue": 1})

    def join_queue_of_full(self, mode: str) -> Self | None:
        """One more waits for what was full when it was read; None where it no longer is, or nobody was."""
        seats = self.seats[mode]
        if not seats.is_full:
            return None
        still = {f"seats.{mode}.waiting": {"$gt": 0}} if seats.waiting else {f"seats.{mode}.available": {"$lt": 1}}
        return self._count({**standing(self), **still}, {f"seats.{mode}.waiting": 1, "queue": 1})

    def leave_queue(self, mode: str, waits_as: ObjectId | None) -> Self:
        """One fewer waits."""
        return self._must_count({f"seats.{mode}.waiting": {"$gt": 0}}, self._leaving(mode, waits_as))

    def _taking(self, mode: str) -> dict[str, int]:
        limited = {} if self.seats[mode].capacity is None else {f"seats.{mode}.available": -1}
        return {f"seats.{mode}.taken": 1, **limited}

    def _leaving(self, mode: str, waits_as: ObjectId | None) -> dict[str, int]:
        apart = {f"quotas.{waits_as}.{mode}.waiting": -1} if self.quota(mode, waits_as) is not None else {}
        return {f"seats.{mode}.waiting": -1, **apart}

    def resize(self, capacity: Mapping[str, int | None], *, overbook: bool = False) -> Self:
        """Offer these modes with so many seats.

        Raises CapacityBelowTaken for a step down below what is taken, unless `overbook` says that this is meant; always for
        no longer offering a mode that people have or wait for.
        """
        resized: dict[str, dict[str, Any]] = {}
        for mode, number in capacity.items():
            before, apart = self.seats.get(mode) or Seats(), self.set_apart(mode)
            missing = 0 if number is None else max(0, before.taken + apart - number)
            is_down = before.capacity is None or (number is not None and number < before.capacity)
            if missing and is_down and not overbook:
                raise CapacityBelowTaken(errors={f"capacity.{mode}": [f"{before.taken + apart} seats are taken or set apart."]})
            available = None if number is None else number - before.taken - apart
            after = Seats(capacity=number, available=available, overbooked=missing)
            after.taken, after.offered, after.waiting = before.taken, before.offered, before.waiting
            resized[mode] = after.to_mongo().to_dict()
        for mode in set(self.seats) - set(capacity):
            if self.seats[mode].taken or self.seats[mode].waiting or self.set_apart(mode):
                raise CapacityBelowTaken("People are registered for this mode.", errors={f"capacity.{mode}": ["It is in use."]})
        guard = {"seats_version": self.seats_version}
        return self._must_count(guard, {}, {"seats": resized, "modes": sorted(resized)})

    def set_quota(self, network_id: ObjectId, numbers: Mapping[str, int], waiting: Mapping[str, int]) -> Self:
        """Set so many free seats of these modes apart for a network, in place of those it has left.

        A mode that is not named has none set apart, and what its people give back goes to everybody. `waiting` has how
        many of them wait for a mode. Raises QuotaTooLarge where fewer are free, or there is no limit.
        """
        counted, kept, gone = {}, {}, {}
        for mode, seats in self.seats.items():
            before, number = self.quota(mode, network_id), numbers.get(mode, 0)
            more = number - (before.unused if before else 0)
            if number and (seats.capacity is None or more > max(seats.available, 0)):
                raise QuotaTooLarge(errors={f"quota.{mode}": ["There are not so many free seats to set apart."]})
            if more and seats.capacity is not None:
                counted[f"seats.{mode}.available"] = -more
            if mode in numbers:
                kept[f"quotas.{network_id}.{mode}"] = {"unused": number, "waiting": waiting.get(mode, 0)}
            elif before:
                gone[f"quotas.{network_id}.{mode}"] = ""
        return self._must_count({"seats_version": self.seats_version}, counted, kept, gone)

    def _must_count(
        self,
        guard: Mapping[str, Any],
        by: Mapping[str, int],
        values: Mapping[str, Any] | None = None,
        gone: Mapping[str, Any] | None = None,
    ) -> Self:
        counted = self._count(guard, by, values, gone)
        if counted is None:
            raise Conflict("The seats of this theme day have changed meanwhile. Try again.", code="seats_changed")
        return counted

    def _count(
        self,
        guard: Mapping[str, Any],
        by: Mapping[str, int],
        values: Mapping[str, Any] | None = None,
        gone: Mapping[str, Any] | None = None,
    ) -> Self | None:
        """The one gate for all that happens to seats; `updated_at` is about edits and stays."""
        kept = {"updated_at": self.updated_at}
        update: dict[str, Any] = {"$inc": {**by, "seats_version": 1}, "$set": {**kept, **(values or {})}}
        if gone:
            update["$unset"] = dict(gone)
        counted = self.change({"_id": self.pk, **guard}, update)
        if counted is not None and counted.is_full != counted.has_every_mode_full:
            counted = self.change({"_id": self.pk}, {"$set": {**kept, "is_full": counted.has_every_mode_full}})
        return counted


def standing(event: Seated) -> dict[str, Any]:
    """The condition that a theme day still is as it was read, but for its seats, and takes people."""
    return {"version": event.version, "status": PUBLISHED}


def seat_guard(event: Seated, mode: str) -> dict[str, Any]:
    """The condition under which a seat may be taken: the theme day is as it was read, and a seat is available."""
    free = {} if event.seats[mode].capacity is None else {f"seats.{mode}.available": {"$gt": 0}}
    return {**standing(event), **free}


def _offering(mode: str, offer: bool) -> dict[str, int]:
    return {f"seats.{mode}.offered": 1} if offer else {}
