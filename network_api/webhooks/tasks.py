"""Jobs of webhooks: everything that waits is found by looking, so one that is lost or runs twice does no harm."""

from time import monotonic

from celery import shared_task

from network_api.jobs import every
from network_api.webhooks import keeping
from network_api.webhooks.delivering import begin_what_is_due
from network_api.webhooks.lanes import lanes
from network_api.webhooks.spreading import replay_what_waits, spread_what_waits

SWEEP_EVERY = 5.0  # seconds
_BUDGET = 1.0  # seconds that mail, which the same worker may send, waits for this at the most
LAST_SECONDS = 5.0  # that deliveries under way have when the worker is to end
SCHEDULE = {
    "sweep the webhooks": every(SWEEP_EVERY, "webhooks.sweep", queue="webhooks"),
    "tidy the webhooks": every(3600.0, "webhooks.tidy", queue="webhooks"),
}


@shared_task(name="webhooks.sweep")  # type: ignore[untyped-decorator]  # celery has no types
def sweep() -> None:
    """Spread what has happened, and begin to tell what is due; neither takes long, for the telling is done in lanes."""
    ends = monotonic() + _BUDGET
    spread_what_waits(ends)
    replay_what_waits(ends)
    begin_what_is_due()


@shared_task(name="webhooks.tidy")  # type: ignore[untyped-decorator]  # celery has no types
def tidy() -> None:
    """Forget secrets that sign no more, and seal the others under the newest secret key."""
    keeping.tidy_secrets()


def let_go() -> None:
    """Begin nothing more; what is under way has a moment, and is told again if that is not enough."""
    lanes.close(LAST_SECONDS)
