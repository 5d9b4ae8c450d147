"""How fast letters may go, to each SMTP server and to each domain of recipients: limits that all workers share.

"200 per second" means that no second sees more than 200. A limit is a token bucket as the generic cell rate algorithm keeps
it (ITU-T I.371): one number a limit, the moment at which the bucket is full again. A tenth of the limit may go at once;
the rest trickles in so that the whole keeps within the limit. Tokens are claimed for a whole group, by one conditional
update. Clocks of workers that disagree by a second can let a second's worth through once, and hold it back later.
"""

from collections import Counter
from collections.abc import Mapping
from math import floor
from time import time
from typing import Any, ClassVar, NamedTuple

from limits import parse
from mongoengine import FloatField, StringField

from network_api.documents import AlreadyExists, BaseDocument

BURST = 10  # the part of a limit that may go at once: one in so many
BREATH = 1.0  # seconds


class Pace(NamedTuple):
    """A limit: seconds between two mails, and how many may go at once after a rest."""

    interval: float
    burst: int

    @classmethod
    def of(cls, limit: str) -> "Pace":
        """The pace that keeps any window of the limit's period within its amount: a burst, and what comes in meanwhile."""
        item = parse(limit)
        burst = max(1, item.amount // BURST)
        return cls(item.get_expiry() / (item.amount - burst + 1), burst)


class SendRate(BaseDocument):
    """A bucket of tokens, by what it limits."""

    meta: ClassVar[dict[str, Any]] = {"collection": "send_rates"}

    id = StringField(primary_key=True)
    full_at = FloatField(required=True)  # seconds since 1970: when nothing of the burst is used any more

    @classmethod
    def claim(cls, key: str, wanted: int, pace: Pace, now: float) -> int:
        """Take so many tokens, or as many as there are; how many were taken."""
        wanted = min(wanted, pace.burst)
        while wanted > 0 and not cls._take(key, wanted, pace, now):
            row = cls.row({"_id": key})
            if row is None:
                cls._begin(key)
            else:
                wanted = min(wanted - 1, floor((now - max(row["full_at"], now)) / pace.interval) + pace.burst)
        return max(0, wanted)

    @classmethod
    def _take(cls, key: str, wanted: int, pace: Pace, now: float) -> bool:
        enough = {"_id": key, "full_at": {"$lte": now + (pace.burst - wanted) * pace.interval}}
        later = {"$add": [{"$max": ["$full_at", now]}, wanted * pace.interval]}
        return cls.collection().update_one(enough, [{"$set": {"full_at": later}}]).matched_count == 1

    @classmethod
    def _begin(cls, key: str) -> None:
        try:
            cls(id=key, full_at=0.0).insert()
        except AlreadyExists:  # another worker was first
            return

    @classmethod
    def seconds_until(cls, key: str, pace: Pace, now: float) -> float:
        """How long until as many tokens are there as a breath brings in, or the bucket holds, and one at least."""
        row = cls.row({"_id": key})
        worth = max(1, min(pace.burst, floor(BREATH / pace.interval)))
        return max(0.0, (row["full_at"] if row else 0.0) - now - (pace.burst - worth) * pace.interval)


class Limit:
    """One limit, and the tokens of it that a connection holds: those that a group did not need are there for the next."""

    def __init__(self, key: str, pace: Pace | None) -> None:
        self._key, self._pace, self._held = key, pace, 0

    def hold(self, wanted: int) -> int:
        """Hold tokens for so many mails, or as many as can be had; how many. Without a pace there is no end of them."""
        if self._pace is None:
            return wanted
        self._held += SendRate.claim(self._key, wanted - self._held, self._pace, time())
        return min(wanted, self._held)

    def use(self, number: int) -> None:
        """Use up tokens that are held."""
        self._held -= number if self._pace else 0

    def wait(self) -> float:
        """Seconds until it is worth asking again."""
        return SendRate.seconds_until(self._key, self._pace, time()) if self._pace else 0.0


class Admission(NamedTuple):
    """Who of a group may be sent to now, who is held back by their domain's limit, and how long until it is worth asking again.

    Whoever is in neither list waits for the server, as all do where nobody is admitted or held back.
    """

    places: list[int]
    held: list[int]
    wait: float  # seconds


class Rates:
    """The limits of the settings, for one connection at a time."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._of_servers = Pace.of(config["DISPATCH_RATE"]) if config["DISPATCH_RATE"] else None
        self._of_domains = {name.casefold(): Pace.of(limit) for name, limit in config["DISPATCH_DOMAIN_RATES"].items()}
        self._limits: dict[str, Limit] = {}

    def admit(self, recipients: Mapping[int, str], server: str) -> Admission:
        """Claim what is needed for recipients by place; those of a domain at its limit are passed over."""
        if not self._of_servers and not self._of_domains:
            return Admission(list(recipients), [], 0.0)
        to_server = self._limit(f"server {server}", self._of_servers)
        room = to_server.hold(len(recipients))
        if not room:
            return Admission([], [], to_server.wait())
        domains = {place: address.rpartition("@")[2].casefold() for place, address in recipients.items()}
        limits = {name: self._limit(f"domain {name}", self._of_domains.get(name)) for name in domains.values()}
        left = {name: limits[name].hold(number) for name, number in Counter(domains.values()).items()}
        places: list[int] = []
        held: list[int] = []
        for place, name in domains.items():
            if not left[name]:
                held.append(place)
            elif len(places) < room:
                places.append(place)
                left[name] -= 1
                limits[name].use(1)
        to_server.use(len(places))
        return Admission(places, held, min((limits[domains[place]].wait() for place in held[:1]), default=0.0))

    def _limit(self, key: str, pace: Pace | None) -> Limit:
        return self._limits.setdefault(key, Limit(key, pace)) if pace else Limit(key, None)
