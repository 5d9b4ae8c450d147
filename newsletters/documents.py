"""Newsletters: whose letter it is, from whom, in which languages and sections."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from bson import ObjectId
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

from network_api.documents import BaseDocument, Part, session, utcnow
from network_api.errors import Conflict, Invalid, NotFound
from network_api.languages import LANGUAGES, in_language, slugify
from newsletters import local_times

SECTIONS = ("editorial", "events", "introductions", "news", "practices")


class WrongState(Conflict):
    """The step is not possible from the state that the thing is in."""

    code = "wrong_state"


class Sender(Part):
    """Whom a letter comes from."""

    name = StringField(required=True, max_length=200)
    email = StringField(required=True)


class Cadence(Part):
    """When a newsletter usually appears: on a day of the month, at a time."""

    day = IntField(required=True, min_value=1, max_value=28)
    time = StringField(required=True)


class SendWindow(Part):
    """The hours in which a letter may go out, in local time; `closes` may lie beyond midnight."""

    opens = StringField(required=True, db_field="from")
    closes = StringField(required=True, db_field="to")


class Newsletter(BaseDocument):
    """A network's letter."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "newsletters",
        "indexes": [{"fields": ["slug"], "unique": True}, ("network_id", "slug", "_id"), ("slug", "_id")],
    }

    slug = StringField(required=True, max_length=80)
    name = DictField(required=True)
    network_id = ObjectIdField(required=True)
    sender = EmbeddedDocumentField(Sender, required=True)
    reply_to = StringField()
    languages = ListField(StringField(choices=LANGUAGES), required=True)
    timezone = StringField(required=True, default="Europe/Helsinki")
    send_window = EmbeddedDocumentField(SendWindow)
    cadence = EmbeddedDocumentField(Cadence)
    count_links = BooleanField(required=True, default=False)  # how often they are followed, by nobody in particular
    sections = ListField(StringField(choices=SECTIONS), required=True)
    contribution_days = IntField(min_value=0, max_value=60)  # before the day of the cadence; none: no deadline
    network_contribution_days = MapField(IntField(min_value=0, max_value=60))  # the same for single networks, by id
    watermarks = MapField(DateTimeField())  # by network: up to when its news have been told without a gap
    held = IntField(default=0)
    pulse = IntField(default=0)  # counts what a dispatch has to notice before its next group

    @classmethod
    def hold(cls, newsletter_id: ObjectId) -> Self:
        """Keep a newsletter to the running transaction: another one that holds it has to begin anew. Raises NotFound."""
        held = cls.change({"_id": newsletter_id}, {"$inc": {"held": 1}})
        if held is None:
            raise NotFound
        return held

    @classmethod
    def stir(cls, newsletter_id: ObjectId) -> int:
        """Have every dispatch of a newsletter look again before its next group: a subscriber has changed, or an issue is held.

        For use in the transaction of what has happened, so that a dispatch sees both or neither. Returns the new pulse: each is
        counted once, and is seen after all before it.
        """
        cls.alter({"_id": newsletter_id}, {"$inc": {"pulse": 1}})
        return cls.pulse_of(newsletter_id)

    @classmethod
    def pulse_of(cls, newsletter_id: ObjectId) -> int:
        """How often it has been stirred."""
        row = cls.collection().find_one({"_id": newsletter_id}, ("pulse",), session=session())
        return row.get("pulse", 0) if row else 0

    def today(self) -> date:
        """The day that it is now in the newsletter's time zone."""
        return utcnow().astimezone(self.zone).date()

    def clean(self) -> None:
        """Work out the slug."""
        self.slug = self.slug or slugify(in_language(self.name, "fi"))
        if not self.slug:
            raise Invalid(errors={"slug": ["The name has no letters to make a slug from; give one."]})

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that its window and its cadence are told in."""
        return ZoneInfo(self.timezone)

    def holds_until(self, now: datetime) -> datetime | None:
        """When the send window opens; None while it is open, or where there is none."""
        if self.send_window is None:
            return None
        hours = local_times.openings(self.send_window.opens, self.send_window.closes, self.zone, now)
        opens, _ = next((opens, closes) for opens, closes in hours if closes > now)
        return opens if opens > now else None

    def next_issue_at(self, now: datetime) -> datetime | None:
        """When the next issue is to appear by the cadence; None where there is none."""
        return self.cadence and local_times.monthly(self.cadence.day, self.cadence.time, self.zone, now)

    def contributions_until(self) -> datetime | None:
        """The deadline for contributions to the next issue; None where it has none."""
        appears = self.next_issue_at(utcnow())
        if appears is None or self.contribution_days is None:
            return None
        return appears - timedelta(days=self.contribution_days)

    def network_deadlines(self) -> dict[str, datetime]:
        """The same for the networks that have one of their own, by id."""
        appears = self.next_issue_at(utcnow())
        if appears is None:
            return {}
        return {network_id: appears - timedelta(days=days) for network_id, days in self.network_contribution_days.items()}
