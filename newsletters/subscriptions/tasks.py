"""Jobs of subscriptions: looks for what is due, so that one that is lost or done twice does no harm."""

from celery import shared_task

from network_api.jobs import every
from newsletters.subscriptions import lapsing

EVERY = 3600.0  # seconds
SCHEDULE = {
    "let subscriptions lapse": every(EVERY, "newsletters.lapse"),
}


@shared_task(name="newsletters.lapse")  # type: ignore[untyped-decorator]  # celery has no types
def lapse() -> None:
    """End the pauses whose day has come, and forget whom there is no reason to remember."""
    lapsing.resume_all_due()
    lapsing.forget_due()
