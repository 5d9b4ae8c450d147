"""Jobs of newsletters: each carries an id, can run twice, and is found again by the sweep when it was lost."""

from bson import ObjectId
from celery import shared_task

from network_api.documents import utcnow
from network_api.jobs import every
from newsletters.dispatch import batches, sending
from newsletters.issues.documents import SCHEDULED, Issue

SWEEP_EVERY = 5.0  # seconds: with the lease of 30, a letter goes on well within a minute of a kill
SCHEDULE = {
    "sweep the newsletters": every(SWEEP_EVERY, "newsletters.sweep"),
}


@shared_task(name="newsletters.dispatch")  # type: ignore[untyped-decorator]  # celery has no types
def work(issue_id: str) -> None:
    """Send an issue for a while, then come back for the rest."""
    if batches.work(ObjectId(issue_id)):
        work.delay(issue_id)


@shared_task(name="newsletters.sweep")  # type: ignore[untyped-decorator]  # celery has no types
def sweep() -> None:
    """Start what is scheduled for now, and wake a worker for every dispatch that has something to do."""
    for row in Issue.rows({"state": SCHEDULED, "send_at": {"$lte": utcnow()}}, sort=[("send_at", 1), ("_id", 1)]):
        sending.start_scheduled(row["_id"])
    for row in Issue.rows({"dispatching": True}):
        if batches.has_something_to_do(row):
            work.apply_async((str(row["_id"]),), expires=SWEEP_EVERY)
