"""Who of a batch may be written to, and how: its copy from the freeze, and whatever has changed since as it is now.

Every change to a subscriber, every suppression and every pause or end of an issue counts the newsletter's pulse up, in its own
transaction, and is marked with it. So one small look before each group tells whether there is any news at all, and two
queries find what it is.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from threading import Lock

from bson import ObjectId

from network_api.documents import Row
from newsletters.dispatch.addressees import NEEDED, Addressees
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import ACTIVE, Subscription
from newsletters.subscriptions.suppression import Suppression

_LAST = 2**31 - 1  # the upper end of a range of pulses: the embedded engine wants two ends


class Changes:
    """The subscriptions of a newsletter that have changed after a pulse, and who has been suppressed. Threads share it.

    It reads on from where it stands, so that what has changed since a freeze is read once, and not for each batch.
    """

    def __init__(self, newsletter_id: ObjectId, since: int) -> None:
        self._newsletter_id, self._until = newsletter_id, since
        self._subscriptions: dict[ObjectId, int] = {}
        self._suppressed: dict[str, int] = {}
        self._reading = Lock()

    def among(self, rows: Mapping[ObjectId, Row], recipients: Collection[ObjectId], since: int, until: int) -> set[ObjectId]:
        """Those of the recipients of whom there is any news after a pulse, up to another at least."""
        with self._reading:
            self._read(until)
            changed = {identifier for identifier, pulse in self._subscriptions.items() if pulse > since}
            suppressed = {key for key, pulse in self._suppressed.items() if pulse > since}
        gone = [identifier for identifier, row in rows.items() if suppressed and not suppressed.isdisjoint(self._keys(row))]
        return changed.intersection(recipients).union(gone)

    def _keys(self, row: Row) -> list[str]:
        return Suppression.keys_of(self._newsletter_id, row["email_key"])

    def _read(self, until: int) -> None:
        if until <= self._until:
            return
        later = {"newsletter_id": self._newsletter_id, "pulse": {"$gt": self._until, "$lt": _LAST}}
        self._subscriptions.update({row["_id"]: row["pulse"] for row in Subscription.rows(later, only=("pulse",))})
        self._suppressed.update({row["_id"]: row["pulse"] for row in Suppression.rows(later, only=("pulse",))})
        self._until = until  # what is later may have been seen by one of the two only


@lru_cache(8)
def changes_since(newsletter_id: ObjectId, pulse: int) -> Changes:
    """What a process knows of the changes in a newsletter after a pulse."""
    return Changes(newsletter_id, pulse)


class Readers:
    """The recipients of one batch, as they are by the newest look at the pulse."""

    def __init__(self, newsletter_id: ObjectId, snapshot_id: ObjectId, recipients: Sequence[ObjectId], since: int | None) -> None:
        self._newsletter_id, self._snapshot_id, self._recipients, self._since = newsletter_id, snapshot_id, recipients, since
        self._rows: dict[ObjectId, Row] = {}
        self._pulse: int | None = None

    def have_news(self) -> bool:
        """Whether anything that a dispatch has to notice has happened since this was last asked; what it is, is read then."""
        pulse, before = Newsletter.pulse_of(self._newsletter_id), self._pulse
        if pulse == before:
            return False
        if before is None:
            self._begin(pulse)
        else:
            self._read(self._news(before, pulse))
        self._pulse = pulse
        return True

    def reachable(self, places: Sequence[int]) -> dict[int, Row]:
        """Those of a group, by place, who may be written to at this moment; also of one that comes back after a later one."""
        rows = {place: self._rows.get(self._recipients[place]) for place in places}
        return {place: row for place, row in rows.items() if row is not None}

    def _begin(self, pulse: int) -> None:
        """Take the copy from the freeze, and read whom it does not have or of whom there is news."""
        as_of, self._rows = Addressees.read(self._snapshot_id) or (pulse, {})
        missing = {identifier for identifier in self._recipients if identifier not in self._rows}
        self._read(missing | self._news(as_of, pulse))

    def _news(self, before: int, pulse: int) -> set[ObjectId]:
        changes = changes_since(self._newsletter_id, before if self._since is None else min(before, self._since))
        return changes.among(self._rows, self._recipients, before, pulse)

    def _read(self, identifiers: Collection[ObjectId]) -> None:
        """Read subscriptions as they are now."""
        if not identifiers:
            return
        stretch = {"newsletter_id": self._newsletter_id, "_id": {"$gte": min(identifiers), "$lte": max(identifiers)}}
        found = Subscription.collection().find(stretch, NEEDED).batch_size(len(self._recipients))
        active = [row for row in found if row["_id"] in identifiers and row["state"] == ACTIVE]
        suppressed = Suppression.among(self._newsletter_id, [row["email_key"] for row in active])
        for identifier in identifiers:
            self._rows.pop(identifier, None)
        self._rows.update({row["_id"]: row for row in active if row["email_key"] not in suppressed})
