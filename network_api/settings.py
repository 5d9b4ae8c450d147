"""Every setting in one place: read from `NETWORK_*` variables, checked once at start.

`SETTINGS` is the table that the README prints (a test holds them equal). A setting without a default must be given;
a missing or bad one stops the start with a sentence that says what to set. `network-api up` gives all of them itself.
Flask-Mail, Flask-Limiter and Celery keep their own names behind the prefix.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from email.utils import parseaddr
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from limits import parse_many
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from network_api.mail import dkim

PREFIX = "NETWORK_"
MINIMUM_SECRET_LENGTH = 32
SMTP_SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}  # with the port that each usually has
IMAP_SCHEMES = ("imap", "imap+starttls", "imaps")
SILENT_FOR = 30_000  # milliseconds; longer than any command takes but the making of an index on very many rows
_DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_BOUNCE_ADDRESS = re.compile(rf"[A-Za-z0-9._-]{{1,11}}@{_DOMAIN.pattern}")


class SettingsError(Exception):
    """A setting is missing or bad; the message is a sentence that says what to set."""


def text(value: Any) -> str:
    """Any non-empty text."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value


def secret(value: Any) -> str:
    """A secret, long enough not to be guessed."""
    if not isinstance(value, str) or len(value) < MINIMUM_SECRET_LENGTH:
        raise ValueError(f"at least {MINIMUM_SECRET_LENGTH} random characters")
    return value


def secrets(value: Any) -> list[str]:
    """A JSON list of secrets."""
    if not isinstance(value, list):
        raise ValueError('a JSON list such as ["an older secret key"]')
    return [secret(entry) for entry in value]


def http_url(value: Any) -> str:
    """An absolute http(s) URL, kept without the last slash."""
    parts = _url_parts(value)
    written = str(value).isprintable() and " " not in str(value)  # urlsplit overlooks line breaks, and headers would not
    if not written or parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("an absolute URL such as https://network.example.org")
    return str(value).rstrip("/")


def server_url(value: Any) -> str:
    """The URL of a server, by its scheme."""
    if not _url_parts(value).scheme or "://" not in value:
        raise ValueError("a URL such as redis://localhost:6379/0")
    return str(value)


def smtp_urls(value: Any) -> list[str]:
    """A JSON list of URLs of SMTP servers."""
    if not isinstance(value, list) or not all(map(_is_smtp_url, value)):
        raise ValueError('a JSON list such as ["smtp+starttls://user:password@smtp.example.org:587"]')
    return value


def imap_url(value: Any) -> str:
    """The URL of a mailbox, with its user."""
    if not _is_url_of_server(value, IMAP_SCHEMES) or not urlsplit(value).username or urlsplit(value).query:
        raise ValueError("a URL such as imaps://bounces:password@imap.example.org/INBOX")
    return str(value)


def _is_smtp_url(value: Any) -> bool:
    parts = _url_parts(value)
    return _is_url_of_server(value, SMTP_SCHEMES) and not (parts.path.strip("/") or parts.query or parts.fragment)


def _is_url_of_server(value: Any, schemes: Collection[str]) -> bool:
    parts = _url_parts(value)
    try:
        return bool(parts.hostname) and parts.port != 0 and parts.scheme in schemes
    except ValueError:  # of a port that is none
        return False


def _url_parts(value: Any) -> SplitResult:
    try:
        return urlsplit(value if isinstance(value, str) else "")
    except ValueError:
        return urlsplit("")


def sender(value: Any) -> str:
    """An address that mail comes from, with or without a name."""
    address = parseaddr(value)[1] if isinstance(value, str) else ""
    if not all(address.partition("@")) or "\n" in value or "\r" in value:
        raise ValueError("an address such as Network <network@example.org>")
    return str(value)


def bounce_address(value: Any) -> str:
    """A bare address that leaves room for what is added to its local part (RFC 5321, section 4.5.3.1.1: 64 octets)."""
    if not isinstance(value, str) or not _BOUNCE_ADDRESS.fullmatch(value):
        raise ValueError("an address with at most 11 letters and digits before the @, such as bounces@lists.example.org")
    return value


def signing_key(value: Any) -> str:
    """The path of a private key that mail can be signed with."""
    dkim.read_key(text(value))
    return str(value)


