"""Theme days: what people write about them, when they take registrations, and who may see them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import (
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    MapField,
    ObjectIdField,
    StringField,
)

from events import agenda
from events.errors import EventCancelled, EventEnded, RegistrationClosed, RegistrationNotOpen
from events.material_documents import Material, is_open
from events.seating import CANCELLED, DRAFT, MODES, PUBLISHED, Seated
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.documents import Part, Row, session, utcnow
from network_api.errors import Invalid
from network_api.languages import in_language, search_terms

UPCOMING, OPEN, FULL, CLOSED, RUNNING, ENDED = PHASES = ("upcoming", "open", "full", "closed", "running", "ended")
INVITED, ACCEPTED, DECLINED = CO_HOST_STATES = ("invited", "accepted", "declined")
NEEDS_HELD, REGISTRATIONS_HELD = HELD = ("needs", "registrations")  # what is kept about people, each for a term of its own
LONGEST = timedelta(days=31)  # so that "running" is a range with two ends


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


class Partner(Part):
    """A network that was asked to arrange a theme day too: what it answered, and how many seats are its people's.

    `quota` has, by mode, how many seats are set apart, with those that its people hold; at `quota_until` the rest goes back.
    """

    state = StringField(required=True, choices=CO_HOST_STATES, default=INVITED)
    invited_at = DateTimeField(required=True, default=utcnow)
    answered_at = DateTimeField()
    quota = MapField(IntField(min_value=0))
    quota_until = DateTimeField()


class Event(Seated):
    """A theme day. `version` counts edits.

    `opens_at` and `closes_at` are the times of registration that hold, where no others are given; a draft would open at
    its start, and who is closed stays so until `closed_until`: so each phase is one filter without alternatives.
    `visible_to` has the keys of its readers (as for members). `co_hosts` are the networks that are invited or have
    accepted, `partners` what is known of each; `network_ids` are those that arrange it.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "events",
        "indexes": [
            {"fields": ["slug"], "unique": True},
            ("visible_to", "starts_at", "_id"),
            ("network_ids", "starts_at", "_id"),
            ("co_hosts", "starts_at", "_id"),
            ("modes", "starts_at", "_id"),
            ("topics", "starts_at", "_id"),
            ("search", "starts_at", "_id"),
            {"fields": ["quotas_until"], "sparse": True},
            ("held", "ends_at"),
            ("series_id", "starts_at", "_id"),
        ],
    }

    network_id = ObjectIdField(required=True)
    co_hosts = ListField(ObjectIdField())
    partners = MapField(EmbeddedDocumentField(Partner))
    quotas_until = DateTimeField()
    series_id = ObjectIdField()
    network_ids = ListField(ObjectIdField())
    slug = StringField(required=True, regex=r"\A(?!past\Z)[a-z0-9]+(-[a-z0-9]+)*\Z", max_length=120)
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
    modes = ListField(StringField(choices=MODES))
    offer_hours = IntField(min_value=1)
    reminder_hours = ListField(IntField(min_value=1), default=lambda: [24])
    thanks_hours = IntField(min_value=0)
    feedback_url = StringField()
    held = ListField(StringField(choices=HELD), default=lambda: list(HELD))  # until retention.py has taken it out
    questions = ListField(DictField())
    agenda = ListField(DictField())
    materials = EmbeddedDocumentListField(Material)
    published_at = DateTimeField()
    cancelled_at = DateTimeField()
    cancel_reason = DictField(default=None)
    visible_to = ListField(StringField())
    search = ListField(StringField())

    def clean(self) -> None:
        """Check the times against each other, and work out what follows from the rest."""
        self.check_times()
        self.agenda = agenda.in_order(self.agenda)
        self.opens_at = self.starts_at if self.status == DRAFT else self.registration_opens_at or self.published_at
        self.closes_at = self.cancelled_at or self.registration_closes_at or self.starts_at
        self.closed_until = self.ends_at if self.status == CANCELLED else self.starts_at
        if not self.is_over:
            self.held = list(HELD)
        self.partners = self._partners_of_co_hosts()
        self.quotas_until = min((found.quota_until for found in self.partners.values() if found.quota_until), default=None)
        self.network_ids = [self.network_id, *self.accepted_co_hosts]
        self.visible_to = self.reader_keys_needed()
        self.modes = sorted(self.seats)
        self.count_available()
        venue = self.venue and self.venue.name
        self.search = search_terms(self.title, self.summary, self.topics, venue, self.description)

    def check_times(self) -> None:
        """Raises Invalid for an end before the start, a registration that closes before it opens, an agenda that cannot be."""
        errors: dict[str, list[str]] = {}
        if not self.starts_at < self.ends_at <= self.starts_at + LONGEST:
            errors["ends_at"] = ["After the start, and within 31 days of it."]
        closes = self.registration_closes_at
        if closes and closes > self.ends_at:
            errors["registration_closes_at"] = ["Not after the end."]
        if self.registration_opens_at and self.registration_opens_at >= (closes or self.starts_at):
            errors["registration_opens_at"] = ["Before registration closes, which is at the start where no time is given."]
        if not errors:
            errors = {name: [fault] for name, fault in agenda.faults(self.agenda, self.starts_at, self.ends_at)}
        if errors:
            raise Invalid(errors=errors)

    def reader_keys_needed(self) -> list[str]:
        """The keys that open this theme day: everybody's once it has been published."""
        if self.status != DRAFT:
            return ["public"]
        return ["administrator", f"editor:{self.network_id}", *(f"coordinator:{network_id}" for network_id in self.co_hosts)]

    @classmethod
    def release(cls, event_id: ObjectId, kind: str, ends_at: datetime) -> None:
        """Note that nothing of a kind is held any more, if it still ended then."""
        cls.collection().update_one({"_id": event_id, "ends_at": ends_at}, {"$pull": {"held": kind}}, session=session())

    def _partners_of_co_hosts(self) -> dict[str, Partner]:
        """What is known of those who are invited or have accepted, and of those who declined."""
        known = {name: found for name, found in self.partners.items() if found.state == DECLINED}
        for network_id in self.co_hosts:
            found = self.partners.get(str(network_id))
            known[str(network_id)] = found if found and found.state != DECLINED else Partner()
        return known

    @property
    def accepted_co_hosts(self) -> list[ObjectId]:
        """The partner networks that have accepted, in the order in which they were named."""
        return [found for found in self.co_hosts if self.partners[str(found)].state == ACCEPTED]

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return bool(self.ends_at <= utcnow())

    @property
    def gives_seats(self) -> bool:
        """Whether those who wait still get the seats that others give back: until its end."""
        return bool(self.status == PUBLISHED and not self.is_over)

    def offers_until(self, now: datetime) -> datetime | None:
        """Until when a seat that comes free now is offered to the first who waits; None where it is theirs at once."""
        if self.offer_hours is None or self.starts_at <= now:
            return None
        start: datetime = self.starts_at
        return min(now + timedelta(hours=self.offer_hours), start)

    def require_registrable(self, now: datetime, *, by_coordinator: bool = False) -> None:
        """Raises EventCancelled, RegistrationNotOpen, RegistrationClosed: the first that holds.

        Coordinators write people down from its publication until its end; then EventEnded.
        """
        if self.status == CANCELLED:
            raise EventCancelled
        if self.status == DRAFT or (now < self.opens_at and not by_coordinator):
            raise RegistrationNotOpen
        if by_coordinator:
            self.require_going_on()
        elif now >= self.closes_at:
            raise RegistrationClosed

    def require_going_on(self) -> None:
        """Raises EventCancelled or EventEnded once nothing can be rearranged any more."""
        if self.status == CANCELLED:
            raise EventCancelled
        if self.is_over:
            raise EventEnded


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


def open_materials(event: Row, now: datetime) -> list[Row]:
    """The materials of a theme day (its row) that have something behind them and have opened; none of a draft."""
    known = event.get("materials", ()) if event["status"] != DRAFT else ()
    return [found for found in known if is_open(found, event, now)]


def title_of(event: Event, language: str) -> str:
    """The title on one line."""
    return " ".join(in_language(event.title, language).split())
