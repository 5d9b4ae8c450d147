"""The frame of a page: its blueprint, its answer with language and caching, and the page of an error."""

import hashlib
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from flask_babel import force_locale, get_locale, gettext
from pymongo.errors import ConnectionFailure
from werkzeug.exceptions import HTTPException

from network_api import measures, request_ids
from network_api.errors import DomainError, Unavailable
from network_api.feature import features
from network_api.languages import LANGUAGES
from network_api.locales import LANGUAGE_COOKIE
from network_api.pages import csrf, texts
from network_api.problems import domain_problem, http_problem

LANGUAGE_NAMES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}  # each in itself: whoever looks for it can read it
COME_BACK = 2  # seconds after which somebody may ask again whom we could not answer
KEPT_FOR = 365 * 24 * 3600  # seconds that a browser keeps an asset, whose address changes with its content


class Pages(Blueprint):
    """A feature's HTML pages. A form is taken only from a page of ours (`csrf`), and the chosen language is remembered."""

    def __init__(self, name: str, package: str, **kwargs: Any) -> None:
        super().__init__(name, package, template_folder="templates", **kwargs)
        self.before_request(csrf.protect)
        self.after_request(remember_language)


def page(
    template: str,
    *,
    language: str | None = None,
    private: bool = False,
    status: int = 200,
    changed_at: datetime | None = None,
    **values: Any,
) -> Response:
    """A page in a language, the reader's where none is given.

    A private one is kept by nobody and found by no search engine. A public one is asked for again each time, and is a 304
    where nothing has changed (RFC 9110, section 13); `changed_at` is when it did, where that can be said.
    """
    spoken = language or str(get_locale())
    with force_locale(spoken):
        response = Response(render_template(template, language=spoken, private=private, **values), status)
    response.headers["Content-Language"] = spoken
    # No path, so no token, goes into a Referer; but under `no-referrer` a browser would not say from which site a form
    # comes (Fetch, "append a request Origin header"), and where it sends no Sec-Fetch-Site either, we could not take it.
    response.headers["Referrer-Policy"] = "strict-origin"
    if private:
        return kept_private(response)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie"))
    if status == HTTPStatus.OK:
        if changed_at is not None:
            response.last_modified = changed_at
        response.add_etag(weak=True)
        response.make_conditional(request)
    return response


def kept_private(response: Response) -> Response:
    """An answer that belongs into no cache and no search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def remember_language(response: Response) -> Response:
    """Keep a language that the reader has chosen by `?lang=`, for the pages after this one."""
    chosen = request.args.get("lang")
    if chosen in LANGUAGES and request.cookies.get(LANGUAGE_COOKIE) != chosen:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=KEPT_FOR, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def in_other_languages() -> list[tuple[str, str, str]]:
    """This page in each language: its code, its own name, its address. The rest of the query stays."""
    query = request.args.to_dict(flat=False)
    path = request.script_root + request.path
    return [(code, LANGUAGE_NAMES[code], f"{path}?{urlencode({**query, 'lang': [code]}, doseq=True)}") for code in LANGUAGES]


@cache
def _version(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep what they have."""
    return url_for("static", filename=name, v=_version(Path(str(current_app.static_folder)) / name))


def keep_assets(response: Response) -> Response:
    """Let browsers keep a static file that was asked for by its version."""
    if request.endpoint == "static" and "v" in request.args and response.status_code < HTTPStatus.BAD_REQUEST:
        response.headers["Cache-Control"] = f"public, max-age={KEPT_FOR}, immutable"
    return response


def init_app(app: Flask) -> None:
    """Give templates what the frame needs, and people a page for an error; programs and feeds get problem+json."""
    app.jinja_env.globals.update(asset=asset, in_other_languages=in_other_languages, features=features)
    texts.init_app(app)
    app.after_request(keep_assets)
    app.register_error_handler(HTTPException, lambda error: _answer(error, http_problem(error)))
    app.register_error_handler(DomainError, _refuse)
    app.register_error_handler(ConnectionFailure, _miss_the_database)


def _refuse(error: DomainError) -> Response:
    measures.refusals.labels(error.code).inc()
    return _answer(error, domain_problem(error))


def _miss_the_database(error: ConnectionFailure) -> Response:
    current_app.logger.warning("The database cannot be reached: %s", type(error).__name__)
    return _refuse(Unavailable(COME_BACK))


def _answer(error: HTTPException | DomainError, problem: Response) -> Response:
    if request.path.startswith("/api/") or not _wants_page():
        return problem
    shown = page(
        "error.html",
        private=True,
        status=problem.status_code,
        title=_title(problem.status_code),
        detail=_detail(problem.status_code),
        request_id=request_ids.current() if problem.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else None,
    )
    shown.headers.extend({name: value for name, value in problem.headers.items() if name in ("Allow", "Retry-After")})
    return shown


def _wants_page() -> bool:
    """Whether a person asks: a browser names HTML, a program that takes anything does not."""
    return "text/html" in request.accept_mimetypes.values()


def _title(status: int) -> str:
    titles = {
        HTTPStatus.FORBIDDEN: gettext("This is not for you"),
        HTTPStatus.NOT_FOUND: gettext("There is nothing here"),
        HTTPStatus.CONFLICT: gettext("This cannot be done now"),
        HTTPStatus.GONE: gettext("This is gone"),
        HTTPStatus.TOO_MANY_REQUESTS: gettext("One moment, please"),
    }
    broken = gettext("We could not do this") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else gettext("This did not work")
    return str(titles.get(HTTPStatus(status), broken))


def _detail(status: int) -> str:
    details = {
        HTTPStatus.FORBIDDEN: gettext("You are signed in, but this page belongs to others. Ask a coordinator of the network."),
        HTTPStatus.NOT_FOUND: gettext("The address may be mistyped, or the link may be old. A link from a mail has to be whole."),
        HTTPStatus.CONFLICT: gettext("Somebody may have changed it in the meantime. Go back, load the page again and look."),
        HTTPStatus.GONE: gettext("It was here once, and has been taken away."),
        HTTPStatus.TOO_MANY_REQUESTS: gettext("Very many requests come from your network. Try again in a minute."),
    }
    ours = gettext("The mistake is ours and has been noted. Nothing that you had sent before is lost. Please try again.")
    yours = gettext("Go back, load the page again and try once more.")
    return str(details.get(HTTPStatus(status), ours if status >= HTTPStatus.INTERNAL_SERVER_ERROR else yours))
