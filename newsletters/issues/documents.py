"""Issues: the letter itself, its states, and the approval that is bound to its content.

    draft -> submitted -> approved -> scheduled -> sending <-> paused -> sent
      ^__________|____________|___________|  any edit           any of them but sent -> cancelled

Deliveries of an issue that has ended can be sent again, in a new round: it is then being sent once more.

Every move is one conditional write. `dispatching` is true from the moment of sending until no delivery is open any more;
it is what the sweep looks for, so that a dispatch goes on after any crash.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

import orjson
from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)

from network_api.documents import BaseDocument, Part, utcnow
from network_api.errors import Forbidden
from newsletters.documents import SECTIONS, WrongState

DRAFT, SUBMITTED, APPROVED, SCHEDULED = "draft", "submitted", "approved", "scheduled"
SENDING, PAUSED, SENT, CANCELLED = "sending", "paused", "sent", "cancelled"
ISSUE_STATES = (DRAFT, SUBMITTED, APPROVED, SCHEDULED, SENDING, PAUSED, SENT, CANCELLED)
EDITABLE = (DRAFT, SUBMITTED, APPROVED, SCHEDULED)
EVENT, INTRODUCTION = "event", "introduction"
SOURCE_TYPES = (EVENT, INTRODUCTION)
CONTENT = ("title", "blocks")


class OwnIssue(Forbidden):
    """Four eyes: whoever wrote an issue, or edited it last, cannot approve it."""

    code = "own_issue"
    detail = "Somebody else has to approve what you have written."


class Source(Part):
    """Where a block comes from: read again just before sending."""

    type = StringField(required=True, choices=SOURCE_TYPES)
    id = ObjectIdField(required=True, db_field="id")
    version = IntField(required=True)

    @property
    def key(self) -> str:
        """What it is told by in lists and in the audit log."""
        return f"{self.type}:{self.id}"


class Block(Part):
    """A piece of an issue. A hidden one stays out of the letter; a pinned one stays at the top of its section."""

    section = StringField(required=True, choices=SECTIONS)
    text = DictField(required=True)
    source = EmbeddedDocumentField(Source)
    pinned = BooleanField(required=True, default=False)
    hidden = BooleanField(required=True, default=False)


class Approval(Part):
    """Who approved which content."""

    by = ObjectIdField(required=True)
    at = DateTimeField(required=True, default=utcnow)
    content_hash = StringField(required=True)


class Audience(Part):
    """The frozen audience: all subscriptions up to `until`, each of them a recipient or excluded for a reason."""

    until = ObjectIdField(required=True)
    at_start = IntField(required=True)  # how many subscriptions there were when the freeze began
    first_of_quarter = BooleanField(required=True, default=True)  # so that it goes to those, too, who want one a quarter
    candidates = IntField()
    recipients = IntField()
    excluded = DictField()
    frozen_at = DateTimeField()


class Round(Part):
    """Deliveries in some states were sent again: when, by whom, and how many."""

    at = DateTimeField(required=True, default=utcnow)
    by = ObjectIdField()
    states = ListField(StringField(), required=True)
    deliveries = IntField(required=True)


class Issue(BaseDocument):
    """One letter of a newsletter."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "issues",
        "indexes": [
            ("newsletter_id", "_id"),
            ("newsletter_id", "state", "_id"),
            ("newsletter_id", "sent_at", "_id"),
            ("newsletter_id", "started_at", "_id"),
            ("state", "send_at", "_id"),
            {"fields": ["dispatching"], "sparse": True},
        ],
    }

    newsletter_id = ObjectIdField(required=True)
    network_id = ObjectIdField(required=True)
    title = DictField(required=True)
    blocks = EmbeddedDocumentListField(Block)
    state = StringField(required=True, choices=ISSUE_STATES, default=DRAFT)
    content_hash = StringField(required=True)
    author_id = ObjectIdField(required=True)
    edited_by = ObjectIdField(required=True)
    approval = EmbeddedDocumentField(Approval)
    send_at = DateTimeField()
    started_at = DateTimeField()
    sent_at = DateTimeField()
    audience = EmbeddedDocumentField(Audience)
    dropped = ListField(StringField())  # sources that fell out before sending; the audit log has each once
    dispatching = BooleanField()
    rounds = EmbeddedDocumentListField(Round)  # after the first

    def clean(self) -> None:
        """Work out the hash of the content, which an approval is bound to."""
        self.content_hash = hashlib.sha256(self.content).hexdigest()

    @property
    def content(self) -> bytes:
        """The content as the very bytes that its hash is of."""
        stored = self.to_mongo().to_dict()
        return orjson.dumps({name: stored.get(name) for name in CONTENT}, default=str, option=orjson.OPT_SORT_KEYS)

    def rewrite(self, changes: Mapping[str, Any], editor_id: ObjectId | None) -> tuple[Self, dict[str, Any]]:
        """Edit the content: whatever was submitted, approved or scheduled is a draft again. Raises WrongState."""
        if self.state not in EDITABLE:
            raise WrongState(f"An issue that is {self.state} cannot be edited.")
        return self.edit({**changes, "state": DRAFT, "approval": None, "send_at": None, "edited_by": editor_id})

    def move(self, state: str, allowed: Iterable[str], **values: Any) -> Self:
        """Move to a state from one of the allowed ones, with this very content. Raises WrongState."""
        gone = [name for name, value in values.items() if value is None]
        update: dict[str, Any] = {
            "$set": {"state": state, **{name: value for name, value in values.items() if value is not None}},
            "$inc": {"version": 1},
        }
        if gone:
            update["$unset"] = dict.fromkeys(gone, "")
        moved = self.change({"_id": self.pk, "state": {"$in": list(allowed)}, "content_hash": self.content_hash}, update)
        if moved is None:
            raise WrongState(f"An issue that is {self.get(self.pk).state} cannot become {state}.")
        return moved

    def approve(self, approver_id: ObjectId | None) -> Self:
        """Approve this content. Raises OwnIssue, WrongState."""
        if approver_id in (self.author_id, self.edited_by):
            raise OwnIssue
        return self.move(APPROVED, (SUBMITTED,), approval=Approval(by=approver_id, content_hash=self.content_hash).to_mongo())

    def begin(self) -> Self | None:
        """Start sending, once, and only what has been approved; None where another has started it or it was edited."""
        approved = {"_id": self.pk, "state": {"$in": [APPROVED, SCHEDULED]}, "content_hash": self.content_hash}
        return self.change(
            {**approved, "approval.content_hash": self.content_hash},
            {"$set": {"state": SENDING, "started_at": utcnow(), "dispatching": True}, "$inc": {"version": 1}},
        )

    @property
    def round_began_at(self) -> datetime:
        """When the deliveries that are open now were begun to be tried."""
        began: datetime = self.rounds[-1].at if self.rounds else self.started_at
        return began

    def begin_again(self, again: Round, allowed: Iterable[str]) -> Self:
        """Send some deliveries of approved content again; whatever had ended is being sent. Raises WrongState."""
        state = PAUSED if self.state == PAUSED else SENDING
        begun = self.change(
            {
                "_id": self.pk,
                "state": {"$in": list(allowed)},
                "approval.content_hash": self.content_hash,
                f"rounds.{len(self.rounds)}": {"$exists": False},
            },
            {"$set": {"state": state, "dispatching": True}, "$push": {"rounds": again.to_mongo()}, "$inc": {"version": 1}},
        )
        if begun is None:
            raise WrongState(f"An issue that is {self.get(self.pk).state} cannot be sent again.")
        return begun

    @classmethod
    def state_of(cls, identifier: ObjectId) -> str | None:
        """The state now, without the rest."""
        row = cls.collection().find_one({"_id": identifier}, {"state": 1})
        return None if row is None else str(row["state"])

    def drop(self, key: str) -> bool:
        """Note that a source has fallen out; True the first time."""
        return self.change({"_id": self.pk, "dropped": {"$ne": key}}, {"$addToSet": {"dropped": key}}) is not None
