"""The job that seals the audit log: it can run twice, and beside another."""

from celery import shared_task

from network_api import audit_chain
from network_api.jobs import every

SEAL_EVERY = 60.0
SCHEDULE = {
    "seal the audit log": every(SEAL_EVERY, "audit.seal"),
}


@shared_task(name="audit.seal")  # type: ignore[untyped-decorator]  # celery has no types
def seal() -> None:
    """Seal what has been written."""
    audit_chain.seal_due()
