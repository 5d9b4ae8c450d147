"""Jobs of bounces: read the mailbox, and forget what has been kept for its term. Each can run twice."""

from celery import shared_task
from flask import current_app

from network_api.jobs import every
from newsletters.bounces import receiving
from newsletters.bounces.mailbox import UNREACHABLE, read_mailbox

READ_EVERY, FORGET_EVERY = 60.0, 3600.0  # seconds
MOST_AT_ONCE = 500
SCHEDULE = {
    "read the mailbox of bounces": every(READ_EVERY, "newsletters.read_bounces"),
    "forget bounces": every(FORGET_EVERY, "newsletters.forget_bounces"),
}


@shared_task(name="newsletters.read_bounces")  # type: ignore[untyped-decorator]  # celery has no types
def read_bounces() -> None:
    """Take in what has come to the mailbox of the settings, if they name one."""
    url = current_app.config["BOUNCE_MAILBOX"]
    try:
        if url:
            read_mailbox(url)
    except UNREACHABLE as error:
        current_app.logger.warning("The mailbox of bounces cannot be read: %s", type(error).__name__)


@shared_task(name="newsletters.forget_bounces")  # type: ignore[untyped-decorator]  # celery has no types
def forget_bounces() -> None:
    """Forget the bounces whose term is over."""
    receiving.forget_due(MOST_AT_ONCE)