def domain(value: Any) -> str:
    """A domain, or labels of one."""
    if not isinstance(value, str) or not _DOMAIN.fullmatch(value):
        raise ValueError("a name of letters, digits, hyphens and dots, as in the DNS")
    return value


def rate(value: Any) -> str:
    """A limit as Flask-Limiter writes it."""
    try:
        parse_many(value)
    except (TypeError, ValueError) as error:
        raise ValueError("a limit such as 60 per minute") from error
    return str(value)


def one_rate(value: Any) -> str:
    """One limit, as Flask-Limiter writes it."""
    try:
        found = parse_many(value)
    except (TypeError, ValueError):
        found = []
    if len(found) != 1 or found[0].amount < 1:
        raise ValueError("one limit such as 200 per second")
    return str(value)


def rates_by_domain(value: Any) -> dict[str, str]:
    """A JSON object of limits by domain."""
    if not isinstance(value, dict):
        raise ValueError('a JSON object such as {"example.com": "20 per second"}')
    return {domain(name): one_rate(limit) for name, limit in value.items()}


def mongodb_uri(value: Any) -> str:
    """A MongoDB URI that names its database. A server that has fallen silent is given up, where the URI says nothing else.

    Without that, whoever waits for a connection that a network has forgotten waits for a quarter of an hour.
    """
    try:
        parsed = parse_uri(value if isinstance(value, str) else "")
    except (PyMongoError, TypeError, ValueError) as error:
        raise ValueError(f"a MongoDB URI ({error})") from error
    if not parsed["database"]:
        raise ValueError("a MongoDB URI with a database name, such as mongodb://localhost:27017/network?replicaSet=rs0")
    if "socketTimeoutMS" in parsed["options"]:
        return str(value)
    return f"{value}{'&' if '?' in value else '?'}socketTimeoutMS={SILENT_FOR}"


def whole_number(least: int, most: int) -> Callable[[Any], int]:
    """A check for whole numbers within bounds, both included."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return check


def yes_or_no(value: Any) -> bool:
    """A JSON boolean."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def language(value: Any) -> str:
    """One of the languages that the platform speaks."""
    if value not in ("fi", "sv", "en"):
        raise ValueError("fi, sv or en")
    return str(value)


def log_level(value: Any) -> str:
    """A level of Python's logging."""
    if value not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("DEBUG, INFO, WARNING or ERROR")
    return str(value)


def log_format(value: Any) -> str:
    """How log lines are written."""
    if value not in ("text", "json"):
        raise ValueError("text or json")
    return str(value)


class Setting(NamedTuple):
    """One row of the table: its name without the prefix, its check, its default (None: may stay empty) and its meaning."""

    name: str
    check: Callable[[Any], Any]
    meaning: str
    default: Any = None
    required: bool = False


