"""A theme day's registrations, counted in one pass: what `network-api check` holds against what is stored."""

from collections import Counter

from events.documents import Event
from events.registration_documents import CANCELLED, CONFIRMED, Registration
from network_api.documents import Row


class Recount:
    """Who has a seat, an offer or a place in the queue, by mode, and of which co-host's seats."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self.live = 0
        self.confirmed: Counter[str] = Counter()
        self.offered: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        self.held_of_quota: Counter[tuple[str, str]] = Counter()
        self.waiting_of_quota: Counter[tuple[str, str]] = Counter()
        self._numbers: Counter[int] = Counter()  # in the queue; 0 for none

    def add(self, found: Row) -> None:
        """Count a registration."""
        self.live += found["status"] != CANCELLED
        if found["status"] == CONFIRMED:
            self.confirmed[found["mode"]] += 1
        if found.get("offer"):
            self.offered[found["offer"]["mode"]] += 1
        if found.get("waiting_for"):
            self.waiting[found["waiting_for"]] += 1
            self._numbers[found.get("queue_number") or 0] += 1
        if (network_id := str(found.get("network_id"))) in self._event.partners:
            self._add_to_quota(network_id, found)

    def _add_to_quota(self, network_id: str, found: Row) -> None:
        registration = Registration.wrap(found)
        for mode in self._event.seats:
            self.held_of_quota[network_id, mode] += registration.holds_of_quota(mode)
            self.waiting_of_quota[network_id, mode] += found.get("waiting_for") == mode

    @property
    def has_queue_in_order(self) -> bool:
        """Whether who waits has a number of their own, given by this queue."""
        once = all(times == 1 for times in self._numbers.values())
        return 0 not in self._numbers and once and max(self._numbers, default=0) <= self._event.queue

    @property
    def queue_numbers(self) -> list[int]:
        """The numbers of those who wait."""
        return sorted(self._numbers.elements())
