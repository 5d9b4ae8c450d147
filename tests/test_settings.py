"""Settings: what is missing or bad stops the start with a sentence that names the variable."""

from typing import Any

import pytest

from network_api.app import create_app
from network_api.settings import SETTINGS, SettingsError, load, read_environment

GOOD: dict[str, Any] = {
    "SECRET_KEY": "a secret of the tests, long enough",
    "MONGODB_URI": "mongodb://localhost:27017/network?replicaSet=rs0",
    "PUBLIC_URL": "https://network.example.org",
    "MAIL_SERVER": "localhost",
    "MAIL_DEFAULT_SENDER": "Network <network@example.org>",
}
BAD: tuple[tuple[str, Any], ...] = (
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", 12345678901234567890123456789012),
    ("SECRET_KEY_FALLBACKS", "an older secret key that is long enough"),
    ("SECRET_KEY_FALLBACKS", ["short"]),
    ("MONGODB_URI", "localhost:27017"),
    ("MONGODB_URI", "mongodb://localhost:27017"),
    ("MONGODB_URI", "mongodb://localhost:port/network"),
    ("MONGODB_URI", 27017),
    ("PUBLIC_URL", "network.example.org"),
    ("PUBLIC_URL", "ftp://network.example.org"),
    ("PUBLIC_URL", "https://network.example.org/?page=1"),
    ("PUBLIC_URL", "https://[network"),
    ("PUBLIC_URL", "https://network.example.org\r\n/Bcc:%20all"),
    ("PLATFORM_NAME", " "),
    ("CONTROLLER_NAME", ""),
    ("CONTACT_ADDRESS", "network"),
    ("DEFAULT_LANGUAGE", "de"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
    ("METRICS_TOKEN", "short"),
    ("TRUSTED_PROXIES", -1),
    ("TRUSTED_PROXIES", "one"),
    ("TRUSTED_PROXIES", True),
    ("SESSION_DAYS", 0),
    ("MAIL_SERVER", ""),
    ("MAIL_PORT", 0),
    ("MAIL_PORT", 65536),
    ("MAIL_USE_TLS", "perhaps"),
    ("MAIL_USE_SSL", 1),
    ("MAIL_USERNAME", " "),
    ("MAIL_PASSWORD", 17),
    ("MAIL_DEFAULT_SENDER", "network"),
    ("MAIL_DEFAULT_SENDER", "network@example.org\r\nBcc: all@example.org"),
    ("MAIL_SINK_DIR", " "),
    ("CELERY_BROKER_URL", "redis"),
    ("RATELIMIT_ENABLED", "no"),
    ("RATELIMIT_STORAGE_URI", "localhost"),
    ("RATELIMIT_REQUESTS", "many"),
    ("RATELIMIT_REGISTRATIONS", "120 per blink"),
    ("RATELIMIT_SIGN_INS", 60),
    ("RATELIMIT_SUBSCRIPTIONS", ""),
    ("RATELIMIT_FEEDBACK", "seldom"),
    ("FIGURES_THRESHOLD", 0),
    ("RETAIN_REGISTRATIONS_DAYS", 0),
    ("RETAIN_NEEDS_DAYS", 366),
    ("RETAIN_UNCONFIRMED_DAYS", 91),
    ("RETAIN_UNSUBSCRIBED_DAYS", 0),
    ("RETAIN_BOUNCES_DAYS", 0),
    ("BOUNCE_MAILBOX", "imap.example.org"),
    ("CHECK_LINKS", "perhaps"),
    ("DISPATCH_GROUP", 0),
    ("MAIL_LEASE_SECONDS", 3),
    ("DISPATCH_GROUP", 501),
    ("DISPATCH_CONNECTIONS", 0),
    ("RETAIN_BOUNCES_DAYS", 89),
    ("RETAIN_WEBHOOKS_DAYS", 6),
    ("WEBHOOK_SECONDS", 0),
    ("WEBHOOKS_ON_LOOPBACK", "yes"),
    ("BOUNCE_MAILBOX", "imaps://imap.example.org/INBOX"),
    ("BOUNCE_MAILBOX", "pop3://bounces:password@pop.example.org"),
    ("BOUNCE_MAILBOX", "imaps://bounces:password@:993"),
    ("BOUNCE_MAILBOX", "imaps://bounces:password@imap.example.org:port"),
    ("DISPATCH_SERVERS", "smtp://smtp.example.org"),
    ("DISPATCH_SERVERS", ["http://smtp.example.org"]),
    ("DISPATCH_SERVERS", ["smtp://smtp.example.org:port"]),
    ("DISPATCH_SERVERS", ["smtp://:587"]),
    ("DISPATCH_RATE", "fast"),
    ("DISPATCH_RATE", 200),
    ("DISPATCH_RATE", "0 per second"),
    ("DISPATCH_RATE", "20 per second; 1000 per hour"),
    ("DISPATCH_DOMAIN_RATES", "20 per second"),
    ("DISPATCH_DOMAIN_RATES", {"example.com": "slowly"}),
    ("DISPATCH_DOMAIN_RATES", {"@example.com": "20 per second"}),
    ("DKIM_KEY_FILE", "/nowhere/dkim.pem"),
    ("DKIM_KEY_FILE", __file__),
    ("DKIM_KEY_FILE", 17),
    ("DKIM_SELECTOR", "the first"),
    ("DKIM_DOMAIN", "post@example.org"),
    ("DKIM_DOMAIN", "example.org\n"),
    ("BOUNCE_ADDRESS", "bounces"),
    ("BOUNCE_ADDRESS", "returned-mail@example.org"),
    ("BOUNCE_ADDRESS", "bounces@example.org\n"),
    ("BOUNCE_ADDRESS", "Bounces <bounces@example.org>"),
)


def sentence(given: dict[str, Any]) -> str:
    """What stops the start."""
    with pytest.raises(SettingsError) as stopped:
        create_app(given)
    return str(stopped.value)


def test_a_database_that_falls_silent_is_given_up_unless_the_uri_says_when() -> None:
    assert load(GOOD)["MONGODB_URI"] == f"{GOOD['MONGODB_URI']}&socketTimeoutMS=30000"
    bare = load({**GOOD, "MONGODB_URI": "mongodb://localhost/network"})["MONGODB_URI"]
    assert bare == "mongodb://localhost/network?socketTimeoutMS=30000"
    chosen = f"{GOOD['MONGODB_URI']}&socketTimeoutMS=600000"
    assert load({**GOOD, "MONGODB_URI": chosen})["MONGODB_URI"] == chosen


def test_the_good_ones_are_taken_with_defaults_for_the_rest() -> None:
    loaded = load(GOOD)
    assert loaded.keys() == {setting.name for setting in SETTINGS}
    assert {name: loaded[name] for name in GOOD} == {**GOOD, "MONGODB_URI": f"{GOOD['MONGODB_URI']}&socketTimeoutMS=30000"}
    assert (loaded["RATELIMIT_REQUESTS"], loaded["RATELIMIT_REGISTRATIONS"]) == ("600 per minute", "120 per minute")


def test_every_default_passes_its_own_check() -> None:
    for setting in SETTINGS:
        if setting.default is not None:
            assert setting.check(setting.default) == setting.default


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS if setting.required])
def test_a_missing_one_is_named_with_what_it_is_for(name: str) -> None:
    said = sentence({key: value for key, value in GOOD.items() if key != name})
    assert said.startswith(f"NETWORK_{name} is not set. ")
    assert said.endswith(".")


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_one_is_named_with_what_it_must_be(name: str, value: Any) -> None:
    said = sentence({**GOOD, name: value})
    assert said.startswith(f"NETWORK_{name} must be ")
    assert said.endswith(".")
    assert "\n" not in said


