"""Which language a page or a mail is in: each feature has its catalogue, English is the source text."""

from pathlib import Path

from flask import current_app, request

from network_api.languages import LANGUAGES

_ROOT = Path(__file__).resolve().parent.parent
LANGUAGE_COOKIE = "lang"  # what the reader of pages has chosen
DIRECTORIES = ";".join(str(_ROOT / name / "translations") for name in ("network_api", "events", "newsletters"))


def of_request() -> str:
    """`?lang=`, else what was chosen before, else the best of Accept-Language, else the platform's default.

    The default also outside of a request.
    """
    default = str(current_app.config["DEFAULT_LANGUAGE"])
    if not request:
        return default
    for wanted in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES, default) or default
