"""`network-api doctor`: looks at what the platform stands on, and says what is wrong and what it cannot know."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from bson.codec_options import CodecOptions
from flask import current_app
from mongoengine.connection import get_connection
from pymongo.errors import PyMongoError

from network_api import health, sender_dns
from network_api.documents import utcnow
from network_api.sender_dns import OK, UNKNOWN, WRONG, Finding

MOST_SKEW = timedelta(seconds=2)  # leases and codes count in seconds
AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
_LOCAL = ("localhost", "127.0.0.1", "::1")


def examine(name_server: str | None) -> Iterator[Finding]:
    """All findings, one after the other, as each is known."""
    yield Finding(OK, "settings", "all are there and readable.")
    yield from _public()
    for part, said in health.look().items():
        yield Finding(OK if said == health.FINE else WRONG, part, said)
    yield _clock()
    yield from sender_dns.findings(current_app.config, sender_dns.resolver(name_server))


def _public() -> Iterator[Finding]:
    """What is for trials only, and would be a hole where people come from elsewhere."""
    url = urlsplit(current_app.config["PUBLIC_URL"])
    if url.scheme == "https":
        yield Finding(OK, "address", f"{url.geturl()} is encrypted.")
    elif url.hostname in _LOCAL:
        yield Finding(UNKNOWN, "address", f"{url.geturl()} is this machine: a trial.")
    else:
        yield Finding(WRONG, "address", f"{url.geturl()} is not encrypted: personal links and sessions can be read on their way.")
    if current_app.config["MAIL_SINK_DIR"]:
        verdict = UNKNOWN if url.hostname in _LOCAL else WRONG
        yield Finding(verdict, "mail sink", "everybody can read all mail at /dev/mail (NETWORK_MAIL_SINK_DIR).")


def _clock() -> Finding:
    """Compared to the database's, halfway between question and answer."""
    try:
        asked = utcnow()
        theirs = get_connection().admin.command("hello", codec_options=AWARE).get("localTime")
        answered = utcnow()
    except PyMongoError as error:
        return Finding(UNKNOWN, "clock", f"the database did not tell its own ({type(error).__name__}).")
    if theirs is None:
        return Finding(UNKNOWN, "clock", "the database does not tell its own.")
    skew = abs(theirs - (asked + (answered - asked) / 2))
    said = f"{skew.total_seconds():.1f} seconds from the database's."
    return Finding(OK if skew <= MOST_SKEW else WRONG, "clock", said)
