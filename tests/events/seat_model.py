"""The seats of a theme day in plain Python: what the gate must do, said without a database, a lock or a counter.

Nothing is counted here that could be looked up: who sits where, who is offered what, who stands in which queue.
"""

from dataclasses import dataclass, field

MODES = ("onsite", "remote")
FULL, TAKEN, SMALL, NONE = "event_full", "already_registered", "capacity_below_taken", "no_offer"
TOO_LARGE, BELOW = "quota_too_large", "quota_below_taken"


@dataclass
class Seat:
    """A seat of a mode; `of_quota`: one of those set apart for the partner network."""

    mode: str
    of_quota: bool = False


@dataclass
class Model:
    """Persons are names; those that begin with "p" belong to the partner network. Verbs answer a code where they refuse."""

    capacity: dict[str, int | None]
    offers_seats: bool = False
    quota: dict[str, int] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    offers: dict[str, Seat] = field(default_factory=dict)
    queues: dict[str, list[str]] = field(default_factory=lambda: {mode: [] for mode in MODES})

    def taken(self, mode: str) -> int:
        return sum(seat.mode == mode for seat in [*self.seats.values(), *self.offers.values()])

    def apart(self, mode: str) -> int:
        used = sum(seat.mode == mode and seat.of_quota for seat in [*self.seats.values(), *self.offers.values()])
        return self.quota.get(mode, used) - used

    def free(self, mode: str) -> int | None:
        total = self.capacity[mode]
        return None if total is None else total - self.taken(mode) - self.apart(mode)

    def is_live(self, who: str) -> bool:
        return who in self.seats or who in self.offers or self.waits_for(who) is not None

    def waits_for(self, who: str) -> str | None:
        return next((mode for mode, queue in self.queues.items() if who in queue), None)

    def register(self, who: str, mode: str, wait: bool) -> str | None:
        if self.is_live(who):
            return TAKEN
        seat = self._claim(who, mode)
        if seat:
            self.seats[who] = seat
        elif not wait:
            return FULL
        else:
            self.queues[mode].append(who)
        return None

    def cancel(self, who: str) -> None:
        self._promote(*self._leave(who))

    def switch(self, who: str, mode: str, wait: bool) -> str | None:
        offer, held = self.offers.get(who), self.seats.get(who)
        wanted = held.mode if held else offer.mode if offer else self.waits_for(who)
        if offer and offer.mode == mode:
            return self.accept(who)
        if mode == wanted:
            if held:
                freed = self._give_up_hopes(who)
                self._promote(*freed)
            return None
        seat = self._claim(who, mode)
        if seat:
            freed = self._leave(who)
            self.seats[who] = seat
            self._promote(*freed)
        elif self.waits_for(who) == mode:
            return None
        elif not wait:
            return FULL
        else:
            freed = self._give_up_hopes(who)
            self.queues[mode].append(who)
            self._promote(*freed)
        return None

    def accept(self, who: str) -> str | None:
        if who not in self.offers:
            return NONE
        held = self.seats.pop(who, None)
        self.seats[who] = self.offers.pop(who)
        self._promote(*([held.mode] if held else []))
        return None

    def decline(self, who: str) -> str | None:
        if who not in self.offers:
            return NONE
        self._promote(self.offers.pop(who).mode)
        return None

    def resize(self, capacity: dict[str, int | None], overbook: bool) -> str | None:
        for mode, number in capacity.items():
            before = self.capacity[mode]
            is_down = number is not None and (before is None or number < before)
            if is_down and number < self.taken(mode) + self.apart(mode) and not overbook:
                return SMALL
        self.capacity = dict(capacity)
        self._promote(*MODES)
        return None

    def set_quota(self, quota: dict[str, int]) -> str | None:
        for mode, number in quota.items():
            if number < self._held_of_quota(mode):
                return BELOW
        for mode, number in quota.items():
            left, free = number - self._held_of_quota(mode), self.free(mode)
            before = self.apart(mode) if mode in self.quota else 0
            if left and (free is None or left - before > max(0, free)):
                return TOO_LARGE
        self.quota = dict(quota)
        self._promote(*MODES)
        return None

    def position(self, who: str) -> int | None:
        mode = self.waits_for(who)
        return self.queues[mode].index(who) + 1 if mode else None

    def _held_of_quota(self, mode: str) -> int:
        return sum(seat.mode == mode and seat.of_quota for seat in [*self.seats.values(), *self.offers.values()])

    def _claim(self, who: str, mode: str) -> Seat | None:
        if self._partners(who) and self._has_quota_left(mode) and not any(map(self._partners, self.queues[mode])):
            return Seat(mode, of_quota=True)
        return Seat(mode) if not self.queues[mode] and self._has_free(mode) else None

    def _partners(self, who: str) -> bool:
        return who.startswith("p")

    def _has_quota_left(self, mode: str) -> bool:
        return mode in self.quota and self.apart(mode) > 0

    def _has_free(self, mode: str) -> bool:
        free = self.free(mode)
        return free is None or free > 0

    def _give_up_hopes(self, who: str) -> list[str]:
        """Out of the queue and without the offer; the modes that have a seat more."""
        for queue in self.queues.values():
            if who in queue:
                queue.remove(who)
        offer = self.offers.pop(who, None)
        return [offer.mode] if offer else []

    def _leave(self, who: str) -> list[str]:
        freed = self._give_up_hopes(who)
        seat = self.seats.pop(who, None)
        return [*freed, seat.mode] if seat else freed

    def _promote(self, *modes: str) -> None:
        """Free seats go to those who wait, in their order; a seat that is left goes on in the same way."""
        pending = list(modes)
        while pending:
            mode = pending[-1]
            seat, who = self._next(mode)
            if seat is None:
                pending.pop()
                continue
            self.queues[mode].remove(who)
            if self.offers_seats:
                self.offers[who] = seat
                continue
            held = self.seats.pop(who, None)
            self.seats[who] = seat
            pending += [held.mode] if held else []

    def _next(self, mode: str) -> tuple[Seat | None, str]:
        theirs = [who for who in self.queues[mode] if self._partners(who)]
        if theirs and self._has_quota_left(mode):
            return Seat(mode, of_quota=True), theirs[0]
        if self.queues[mode] and self._has_free(mode):
            return Seat(mode), self.queues[mode][0]
        return None, ""