def test_there_is_a_bad_value_here_for_every_setting() -> None:
    assert {name for name, _ in BAD} == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("name", ["DKIM_SELECTOR", "DKIM_DOMAIN"])
def test_signing_takes_all_that_it_needs(name: str) -> None:
    given = {"DKIM_SELECTOR": "2026", "DKIM_DOMAIN": "example.org"}
    del given[name]
    assert sentence({**GOOD, **given}).startswith("NETWORK_DKIM_KEY_FILE is not set, and to sign letters takes all of ")


def test_no_secret_is_repeated_in_a_sentence() -> None:
    assert "hunter2" not in sentence({**GOOD, "SECRET_KEY": "hunter2"})


def test_an_unknown_one_is_refused_by_name() -> None:
    assert sentence({**GOOD, "MONGO_URI": "mongodb://localhost/network"}).startswith("NETWORK_MONGO_URI is not a setting")


def test_the_environment_is_read_by_its_prefix() -> None:
    environ = {f"NETWORK_{name}": value for name, value in GOOD.items()} | {
        "NETWORK_MAIL_PORT": "2525",
        "NETWORK_MAIL_USE_TLS": "true",
        "NETWORK_MAIL_PASSWORD": "0123456",
        "NETWORK_SECRET_KEY_FALLBACKS": '["an older secret key that is long enough"]',
        "NETWORK_MAIL_USERNAME": "",
        "HOME": "/root",
    }
    read = load(read_environment(environ))
    assert (read["MAIL_PORT"], read["MAIL_USE_TLS"], read["MAIL_USERNAME"]) == (2525, True, None)
    assert read["MAIL_PASSWORD"] == "0123456"
    assert read["SECRET_KEY_FALLBACKS"] == ["an older secret key that is long enough"]


def test_an_unknown_variable_in_the_environment_stops_the_start() -> None:
    environ = {f"NETWORK_{name}": str(value) for name, value in GOOD.items()} | {"NETWORK_DEBUG": "1"}
    with pytest.raises(SettingsError, match="NETWORK_DEBUG is not a setting"):
        load(read_environment(environ))
