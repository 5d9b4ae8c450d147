"""Sending the outbox: one job per mail, and a sweep for those that no job came for."""

import smtplib
from collections import ChainMap
from collections.abc import Sequence
from time import monotonic

from bson import ObjectId
from celery import shared_task
from flask_mail import BadHeaderError, Mail

from network_api.feature import features
from network_api.jobs import every
from network_api.mail import html_part
from network_api.mail.message import Addition, Picture
from network_api.mail.outbox import OutgoingMail
from network_api.mail.pictured import PicturedMessage
from network_api.mail.transport import LastingConnection
from network_api.turns import give_way

mail = Mail()
PERMANENT = 500
PATIENCE = 0.05  # seconds that a mail waits while many register at once: it goes at a quarter of the speed then
SWEEP_EVERY = 5.0  # seconds: with a lost wake-up, a mail still leaves well within 20
SCHEDULE = {"sweep the outbox": every(SWEEP_EVERY, "mail.sweep", queue="mail")}


@shared_task(name="mail.deliver")  # type: ignore[untyped-decorator]  # celery has no types
def deliver(identifier: str) -> None:
    """Send one mail, if it is due and nobody else has it."""
    _deliver([ObjectId(identifier)])


def _review(claimed: OutgoingMail) -> Addition | None:
    """What the feature that wrote the mail adds to it now; None where it is not to be sent."""
    if not claimed.review:
        return Addition()
    reviews = ChainMap(*(dict(feature.reviews) for feature in features()))
    return reviews[claimed.review](claimed.about)


@shared_task(name="mail.sweep")  # type: ignore[untyped-decorator]  # celery has no types
def sweep() -> None:
    """Send what is due: what a rush has left, wake-ups that were lost, leases of killed workers, retries.

    As long as there is some, but no longer than until the next sweep.
    """
    ends = monotonic() + SWEEP_EVERY
    while monotonic() < ends and (identifiers := OutgoingMail.due()):
        _deliver(identifiers)


def _deliver(identifiers: Sequence[ObjectId]) -> None:
    with LastingConnection() as connection:
        for claimed in OutgoingMail.claim(identifiers):
            give_way(PATIENCE)
            if not claimed.has_time:  # it waits for the next worker
                continue
            added = _review(claimed)
            if added is None:
                claimed.withdraw()
            else:
                send(claimed, added, connection)


def send(claimed: OutgoingMail, added: Addition, connection: LastingConnection) -> None:
    """Hand a claimed mail to the SMTP server and note the outcome by the point of failure (RFC 5321, section 4.2.1)."""
    try:
        connection.send(as_message(claimed, added))
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        _answered(claimed, code, answer)
    except smtplib.SMTPResponseException as error:
        _answered(claimed, error.smtp_code, error.smtp_error)
    except (BadHeaderError, ValueError) as error:  # it cannot be written as a mail, today or tomorrow
        claimed.refuse(repr(error))
    except (OSError, smtplib.SMTPException) as error:  # no connection, or lost: perhaps after the final dot
        claimed.retry(repr(error), uncertain=isinstance(error, smtplib.SMTPServerDisconnected))
    else:
        claimed.succeed()


def _answered(claimed: OutgoingMail, code: int, answer: bytes | str) -> None:
    text = f"{code} {answer.decode(errors='replace') if isinstance(answer, bytes) else answer}"
    if code >= PERMANENT:
        claimed.refuse(text)
    else:
        claimed.retry(text, uncertain=False)


def as_message(stored: OutgoingMail, added: Addition) -> PicturedMessage:
    """The Flask-Mail message of a stored mail; its Message-ID is the same at every attempt."""
    pictures = [picture for picture in added.pictures if picture.address in stored.text]
    message = PicturedMessage(
        subject=stored.subject,
        recipients=[stored.to],
        body=html_part.plain(stored.text),
        html=stored.html or _html(stored, pictures),
        date=stored.created_at.timestamp(),
        extra_headers={"Auto-Submitted": "auto-generated", **stored.headers},  # RFC 3834, section 5
    )
    message.alts.update(added.texts)
    message.pictures = pictures
    for attachment in stored.attachments:
        message.attach(attachment.filename, attachment.content_type, attachment.content)
    message.msgId = stored.message_id
    return message


def _html(stored: OutgoingMail, pictures: Sequence[Picture]) -> str | None:
    if not stored.language:
        return None
    return html_part.made_of(stored.text, stored.subject, stored.language, pictures)
