"""Issues: the letter itself, its states, and the approval that is bound to its content.

    draft -> submitted -> approved -> scheduled -> sending <-> paused -> sent
      ^__________|____________|___________|  any edit           any of them but sent -> cancelled
      ^__________|  rejected

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
    MapField,
    ObjectIdField,
    StringField,
)

from network_api.documents import BaseDocument, Part, transactional, utcnow
from network_api.errors import Forbidden, StaleVersion
from newsletters.contributions.documents import Contribution
from newsletters.documents import SECTIONS, Newsletter, WrongState
from newsletters.issues.told import Told

DRAFT, SUBMITTED, APPROVED, SCHEDULED = "draft", "submitted", "approved", "scheduled"
SENDING, PAUSED, SENT, CANCELLED = "sending", "paused", "sent", "cancelled"
ISSUE_STATES = (DRAFT, SUBMITTED, APPROVED, SCHEDULED, SENDING, PAUSED, SENT, CANCELLED)
EDITABLE = (DRAFT, SUBMITTED, APPROVED, SCHEDULED)
EVENT, INTRODUCTION, CONTRIBUTION = "event", "introduction", "contribution"
NETWORK, COORDINATION, MATERIALS = "network", "coordination", "materials"
SOURCE_TYPES = (EVENT, INTRODUCTION, CONTRIBUTION, NETWORK, COORDINATION, MATERIALS)
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
    """A piece of an issue. A hidden one stays out of the letter; a pinned one stays at the top of its section.

    `edited` says that its text is an editor's own and not its source's. `told` is what readers have heard of the time and
    place of its theme day: such a block is short, and marked where that has changed.
    """

    section = StringField(required=True, choices=SECTIONS)
    text = DictField(required=True)
    source = EmbeddedDocumentField(Source)
    pinned = BooleanField(required=True, default=False)
    hidden = BooleanField(required=True, default=False)
    edited = BooleanField(required=True, default=False)
    told = StringField()


class Approval(Part):
    """Who approved which content."""

    by = ObjectIdField(required=True)
    at = DateTimeField(required=True, default=utcnow)
    content_hash = StringField(required=True)


class Audience(Part):
    """The frozen audience: all subscriptions up to `until`, each of them a recipient or excluded for a reason."""

    until = ObjectIdField(required=True)
    at_start = IntField(required=True)  # how many subscriptions there were when the freeze began
    pulse = IntField()  # of the newsletter before any subscription was read
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
            {"fields": ["blocks.source.id"], "sparse": True},
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
    contributions_until = DateTimeField()  # later contributions are for the next issue; none: all that are there
    network_deadlines = MapField(DateTimeField())  # the same for single networks, by id

    def deadline_of(self, network_id: ObjectId) -> datetime | None:
        """Until when a network can contribute to this issue."""
        found: datetime | None = self.network_deadlines.get(str(network_id), self.contributions_until)
        return found

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

    @transactional
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
        if self.dispatching:
            Newsletter.stir(self.newsletter_id)
        if state == CANCELLED:
            Told.give_back(self.pk)
        return moved

    def require_state(self, state: str, *allowed: str) -> None:
        """Raises WrongState where it cannot become `state` from the one that it was read in."""
        if self.state not in allowed:
            raise WrongState(f"An issue that is {self.state} cannot become {state}.")

    def require_approver(self, approver_id: ObjectId | None) -> None:
        """Raises OwnIssue for its author and its last editor, WrongState where it was not handed in."""
        self.require_state(APPROVED, SUBMITTED)
        if approver_id in (self.author_id, self.edited_by):
            raise OwnIssue

    def settle(self, blocks: Iterable[Block]) -> Self:
        """Keep the words that a draft's sources have now, so that it is approved and sent in these. No edit by a person."""
        after = self.wrap({**self.to_mongo().to_dict(), "blocks": [block.to_mongo().to_dict() for block in blocks]}).checked_row()
        settled = self.change(
            {"_id": self.pk, "version": self.version, "state": DRAFT},
            {"$set": {"blocks": after.get("blocks", []), "content_hash": after["content_hash"]}},
        )
        if settled is None:
            raise StaleVersion
        return settled

    def approve(self, approver_id: ObjectId | None) -> Self:
        """Approve this content. Raises OwnIssue, WrongState."""
        self.require_approver(approver_id)
        return self.move(APPROVED, (SUBMITTED,), approval=Approval(by=approver_id, content_hash=self.content_hash).to_mongo())

    def begin(self) -> Self | None:
        """Start sending, once, and only what has been approved; None where another has started it or it was edited."""
        approved = {"_id": self.pk, "state": {"$in": [APPROVED, SCHEDULED]}, "content_hash": self.content_hash}
        begun = self.change(
            {**approved, "approval.content_hash": self.content_hash},
            {"$set": {"state": SENDING, "started_at": utcnow(), "dispatching": True}, "$inc": {"version": 1}},
        )
        if begun is not None:
            shown = [block.source for block in begun.blocks if block.source is not None and not block.hidden]
            Contribution.tell(source.id for source in shown if source.type == CONTRIBUTION)
            Told.hear(begun.newsletter_id, [source.id for source in shown if source.type == EVENT])
        return begun

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

    @classmethod
    def sent_among(cls, identifiers: Iterable[ObjectId]) -> list[ObjectId]:
        """Those of these issues that have gone out to everybody."""
        rows = cls.rows({"_id": {"$in": list(identifiers)}}, only=("state",))
        return [row["_id"] for row in rows if row["state"] == SENT]

    def drop(self, key: str) -> bool:
        """Note that a source has fallen out, and let another issue tell it; True the first time."""
        if self.change({"_id": self.pk, "dropped": {"$ne": key}}, {"$addToSet": {"dropped": key}}) is None:
            return False
        if not self.rounds:  # later rounds are for a few; all others have been told
            Told.give_back(self.pk, key)
        return True
