"""The job of members: it can run twice, and beside another."""

from celery import shared_task

from network_api.jobs import every
from network_api.members import erasing

GO_ON_EVERY = 60.0
SCHEDULE = {
    "go on with erasures": every(GO_ON_EVERY, "members.erase"),
}


@shared_task(name="members.erase")  # type: ignore[untyped-decorator]  # celery has no types
def erase() -> None:
    """Go on with erasures whose request was killed."""
    erasing.go_on_with_all()