SETTINGS = (
    Setting("SECRET_KEY", secret, "Signs links and keys the hashes of sign-in codes. Keep it secret and keep it.", required=True),
    Setting("SECRET_KEY_FALLBACKS", secrets, "Older secret keys whose signed links still hold, as a JSON list.", []),
    Setting(
        "MONGODB_URI",
        mongodb_uri,
        "MongoDB 7 or newer, a replica set (one node is enough), with the database's name. A command that is not answered within"
        " 30 s fails, unless the URI says otherwise (socketTimeoutMS).",
        required=True,
    ),
    Setting("PUBLIC_URL", http_url, "Where people reach the platform; every link in a mail starts with it.", required=True),
    Setting("PLATFORM_NAME", text, "What the platform is called in mails and pages.", "Network API"),
    Setting(
        "CONTROLLER_NAME",
        text,
        "Who answers for the platform and the personal data on it, as the privacy notice and the accessibility statement tell."
        " Empty: the platform's name.",
    ),
    Setting(
        "CONTACT_ADDRESS",
        sender,
        "Where people write about privacy and accessibility; feedback goes there. Empty: the pages name the From address, and"
        " feedback goes to the administrators.",
    ),
    Setting("DEFAULT_LANGUAGE", language, "The language for people who have chosen none: fi, sv or en.", "fi"),
    Setting("LOG_LEVEL", log_level, "DEBUG, INFO, WARNING or ERROR.", "INFO"),
    Setting("LOG_FORMAT", log_format, "How log lines are written: as text, or as JSON, one object a line.", "text"),
    Setting(
        "METRICS_TOKEN",
        secret,
        "The bearer token for `/metrics`. Empty: only this machine itself may read it, and nobody through a proxy.",
    ),
    Setting("TRUSTED_PROXIES", whole_number(0, 10), "How many proxies stand before the web process and set X-Forwarded-*.", 0),
    Setting("SESSION_DAYS", whole_number(1, 400), "How long a sign-in lasts, in days.", 30),
    Setting("MAIL_SERVER", text, "The SMTP server that takes our mail.", required=True),
    Setting("MAIL_PORT", whole_number(1, 65535), "Its port.", 25),
    Setting("MAIL_USE_TLS", yes_or_no, "Whether to use STARTTLS.", False),
    Setting("MAIL_USE_SSL", yes_or_no, "Whether to speak TLS from the first byte.", False),
    Setting("MAIL_USERNAME", text, "The user for SMTP AUTH, if the server asks for one."),
    Setting("MAIL_PASSWORD", text, "The password for SMTP AUTH."),
    Setting("MAIL_DEFAULT_SENDER", sender, "The From address of sign-in and registration mails.", required=True),
    Setting(
        "MAIL_LEASE_SECONDS",
        whole_number(4, 600),
        "How long a worker has for one mail before another takes it over; the SMTP server has half of it for each answer.",
        60,
    ),
    Setting(
        "MAIL_SINK_DIR", text, "A Maildir to show at /dev/mail. Only for trials: everybody who reaches the server can read it."
    ),
    Setting(
        "CELERY_BROKER_URL", server_url, "Where jobs are announced: empty for the same MongoDB, or a redis:// or amqp:// URL."
    ),
    Setting("RATELIMIT_ENABLED", yes_or_no, "Whether requests are limited per client address.", True),
    Setting(
        "RATELIMIT_STORAGE_URI",
        server_url,
        "Where the limits on sign-in, registration and subscription are counted: empty for the same MongoDB.",
    ),
    Setting("RATELIMIT_REQUESTS", rate, "Requests a client address may make, counted by each web process.", "600 per minute"),
    Setting("RATELIMIT_REGISTRATIONS", rate, "Registrations a client address may make.", "120 per minute"),
    Setting("RATELIMIT_SIGN_INS", rate, "Sign-in codes and attempts a client address may make.", "60 per minute"),
    Setting("RATELIMIT_SUBSCRIPTIONS", rate, "Newsletter subscriptions a client address may ask for.", "60 per minute"),
    Setting("RATELIMIT_FEEDBACK", rate, "Messages of feedback a client address may send.", "10 per hour"),
    Setting(
        "RETAIN_REGISTRATIONS_DAYS",
        whole_number(1, 3650),
        "How long after a theme day it is known who took part; then only figures stay.",
        365,
    ),
    Setting("RETAIN_NEEDS_DAYS", whole_number(1, 365), "How long after a theme day needs and diets are kept.", 14),
    Setting(
        "RETAIN_UNCONFIRMED_DAYS",
        whole_number(1, 90),
        "How long a newsletter subscription waits for its person to confirm it before it is forgotten.",
        14,
    ),
    Setting(
        "RETAIN_UNSUBSCRIBED_DAYS",
        whole_number(1, 3650),
        "How long it is kept who has left a newsletter, and how they had agreed to it; then only a keyed hash stays.",
        365,
    ),
    Setting("RETAIN_BOUNCES_DAYS", whole_number(90, 3650), "How long it is kept that a letter came back, and why.", 365),
    Setting(
        "RETAIN_WEBHOOKS_DAYS",
        whole_number(7, 90),
        "How long it is kept what webhooks have told, so that it can be told again.",
        30,
    ),
    Setting("WEBHOOK_SECONDS", whole_number(1, 30), "How long a webhook has for its answer, in all.", 10),
    Setting(
        "WEBHOOKS_ON_LOOPBACK",
        yes_or_no,
        "Whether webhooks may be on this very machine, also over http. Only for trials.",
        False,
    ),
    Setting(
        "FIGURES_THRESHOLD",
        whole_number(1, 100),
        "Fewer people than this are not told in figures, so that nobody can be recognised; 1 tells all.",
        5,
    ),
    Setting(
        "CHECK_LINKS",
        yes_or_no,
        "Whether the links of an issue are tried before it is approved; only public addresses are asked.",
        False,
    ),
    Setting(
        "DISPATCH_GROUP",
        whole_number(1, 500),
        "Letters written ahead in one step: the most that a crash can leave as unknown, for each connection of the worker.",
        25,
    ),
    Setting(
        "DISPATCH_CONNECTIONS",
        whole_number(1, 50),
        "SMTP connections that each worker sends a letter over at once; they stay open between jobs.",
        1,
    ),
    Setting(
        "DISPATCH_SERVERS",
        smtp_urls,
        "SMTP servers for letters: a JSON list of URLs (smtp, smtp+starttls or smtps://user:password@host:port). While one fails "
        "the next takes over. Empty: the one of MAIL_SERVER.",
        [],
    ),
    Setting(
        "DISPATCH_RATE",
        one_rate,
        "The most letters to each server, such as 200 per second: no second sees more, from all workers together.",
    ),
    Setting(
        "DISPATCH_DOMAIN_RATES",
        rates_by_domain,
        'The most letters to recipients of a domain, as JSON: {"example.com": "20 per second"}. Others do not wait for them.',
        {},
    ),
    Setting(
        "DKIM_KEY_FILE",
        signing_key,
        "A PEM file with the private key that letters are signed with (DKIM): RSA, at least 2048 bits. Empty: they are not"
        " signed, unless the relay does it.",
    ),
    Setting("DKIM_SELECTOR", domain, "Where the public key is: a TXT record at <selector>._domainkey.<domain>."),
    Setting("DKIM_DOMAIN", domain, "The domain that signs: that of the senders' addresses, or one above it (DMARC)."),
    Setting(
        "BOUNCE_ADDRESS",
        bounce_address,
        "Where letters that cannot be delivered come back to; each mail adds +<token> before the @, which the server behind it"
        " must take. Empty: they go to the newsletter's sender, and nothing is learned from them.",
    ),
    Setting(
        "BOUNCE_MAILBOX",
        imap_url,
        "The mailbox where they arrive, read every minute: imaps, imap+starttls or imap://user:password@host:port/folder. Its "
        "mails are moved into the folders Handled and Other below it. Empty: they come by LMTP or the API, or not at all.",
    ),
)

