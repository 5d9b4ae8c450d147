"""Jobs of theme days: each can run twice, and what one did not do the next sweep finds."""

from bson import ObjectId
from celery import shared_task

from events import cohosting, materials, notices, offers, retention
from events.notice_documents import Notice
from network_api.documents import utcnow
from network_api.jobs import every

SWEEP_EVERY = 15.0  # seconds by which an offer may outlive its time
RETAIN_EVERY = 600.0
SCHEDULE = {
    "sweep the theme days": every(SWEEP_EVERY, "events.sweep"),
    "end what is kept no longer": every(RETAIN_EVERY, "events.retain"),
}


@shared_task(name="events.sweep")  # type: ignore[untyped-decorator]  # celery has no types
def sweep() -> None:
    """Give the seats of offers that nobody answered in time to the next, and what was set apart until now to everybody.

    Then tell what is due to be told: reminders and thanks, and what a killed worker left.
    """
    now = utcnow()
    offers.lapse_overdue(now)
    cohosting.return_quotas_due(now)
    for notice_id in Notice.due(now):
        notices.tell(notice_id)


@shared_task(name=notices.TASK)  # type: ignore[untyped-decorator]  # celery has no types
def tell(notice_id: str) -> None:
    """Tell everybody whom a notice concerns."""
    notices.tell(ObjectId(notice_id))


@shared_task(name="events.retain")  # type: ignore[untyped-decorator]  # celery has no types
def retain() -> None:
    """Take out of past theme days what is kept longer than its term, and the files that nothing needs."""
    retention.apply_due(utcnow())
    materials.take_away_unused(utcnow())
