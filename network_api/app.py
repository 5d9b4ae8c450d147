"""The application factory, and the one module that knows all features."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import mongoengine
from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import UnicodeConverter

from events.feature import feature as events
from network_api import (
    docs_pages,
    health,
    idempotency,
    jobs,
    limits,
    locales,
    logs,
    mailbox_pages,
    metrics,
    request_ids,
    settings,
    sitemap,
)
from network_api.api import Api, OrjsonProvider
from network_api.auth import caller
from network_api.documents import BaseDocument, Row, transactional
from network_api.feature import Feature
from network_api.mail import html_part
from network_api.mail import tasks as mail_tasks
from network_api.members.documents import Member
from network_api.members.feature import feature as members
from network_api.networks.documents import NATIONAL, REGIONAL, Network, coordinators_of, roles_of
from network_api.networks.feature import feature as networks
from network_api.pages import frame
from network_api.shared_feature import feature as shared
from network_api.site.feature import feature as site
from network_api.webhooks import catalogue
from network_api.webhooks.feature import feature as webhooks
from newsletters.feature import feature as newsletters

FEATURES: tuple[Feature, ...] = (shared, webhooks, members, networks, events, newsletters, site)
MOST_BODY = 1024 * 1024  # bytes; imports and materials have limits of their own


class NoSessions(SessionInterface):
    """None of Flask's own sessions: who is signed in is known by a token, also on pages."""

    def open_session(self, app: Flask, request: Request) -> None:
        """Nothing is read."""


class Platform(Flask):
    """Flask without what nothing here uses, and each request would pay for."""

    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: no view and no hook is asynchronous."""
        return func


class IdConverter(UnicodeConverter):
    """An id in a path: any text here, so that what is no id gets a 404 that names it."""


def create_app(given: Mapping[str, Any] | None = None) -> Flask:
    """The application, from `given` settings or else from the environment. Raises SettingsError."""
    app = Platform(__name__)
    app.config.update(settings.load(settings.read_environment() if given is None else given))
    app.config.update(docs_pages.SETTINGS)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY, BABEL_DEFAULT_LOCALE=app.config["DEFAULT_LANGUAGE"])
    app.json = OrjsonProvider(app)
    app.extensions["features"] = FEATURES
    metrics.init_app(app)
    request_ids.init_app(app)
    logs.init_app(app)
    connect(app)
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # how Flask has it done
    limits.init_app(app)
    idempotency.init_app(app)
    caller.init_app(app, caller.Directory(_member, roles_of, _network, coordinators_of))
    Babel(app, default_translation_directories=locales.DIRECTORIES, locale_selector=locales.of_request)
    mail_tasks.mail.init_app(app)
    html_part.init_app(app)
    schedule = dict(chain.from_iterable(feature.schedule.items() for feature in FEATURES))
    jobs.init_app(app, schedule)
    app.after_request(security_headers)
    register_routes(app)
    return app


def connect(app: Flask) -> None:
    """Connect mongoengine to the database of these settings, in place of an earlier one."""
    mongoengine.disconnect()
    mongoengine.connect(host=app.config["MONGODB_URI"], tz_aware=True, uuidRepresentation="standard")


def register_routes(app: Flask) -> None:
    """The API of every feature with its document, the pages, health."""
    app.url_map.converters["id"] = IdConverter
    app.url_map.merge_slashes = False  # a doubled slash is a 404 like any other, no redirect with a page of HTML
    frame.init_app(app)
    api = Api(app, spec_kwargs={**docs_pages.API_DOCUMENT, "webhooks": catalogue.documented(FEATURES)})
    api.register_converter(IdConverter, lambda converter: docs_pages.ID_PARAMETER)
    api.register_converter(UnicodeConverter, lambda converter: docs_pages.TEXT_PARAMETER)
    for feature in FEATURES:
        for blueprint in feature.blueprints:
            api.register_blueprint(blueprint)
        for pages in feature.pages:
            app.register_blueprint(pages)
    app.register_blueprint(docs_pages.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(sitemap.blueprint)
    if app.config["MAIL_SINK_DIR"]:
        app.register_blueprint(mailbox_pages.blueprint)


def security_headers(response: Response) -> Response:
    """What every answer carries: nothing is sniffed, framed, or told to other sites."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    )
    if request.path.startswith("/api/") and request.headers.get("Authorization"):
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def documents() -> tuple[type[BaseDocument], ...]:
    """Every stored document class."""
    return tuple(chain.from_iterable(feature.documents for feature in FEATURES))


def ensure_indexes(app: Flask) -> None:
    """Create the declared indexes that are missing, and the broker's. Raises SettingsError on a server without transactions."""
    with app.app_context():
        health.require_replica_set()
        for document in documents():
            document.ensure_indexes()
    jobs.prepare(app)


@transactional
def make_demo() -> dict[str, Any]:
    """Fill an empty platform with demo data, all or nothing; empty where there is a network already.

    The result has what each feature made, by the names that its `demo.py` gives.
    """
    made: dict[str, Any] = {}
    if Network.row({"kind": {"$in": [NATIONAL, REGIONAL]}}) is None:
        for feature in FEATURES:
            feature.demo(made)
    return made


def _member(member_id: Any) -> Row | None:
    return Member.row({"_id": member_id})


def _network(network_id: Any) -> Row | None:
    return Network.row({"_id": network_id})