IMAP_SCHEMES = ("imap", "imap+starttls", "imaps")
DKIM = ("DKIM_KEY_FILE", "DKIM_SELECTOR", "DKIM_DOMAIN")
TEXTS = (text, secret, http_url, server_url, mongodb_uri, sender, bounce_address, signing_key, domain, rate, one_rate)


def read_environment(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The `NETWORK_*` variables by their names without the prefix; a value that is JSON is read as JSON, as Flask does.

    Texts stay texts: a password of digits is not turned into a number.
    """
    texts = {setting.name for setting in SETTINGS if setting.check in TEXTS}
    values: dict[str, Any] = {}
    for name, raw in environ.items():
        if name.startswith(PREFIX) and raw != "":
            key = name.removeprefix(PREFIX)
            values[key] = raw if key in texts else _json_or_text(raw)
    return values


def _json_or_text(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def load(given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, checked, with defaults filled in.

    Raises SettingsError with a sentence for the first that is missing, bad, or not one of ours.
    """
    known = {setting.name for setting in SETTINGS}
    unknown = sorted(set(given) - known)
    if unknown:
        raise SettingsError(f"{PREFIX}{unknown[0]} is not a setting of this platform; the README lists them all.")
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        value = given.get(setting.name)
        if value is None:
            if setting.required:
                raise SettingsError(f"{PREFIX}{setting.name} is not set. {setting.meaning}")
            values[setting.name] = setting.default
            continue
        try:
            values[setting.name] = setting.check(value)
        except ValueError as error:
            raise SettingsError(f"{PREFIX}{setting.name} must be {error}.") from error
    for name in DKIM:
        if values[name] is None and any(values[other] for other in DKIM):
            raise SettingsError(f"{PREFIX}{name} is not set, and to sign letters takes all of {', '.join(DKIM)}.")
    return values
