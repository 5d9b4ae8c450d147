"""Which language a page or a mail is in: each feature has its catalogue, English is the source text."""

from pathlib import Path

from flask import current_app, request

from network_api.languages import LANGUAGES

_ROOT = Path(__file__).resolve().parent.parent
DIRECTORIES = ";".join(str(_ROOT / name / "translations") for name in ("network_api", "events", "newsletters"))


def of_request() -> str:
    """`?lang=`, else the best of Accept-Language, else the platform's default; that also outside of a request."""
    default = str(current_app.config["DEFAULT_LANGUAGE"])
    if not request:
        return default
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else request.accept_languages.best_match(LANGUAGES, default) or default
