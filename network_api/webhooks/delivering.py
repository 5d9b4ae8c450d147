"""Bringing deliveries to their webhooks: at least once, each under the same `webhook-id` at every attempt.

Any 2xx is success. After anything else it is tried again, ten times over three days (Standard Webhooks, "Deliverability and
reliability"); 410 disables the webhook at once, five days without a success do too. No redirect is followed.
"""

import logging
import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from time import monotonic
from typing import NamedTuple

from flask import Flask, current_app
from pymongo.errors import PyMongoError

from network_api import audit
from network_api.auth.caller import directory
from network_api.documents import transactional, utcnow
from network_api.mail import outbox
from network_api.outbound import Answer, IpAddress, MayAsk, Unreachable, ask, is_public
from network_api.webhooks import mails, signing
from network_api.webhooks.delivery_documents import DELIVERED, FAILED, Attempt, WebhookDelivery
from network_api.webhooks.documents import ACTIVE, AT_ONCE, FAILING, GONE, Webhook
from network_api.webhooks.lanes import lanes
from network_api.webhooks.message_documents import WebhookMessage

logger = logging.getLogger(__name__)
DELAYS = tuple(
    timedelta(**{unit: number})
    for number, unit in (
        *((5, "seconds"), (5, "minutes"), (30, "minutes")),
        *((2, "hours"), (5, "hours"), (10, "hours"), (14, "hours"), (20, "hours"), (24, "hours")),
    )
)
GIVE_UP_AFTER = timedelta(days=5)  # without a success
LONGEST_WAIT = timedelta(hours=24)  # that the other side can ask for
JITTER = 0.2  # of a delay, so that what failed together does not come back together
EXCERPT = 300  # characters of an answer that are kept
_IN_A_ROW = 5.0  # seconds for which one lane goes on with one webhook
_OK, _GONE, _ASK_LATER = range(200, 300), 410, (429, 503)


class Outcome(NamedTuple):
    """What came of an attempt, and for how long the other side wants to be left alone."""

    attempt: Attempt
    wait: timedelta = timedelta()


def begin_what_is_due() -> None:
    """Fill free lanes with deliveries, webhook by webhook in no order, so that none is always the last."""
    active = Webhook.rows({"state": ACTIVE})
    random.shuffle(active)
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # how Flask has it done
    for row in active:
        webhook = Webhook.wrap(row)
        for _ in range(_at_once(webhook)):
            if not lanes.take():
                return
            claimed = WebhookDelivery.claim(webhook.pk, _at_once(webhook))
            if claimed is None:
                lanes.give_back()
                break
            lanes.fill(partial(_go_on_with, application, claimed))


def _at_once(webhook: Webhook) -> int:
    return 1 if webhook.failing_since else AT_ONCE


def _go_on_with(application: Flask, claimed: WebhookDelivery | None) -> None:
    """Deliver, and whatever is next for the same webhook, for a while; one that fails is left alone until the next look."""
    ends = monotonic() + _IN_A_ROW
    with application.app_context():
        try:
            while claimed is not None:
                deliver(claimed)
                webhook = Webhook.first({"_id": claimed.webhook_id, "state": ACTIVE})
                goes_on = webhook and not webhook.failing_since and lanes.is_open and monotonic() < ends
                claimed = WebhookDelivery.claim(webhook.pk, _at_once(webhook)) if webhook and goes_on else None
        except PyMongoError as error:  # the lease ends, and another takes over
            logger.warning("A delivery to a webhook was broken off: %r", error)


def deliver(claimed: WebhookDelivery) -> None:
    """Bring one delivery that has been claimed, and write down what came of it."""
    webhook = Webhook.first({"_id": claimed.webhook_id, "state": ACTIVE})
    message = WebhookMessage.first({"_id": claimed.message_id})
    if webhook is None:  # paused or deleted since
        claimed.give_back()
    elif message is None:  # kept no longer
        claimed.end(FAILED, Attempt(at=utcnow(), milliseconds=0, said="What it told is kept no longer."))
    else:
        _note(claimed, webhook, _attempt(webhook, message))


def _attempt(webhook: Webhook, message: WebhookMessage) -> Outcome:
    began, now = monotonic(), utcnow()
    try:
        signed = signing.headers(webhook.signed_by(now), message.name, int(now.timestamp()), message.body)
        answer = ask(
            "POST",
            webhook.url,
            headers=signed,
            body=message.body,
            may_ask=_may_ask(),
            within=current_app.config["WEBHOOK_SECONDS"],
            most=4 * EXCERPT,
        )
    except signing.SecretLost:
        return Outcome(Attempt(at=now, milliseconds=0, said="Its secret can be read no more. Rotate it."))
    except Unreachable as error:
        return Outcome(Attempt(at=now, milliseconds=_milliseconds_since(began), said=str(error)))
    said = "It leads elsewhere, which is not followed." if answer.location else _excerpt(answer.beginning)
    attempt = Attempt(at=now, status=answer.status, milliseconds=_milliseconds_since(began), said=said)
    return Outcome(attempt, _asked_wait(answer, now))


def _milliseconds_since(began: float) -> int:
    return round((monotonic() - began) * 1000)


def _may_ask() -> MayAsk:
    return _is_loopback_or_public if current_app.config["WEBHOOKS_ON_LOOPBACK"] else is_public


def _is_loopback_or_public(address: IpAddress) -> bool:
    return address.is_loopback or is_public(address)


def _excerpt(beginning: bytes) -> str:
    text = beginning.decode(errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text)[:EXCERPT].strip()


def _asked_wait(answer: Answer, now: datetime) -> timedelta:
    """What Retry-After says, in seconds or as a time (RFC 9110, section 10.2.3); nothing where it makes no sense."""
    if answer.status not in _ASK_LATER:
        return timedelta()
    try:
        if answer.retry_after.isdecimal():
            asked = timedelta(seconds=min(int(answer.retry_after), LONGEST_WAIT.total_seconds()))
        else:
            asked = parsedate_to_datetime(answer.retry_after).astimezone(UTC) - now
    except (ValueError, TypeError, OverflowError):
        return timedelta()
    return min(max(asked, timedelta()), LONGEST_WAIT)


@transactional
def _note(claimed: WebhookDelivery, webhook: Webhook, outcome: Outcome) -> None:
    """Write down what came of an attempt, with what follows for the webhook."""
    now, attempt = utcnow(), outcome.attempt
    if attempt.status in _OK:
        if claimed.end(DELIVERED, attempt):
            webhook.recovered()
    elif attempt.status == _GONE:
        if claimed.end(FAILED, attempt):
            _disable(webhook, GONE)
    elif claimed.tries <= len(DELAYS):
        delay = DELAYS[claimed.tries - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - nothing is to be guessed
        if claimed.retry(attempt, now + max(delay, outcome.wait)):
            Webhook.failed(webhook.pk, now)
    elif claimed.end(FAILED, attempt):
        Webhook.failed(webhook.pk, now)
        if webhook.failing_since and webhook.failing_since <= now - GIVE_UP_AFTER:
            _disable(webhook, FAILING)


def _disable(webhook: Webhook, reason: str) -> None:
    """Tell it nothing more, and tell who coordinates its network."""
    disabled = webhook.disable(reason)
    if disabled is not None:
        audit.record(None, "webhook.disabled", webhook.pk, network_id=webhook.network_id)
        for coordinator in directory().coordinators(webhook.network_id):
            outbox.put(mails.disabled(coordinator, disabled))
