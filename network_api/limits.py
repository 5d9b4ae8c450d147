"""Limits per client address, by Flask-Limiter.

All requests are counted by each web process in its own memory, which costs a read nothing; what can be abused (sign-in,
registration, subscription) is counted in shared storage, so that it holds over all processes and machines.
"""

from collections.abc import Callable
from math import ceil
from time import time
from typing import Any

from flask import Flask, Response, current_app
from flask_limiter import ExemptionScope, Limiter
from flask_limiter.util import get_remote_address
from pymongo.uri_parser import parse_uri

from network_api.counters import DocumentStorage, ProcessStorage

OWN_DATABASE = f"{DocumentStorage.STORAGE_SCHEME[0]}://"
requests_limiter = Limiter(
    get_remote_address,
    application_limits=[lambda: str(current_app.config["RATELIMIT_REQUESTS"])],
    storage_uri=f"{ProcessStorage.STORAGE_SCHEME[0]}://",
    key_prefix="requests",
)
shared_limiter = Limiter(get_remote_address, key_prefix="shared")


def per_client(setting: str, cost: Callable[[], int] | int = 1) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Limit a view per client address to what the setting says, over all processes; `cost` is how many a request counts as."""
    return shared_limiter.shared_limit(lambda: str(current_app.config[setting]), scope=setting, cost=cost)


def without_limit(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count no requests for a view, for what must never be refused."""
    exempted: Callable[..., Any] = requests_limiter.exempt(view, flags=ExemptionScope.APPLICATION | ExemptionScope.DEFAULT)
    return exempted


def init_app(app: Flask) -> None:
    """Count in the database of the application, unless a URL names another storage."""
    uri = app.config["RATELIMIT_STORAGE_URI"] = app.config["RATELIMIT_STORAGE_URI"] or OWN_DATABASE
    if uri.startswith("mongodb"):
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {
            "database_name": parse_uri(uri)["database"],
            "counter_collection_name": "rate_limit_counters",
            "window_collection_name": "rate_limit_windows",
        }
    requests_limiter.init_app(app)
    shared_limiter.init_app(app)
    app.after_request(tell_limits)


def tell_limits(response: Response) -> Response:
    """The `RateLimit` and `RateLimit-Policy` fields (draft-ietf-httpapi-ratelimit-headers), and Retry-After on a 429."""
    now, limits, policies = time(), [], []
    for name, limiter in (("requests", requests_limiter), ("shared", shared_limiter)):
        limit = limiter.current_limit
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
