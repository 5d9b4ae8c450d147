"""Limits per client address, by Flask-Limiter.

All requests are counted by each web process in its own memory, which costs a read nothing; what can be abused (sign-in,
registration, subscription) is counted in shared storage, so that it holds over all processes and machines.
"""

from typing import Any

from flask import Flask, current_app
from flask_limiter import HeaderNames, Limiter
from flask_limiter.util import get_remote_address
from pymongo.uri_parser import parse_uri

_HEADERS = {
    HeaderNames.LIMIT: "RateLimit-Limit", HeaderNames.REMAINING: "RateLimit-Remaining",
    HeaderNames.RESET: "RateLimit-Reset", HeaderNames.RETRY_AFTER: "Retry-After",
}
_COMMON: dict[str, Any] = {"headers_enabled": True, "header_name_mapping": _HEADERS, "retry_after": "delta-seconds"}

requests_limiter = Limiter(
    get_remote_address, application_limits=[lambda: str(current_app.config["RATELIMIT_REQUESTS"])],
    storage_uri="memory://", key_prefix="requests", **_COMMON,
)
shared_limiter = Limiter(get_remote_address, key_prefix="shared", **_COMMON)


def per_client(setting: str) -> Any:
    """Limit a view per client address to what the setting says, over all processes."""
    return shared_limiter.shared_limit(lambda: str(current_app.config[setting]), scope=setting)


def init_app(app: Flask) -> None:
    """Count in the database of the application, unless a URL names another storage."""
    uri = app.config["RATELIMIT_STORAGE_URI"] = app.config["RATELIMIT_STORAGE_URI"] or app.config["MONGODB_URI"]
    if uri.startswith("mongodb"):
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {
            "database_name": parse_uri(uri)["database"], "counter_collection_name": "rate_limit_counters",
            "window_collection_name": "rate_limit_windows",
        }
    requests_limiter.init_app(app)
    shared_limiter.init_app(app)
