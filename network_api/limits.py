"""Limits per client address.

All requests are counted by each web process in its own memory, which costs a read next to nothing; what can be abused (sign-in,
registration, subscription) is counted by Flask-Limiter in shared storage, so that it holds over all processes and machines.
Flask-Limiter could count the former too, but finds out anew at each request which limits hold, a sixth of the time of a read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import time
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse
from pymongo.uri_parser import parse_uri
from werkzeug.exceptions import TooManyRequests

from network_api.counters import DocumentStorage, ProcessCounts

OWN_DATABASE = f"{DocumentStorage.STORAGE_SCHEME[0]}://"
_LIMIT = "requests_limit"  # in the application's extensions


class DecoratedLimiter(Limiter):
    """Flask-Limiter where only `per_client` asks it for anything, and no other request."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


process_counts = ProcessCounts()
shared_limiter = DecoratedLimiter(get_remote_address, key_prefix="shared")


@dataclass(frozen=True)
class Counted:
    """A request that was counted in this process: as which of its window, which ends at `reset_at`."""

    limit: RateLimitItem
    number: int
    reset_at: float

    @property
    def remaining(self) -> int:
        """How many more may come."""
        return max(0, self.limit.amount - self.number)

    @property
    def breached(self) -> bool:
        """Whether it was one too many."""
        return self.number > self.limit.amount


def per_client(setting: str, cost: Callable[[], int] | int = 1) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Limit a view per client address to what the setting says, over all processes; `cost` is how many a request counts as."""
    return shared_limiter.shared_limit(lambda: str(current_app.config[setting]), scope=setting, cost=cost)


def without_limit(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count no requests for a view, for what must never be refused."""
    view.without_limit = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def count_request() -> None:
    """Count a request of this client, where it is for a view of ours. Raises TooManyRequests."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static" or hasattr(view, "without_limit"):
        return
    limit: RateLimitItem = current_app.extensions[_LIMIT]
    counted = g.counted_request = Counted(limit, *process_counts.add(get_remote_address(), limit.get_expiry()))
    if counted.breached:
        raise TooManyRequests(str(limit))


def init_app(app: Flask) -> None:
    """Count in the database of the application, unless a URL names another storage."""
    uri = app.config["RATELIMIT_STORAGE_URI"] = app.config["RATELIMIT_STORAGE_URI"] or OWN_DATABASE
    if uri.startswith("mongodb"):
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {
            "database_name": parse_uri(uri)["database"],
            "counter_collection_name": "rate_limit_counters",
            "window_collection_name": "rate_limit_windows",
        }
    if app.config["RATELIMIT_ENABLED"]:
        app.extensions[_LIMIT] = parse(app.config["RATELIMIT_REQUESTS"])
        app.before_request(count_request)
    shared_limiter.init_app(app)
    app.after_request(tell_limits)


def tell_limits(response: Response) -> Response:
    """The `RateLimit` and `RateLimit-Policy` fields (draft-ietf-httpapi-ratelimit-headers), and Retry-After on a 429."""
    now, limits, policies = time(), [], []
    for name, limit in (("requests", g.get("counted_request")), ("shared", shared_limiter.current_limit)):
        if limit is None:
            continue
        wait = max(0, ceil(limit.reset_at - now))
        limits.append(f'"{name}";r={limit.remaining};t={wait}')
        policies.append(f'"{name}";q={limit.limit.amount};w={limit.limit.get_expiry()}')
        if limit.breached:
            response.headers["Retry-After"] = str(max(1, wait))
    if limits:
        response.headers["RateLimit"], response.headers["RateLimit-Policy"] = ", ".join(limits), ", ".join(policies)
    return response
