"""The job that seals the audit log: it can run twice, and beside another."""

from celery import shared_task

from network_api import audit_chain

SEAL_EVERY = 60.0
SCHEDULE = {
    "seal the audit log": {
        "task": "audit.seal",
        "schedule": SEAL_EVERY,
        "options": {"queue": "jobs", "expires": SEAL_EVERY},
    },
}


@shared_task(name="audit.seal")  # type: ignore[untyped-decorator]  # celery has no types
def seal() -> None:
    """Seal what has been written."""
    audit_chain.seal_due()
