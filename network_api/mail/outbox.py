"""The outbox: one stored mail after another, each with its state, claimed by lease and fenced.

    ready -> sending -> sent | refused | withdrawn
               └-> ready again, later, after a failure that may pass

A claim lasts `MAIL_LEASE_SECONDS`; a killed worker leaves `sending`, and the sweep takes the mail up again. When the SMTP
server had all of the mail and its answer was lost, nobody can know whether it went out: it is sent again under the same
Message-ID, and `uncertain` counts how often (SMTP has no exactly-once: RFC 5321, section 4.5.4.1 asks the client to retry).
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.utils import make_msgid
from typing import Any, Self
from urllib.parse import urlsplit

from bson import ObjectId
from flask import current_app
from mongoengine import BinaryField, DateTimeField, DictField, EmbeddedDocumentListField, IntField, ObjectIdField, StringField

from network_api import jobs, measures, request_ids
from network_api.documents import LONG_AGO, BaseDocument, Part, utcnow
from network_api.logs import Facts
from network_api.mail.message import Attachment, MailMessage
from network_api.mail.transport import ANSWER_WITHIN
from network_api.measures import Gauge

logger = logging.getLogger(__name__)
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=15), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)  # RFC 5321, section 4.5.4.1: at least 4-5 days for a relay; a code or a seat is stale sooner
KEPT_AFTER = timedelta(days=30)
BECAME = "Mail %(mail)s is %(state)s at attempt %(attempt)d: %(answer)s"
SWEEP_MOST = 100  # mails claimed in one step and sent over one connection


class StoredAttachment(Part):
    """An attachment in the outbox."""

    filename = StringField(required=True)
    content_type = StringField(required=True)
    content = BinaryField(required=True)


class OutgoingMail(BaseDocument):
    """One mail and what became of it. Its content goes once it is sent: it can hold codes and personal links."""

    meta = {
        "collection": "outgoing_mail",
        "indexes": [
            {"fields": ["cause"], "unique": True},
            ("state", "due_at", "_id"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    cause = StringField(required=True)
    to = StringField(required=True)
    subject = StringField()
    text = StringField()
    html = StringField()
    language = StringField()
    headers = DictField()
    attachments = EmbeddedDocumentListField(StoredAttachment)
    review = StringField()
    about = StringField()
    request_id = StringField()  # what caused it, for the log
    message_id = StringField(required=True)
    state = StringField(required=True, default="ready", choices=("ready", "sending", "sent", "refused", "withdrawn"))
    due_at = DateTimeField(required=True, default=utcnow)  # while sending: when the lease ends
    fence = IntField(required=True, default=0)  # counts claims: only the newest claim may say how it ended
    claimed_by = ObjectIdField()  # the newest claim, which may have taken others with it
    attempts = IntField(required=True, default=0)
    uncertain = IntField(required=True, default=0)
    last_answer = StringField()
    sent_at = DateTimeField()
    expires_at = DateTimeField()

    @classmethod
    def claim(cls, identifiers: Sequence[ObjectId]) -> list[Self]:
        """Take mails for sending: those of them that are due and that no other worker has."""
        now, claim = utcnow(), ObjectId()
        due = {"_id": {"$in": list(identifiers)}, "state": {"$in": ["ready", "sending"]}, "due_at": {"$lte": now}}
        until = now + timedelta(seconds=current_app.config["MAIL_LEASE_SECONDS"])
        taken = {"state": "sending", "due_at": until, "claimed_by": claim, "updated_at": now}
        cls.collection().update_many(due, {"$set": taken, "$inc": {"fence": 1, "attempts": 1}})
        return [cls.wrap(row) for row in cls.rows({"_id": {"$in": list(identifiers)}, "claimed_by": claim})]

    @property
    def has_time(self) -> bool:
        """Whether there is as much of the lease left as the server has for an answer; if not, another worker may take over."""
        return bool(utcnow() < self.due_at - timedelta(seconds=current_app.config["MAIL_LEASE_SECONDS"] * ANSWER_WITHIN))

    def succeed(self) -> bool:
        """Note that the server took it; False where the lease was lost meanwhile."""
        now = utcnow()
        return self._finish({"state": "sent", "sent_at": now, "expires_at": now + KEPT_AFTER})

    def refuse(self, answer: str) -> bool:
        """Note that the server will never take it."""
        return self._finish({"state": "refused", "last_answer": answer, "expires_at": utcnow() + KEPT_AFTER})

    def withdraw(self) -> bool:
        """Note that it is not sent, because what it says holds no longer."""
        return self._finish({"state": "withdrawn", "expires_at": utcnow() + KEPT_AFTER})

    def _finish(self, values: dict[str, object]) -> bool:
        content = dict.fromkeys(("text", "html", "attachments", "headers", "subject"), "")
        return self._become({"$set": values, "$unset": content})

    def _become(self, update: dict[str, Any]) -> bool:
        mine = self.alter({"_id": self.pk, "state": "sending", "fence": self.fence}, update)
        if mine:
            values = update["$set"]
            facts = Facts(mail=str(self.pk), state=values["state"], attempt=self.attempts, answer=values.get("last_answer", "-"))
            measures.mails.labels(values["state"]).inc()
            logger.info(BECAME, facts, extra={"request_id": self.request_id})
        return mine

    def retry(self, answer: str, *, uncertain: bool) -> bool:
        """Note a failure that may pass: due again after a delay that doubles, refused after three days."""
        now = utcnow()
        if now - self.created_at > GIVE_UP_AFTER:
            return self.refuse(answer)
        delay = min(FIRST_DELAY * 2 ** min(self.attempts - 1, 20), LONGEST_DELAY)
        values = {"state": "ready", "due_at": now + delay, "last_answer": answer}
        return self._become({"$set": values, "$inc": {"uncertain": int(uncertain)}})

    @classmethod
    def due(cls) -> list[ObjectId]:
        """The ids of mails that wait for a worker, the oldest first, at most `SWEEP_MOST`."""
        where = {"state": {"$in": ["ready", "sending"]}, "due_at": {"$lte": utcnow()}}
        waiting = cls.collection().find(where, {"_id": True}, sort=[("due_at", 1), ("_id", 1)], limit=SWEEP_MOST)
        return [row["_id"] for row in waiting]

    @classmethod
    def gauges(cls) -> Iterator[Gauge]:
        """How many mails wait, and how long the one has waited whose turn came first."""
        waiting: dict[tuple[str, ...], float] = {
            (state,): cls.collection().count_documents({"state": state}) for state in ("ready", "sending")
        }
        where = {"state": "ready", "due_at": {"$gt": LONG_AGO, "$lt": utcnow()}}
        first = cls.collection().find_one(where, {"due_at": 1}, sort=[("due_at", 1)])
        age = (utcnow() - first["due_at"]).total_seconds() if first else 0.0
        yield Gauge("outbox_mails", "Mails in the outbox that have not gone yet, by state.", ("state",), waiting)
        yield Gauge("outbox_age_seconds", "For how long the first mail that is due has been so.", (), {(): age})


def put(message: MailMessage) -> None:
    """Store a mail in the running transaction, and wake a worker once that is committed; in a rush, leave it to the sweep."""
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname
    mail = OutgoingMail(
        cause=message.cause,
        to=message.to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        language=message.language,
        headers=dict(message.headers),
        review=message.review and message.review.name,
        about=message.review and message.review.about,
        message_id=make_msgid(domain=host),
        request_id=request_ids.current(),
        attachments=[_stored(attachment) for attachment in message.attachments],
    ).insert()
    jobs.hasten("mail.deliver", str(mail.pk))


def _stored(attachment: Attachment) -> StoredAttachment:
    return StoredAttachment(filename=attachment.filename, content_type=attachment.content_type, content=attachment.content)
