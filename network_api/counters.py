"""Requests counted: for Flask-Limiter in the application's own database, in two commands at most, and in the process.

Flask-Limiter's own MongoDB storage takes three commands, over connections of its own, one of them dear on the embedded engine.
Here the count is read together with the end of its window, and both are remembered for the rest of the request.
"""

from datetime import datetime, timedelta
from threading import Lock
from time import time
from typing import Any, ClassVar

from flask import g
from limits.storage import Storage
from mongoengine import DateTimeField, IntField, StringField
from pymongo.errors import DuplicateKeyError, PyMongoError

from network_api.documents import BaseDocument, Row, utcnow

_TIDIED_FROM = 1000  # windows in memory before those that are over are first looked for


class RequestCount(BaseDocument):
    """How often one client has asked for one thing since the window began, which is at the first request."""

    meta: ClassVar[dict[str, Any]] = {
        "collection": "request_counts",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)  # the limit and the client
    count = IntField(required=True)
    expires_at = DateTimeField(required=True)

    @classmethod
    def add(cls, key: str, amount: int, expires_at: datetime) -> Row:
        """Count so many more; after the end of a window a new one begins, which ends at `expires_at`.

        What others count meanwhile may be in the answer.
        """
        over: dict[str, Any] = {"$lt": ["$expires_at", utcnow()]}
        counted = {
            "count": {"$cond": [over, amount, {"$add": ["$count", amount]}]},
            "expires_at": {"$cond": [over, expires_at, "$expires_at"]},
        }
        counting = cls.collection().update_one({"_id": key}, [{"$set": counted}], upsert=True)
        found = None if counting.upserted_id else cls.row({"_id": key})  # who is new has asked just now
        return found or {"count": amount, "expires_at": expires_at}


class DocumentStorage(Storage):
    """Flask-Limiter's storage over `RequestCount`, for fixed windows."""

    STORAGE_SCHEME = ["documents"]

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a failing database raises."""
        return PyMongoError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count one more in the window of so many seconds; how many there are now."""
        expires_at = utcnow() + timedelta(seconds=expiry)
        try:
            row = RequestCount.add(key, amount, expires_at)
        except DuplicateKeyError:  # another one began this client's first window at the same moment
            row = RequestCount.add(key, amount, expires_at)
        g.counted = {**g.get("counted", {}), key: row}
        return int(row["count"])

    def get(self, key: str) -> int:
        """How many there were when this request was counted."""
        row = g.get("counted", {}).get(key)
        return row["count"] if row else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends in which this request was counted."""
        row = g.get("counted", {}).get(key)
        return float(row["expires_at"].timestamp() if row else time())

    def check(self) -> bool:
        """Yes: /readyz looks at the database."""
        return True

    def reset(self) -> int | None:
        """Forget all counts."""
        return RequestCount.collection().delete_many({}).deleted_count

    def clear(self, key: str) -> None:
        """Forget the count of one limit and client."""
        RequestCount.remove({"_id": key})


class ProcessCounts:
    """How often clients have asked, in the memory of one process, in windows that begin at a client's first request."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}  # how many, and when it ends
        self._tidied_at = _TIDIED_FROM
        self._lock = Lock()

    def add(self, client: str, seconds: int) -> tuple[int, float]:
        """Count one more in the window of so many seconds; how many there are now, and when it ends."""
        now = time()
        with self._lock:
            count, ends = self._windows.get(client, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + seconds
                self._tidy(now)
            counted = self._windows[client] = (count + 1, ends)
        return counted

    def _tidy(self, now: float) -> None:
        """Forget the windows that are over, each time that there are twice as many as were left the last time."""
        if len(self._windows) >= self._tidied_at:
            self._windows = {client: window for client, window in self._windows.items() if window[1] > now}
            self._tidied_at = max(_TIDIED_FROM, 2 * len(self._windows))

    def reset(self) -> int:
        """Forget all counts; how many clients had one."""
        with self._lock:
            forgotten = len(self._windows)
            self._windows.clear()
        return forgotten
