"""Request ids: one name for what a request has caused, from the web process over its jobs to the mails that go out.

A client or a proxy may give one (`X-Request-ID`); else it is made at the door. The answer has it in the same header, a problem
in `request_id`, a job in its message's headers, a mail beside it in the outbox, and each log line of theirs says it.
"""

import re
from uuid import uuid4

from celery import current_task
from flask import Flask, Response, has_request_context, request

HEADER = "X-Request-ID"
REQUEST_ID = "network_api_request_id"  # in the WSGI environment, and among the headers of a job's message
_GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")  # room for a UUID or a ULID, and for no token or address of ours: logs tell it


def current() -> str | None:
    """The id of the running request, or of the one that woke the running job; of a job that the clock woke, its own."""
    if has_request_context():
        named: str | None = request.environ.get(REQUEST_ID)
    elif current_task:
        named = current_task.request.get(REQUEST_ID) or current_task.request.id
    else:
        named = None
    return named


def passed_on() -> dict[str, str]:
    """The headers of a job's message that name what woke it."""
    named = current()
    return {REQUEST_ID: named} if named else {}


def take_or_make() -> None:
    """Name the request as it came, or anew where that is no name to be told in logs."""
    given = request.headers.get(HEADER, "")
    request.environ[REQUEST_ID] = given if _GIVEN.fullmatch(given) else uuid4().hex


def tell(response: Response) -> Response:
    """Tell the client, who may ask about it."""
    response.headers[HEADER] = request.environ[REQUEST_ID]
    return response


def init_app(app: Flask) -> None:
    """Name each request before anything else happens to it."""
    app.before_request(take_or_make)
    app.after_request(tell)
