"""The dispatch of an issue: a worker claims one batch after another, over several connections, until its time is up."""

import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from time import monotonic, sleep
from typing import Any

from bson import ObjectId
from flask import Flask, current_app

from network_api import audit
from network_api.documents import Row, transactional, utcnow
from network_api.webhooks.telling import tell
from newsletters.dispatch import audience
from newsletters.dispatch.groups import Batch, Take
from newsletters.dispatch.ledger import Progress
from newsletters.dispatch.mailing import Mailing, mailing
from newsletters.dispatch.rates import Rates
from newsletters.documents import Newsletter
from newsletters.issues import webhooks
from newsletters.issues.documents import CANCELLED as ISSUE_CANCELLED
from newsletters.issues.documents import PAUSED, SENDING, SENT, Issue

SLICE = 4.0  # seconds of work in one job: others get their turn, and a worker that is told to stop can
SOON = 1.0  # seconds that a job waits for a batch which waits for a domain's limit


def work(issue_id: ObjectId, seconds: float = SLICE) -> bool:
    """Send what can be sent now, for a while; True where more is left to be done at once."""
    issue = Issue.first({"_id": issue_id, "dispatching": True})
    if issue is None or is_held(issue.state, issue.newsletter_id):
        return False
    if issue.state == SENDING and (issue.audience is None or issue.audience.frozen_at is None):
        issue = audience.freeze(issue)
    if issue is None:
        return False
    return _work_until(monotonic() + seconds, mailing(issue))


def _work_until(end: float, mailing: Mailing) -> bool:
    issue_id = mailing.issue.pk
    while True:
        _send_due(mailing, end)
        pause = Progress.pause(issue_id)
        if pause is None:
            close(issue_id)
            return False
        if monotonic() + pause > end:
            return pause < SOON
        if pause > SOON or is_held(Issue.state_of(issue_id), mailing.issue.newsletter_id):
            return False
        sleep(pause)  # for a domain's limit


def _send_due(mailing: Mailing, end: float) -> None:
    """Send what is due over so many connections as the settings say, each with a batch of its own at a time."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # for the threads
    due = Progress.due(mailing.issue.pk)
    random.shuffle(due)  # workers that begin at once do not vie for the same ones
    waiting = deque(due)

    def take(rates: Rates) -> Batch | None:
        while waiting and monotonic() < end:
            with suppress(IndexError):  # another connection took the last one
                claimed = Progress.claim(waiting.popleft())
                if claimed is not None:
                    return Batch(mailing, claimed, rates, end, len(waiting))
        return None

    def work() -> None:
        with app.app_context(), ThreadPoolExecutor(1) as beside:
            _send_all(beside, partial(take, Rates(app.config)))

    connections = min(app.config["DISPATCH_CONNECTIONS"], len(due))
    with ThreadPoolExecutor(max(1, connections)) as threads:
        for working in [threads.submit(work) for _ in range(connections)]:
            working.result()


def _send_all(beside: ThreadPoolExecutor, take: Take) -> None:
    """Send batch after batch over one connection. The next is claimed while the last group of the one before is on its way."""

    def meanwhile(job: Callable[..., Any], **given: Any) -> Future[Any]:
        return beside.submit(copy_context().run, partial(job, **given))

    batch, served = take(), True
    while batch is not None and served:
        served = batch.work(meanwhile, take)
        following = batch.following.result() if batch.following else None
        batch = following or (take() if served else None)
    if batch is not None:
        batch.let_go()


def has_something_to_do(issue: Row) -> bool:
    """Whether a worker would find work on an issue (its row) now."""
    if is_held(issue["state"], issue["newsletter_id"]):
        return False
    if (issue.get("audience") or {}).get("frozen_at") is None:
        return not audience.is_under_way(issue["_id"])
    return bool(Progress.due(issue["_id"])) or not Progress.any_open(issue["_id"])


def is_held(state: str | None, newsletter_id: ObjectId) -> bool:
    """Whether an issue in this state waits: by somebody's word, or for its newsletter's send window to open."""
    return state == PAUSED or (state == SENDING and Newsletter.get(newsletter_id).holds_until(utcnow()) is not None)


@transactional
def close(issue_id: ObjectId) -> None:
    """End the dispatch where no delivery is open any more; an issue that was being sent is then `sent`."""
    if Progress.any_open(issue_id):
        return
    sent = {"_id": issue_id, "state": SENDING, "audience.frozen_at": {"$ne": None}}
    ended: dict[str, Any] = {"$unset": {"dispatching": ""}, "$inc": {"version": 1}}
    if issue := Issue.change(sent, {**ended, "$set": {"state": SENT}, "$min": {"sent_at": utcnow()}}):
        audit.record(None, "issue.sent", issue_id)
        tell(webhooks.SENT, issue.network_id, issue.version, id=issue_id, newsletter_id=issue.newsletter_id)
        return
    called_off = {"_id": issue_id, "state": ISSUE_CANCELLED}
    if not Issue.change({**called_off, "sent_at": {"$ne": None}}, {**ended, "$set": {"state": SENT}}):  # a later round was
        Issue.change(called_off, {"$unset": {"dispatching": ""}})
