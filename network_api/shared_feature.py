"""What all features share, as the application sees it: what it stores, and its work on the clock."""

from flask_babel import lazy_gettext

from network_api import audit_chain
from network_api.audit import AuditEntry
from network_api.audit_chain import AuditBlock
from network_api.audit_commands import audit
from network_api.audit_tasks import SCHEDULE as AUDIT_SCHEDULE
from network_api.counters import RequestCount
from network_api.feature import Feature
from network_api.idempotency import IdempotentAnswer
from network_api.mail import tasks as mail_tasks
from network_api.mail.outbox import OutgoingMail, StoredAttachment
from network_api.migrations import MigrationState
from network_api.privacy import INTEREST, SERVICE, Field, Holding, Term

SENT = Term("until the mail has gone")
AFTER_SENDING = Term("30 days after the mail has gone")
A_DAY = Term("24 hours")
_MAIL = "To write to somebody what they asked for, or have to know."
_SENT = "To know that it went out, and when and why it did not."
_ANSWER = "So that a request that is sent twice is done once."

REGISTER = (
    Holding(
        OutgoingMail,
        (
            Field("to", _SENT, SERVICE, AFTER_SENDING),
            Field("subject, text, html, headers, attachments", _MAIL, SERVICE, SENT),
            Field("language, review, about, cause, last_answer", _SENT, SERVICE, AFTER_SENDING),
        ),
        other="message_id, request_id, state, due_at, fence, claimed_by, attempts, uncertain, sent_at, expires_at",
        after_erasure=lazy_gettext("To which address a mail went, for 30 days, without what it said: to know that it arrived."),
    ),
    Holding(StoredAttachment, (Field("filename, content_type, content", _MAIL, SERVICE, SENT),)),
    Holding(
        AuditEntry,
        (
            Field("actor_id", "Who made a change: the number of a member.", INTEREST, Term("stays, a number without a name")),
            Field("changes", "What was changed, from what to what.", INTEREST, Term("as long as what it tells of")),
        ),
        other="action, target_id, network_id, block, salt, commitment",
        after_erasure=lazy_gettext("What you changed as a coordinator or editor, under a number that leads to nobody any more."),
    ),
    Holding(AuditBlock, other="number, previous, entries, hashes, hash, signature"),
    Holding(MigrationState, other="id, place, changed, due_at, fence, done_at"),
    Holding(
        IdempotentAnswer,
        (
            Field(
                "id, body_hash, answer",
                f"{_ANSWER} The answer is encrypted; only who sent the request can read it.",
                SERVICE,
                A_DAY,
            ),
        ),
        other="started_at, expires_at",
    ),
    Holding(
        RequestCount,
        (
            Field(
                "id",
                "The network address of a device, so that nobody overruns the platform.",
                INTEREST,
                Term("until the count ends"),
            ),
        ),
        other="count, expires_at",
    ),
)

feature = Feature(
    name="shared",
    documents=(OutgoingMail, AuditEntry, AuditBlock, IdempotentAnswer, RequestCount, MigrationState),
    schedule={**mail_tasks.SCHEDULE, **AUDIT_SCHEDULE},
    commands=(audit,),
    check=audit_chain.check,
    register=REGISTER,
    gauges=OutgoingMail.gauges,
)
