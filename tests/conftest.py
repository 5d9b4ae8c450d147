"""Fixtures for all tests: the application on a real database and a real SMTP server, clients, people."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import mongoengine
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from network_api import measures, migrating
from network_api.app import create_app, documents, ensure_indexes
from network_api.auth.documents import AccessToken
from network_api.limits import process_counts, shared_limiter
from network_api.mail import tasks as mail_tasks
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests import database
from tests.browser.fixtures import axe, browser, serve, validate_html  # noqa: F401 - fixtures
from tests.census import census
from tests.census_report import (  # noqa: F401 - hooks of pytest
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.clients import Api, Visitor, give_role
from tests.mailserver import Mailbox, MailServer
from tests.processes import others_began
from tests.queries import queries


class Written(CommandListener):
    """Which collections have been written to, by this process, since they were last emptied."""

    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()

    def started(self, event: CommandStartedEvent) -> None:
        """Note the collection of a write."""
        if event.command_name in ("insert", "update", "findAndModify"):
            self.names.add((event.database_name, event.command[event.command_name]))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""

    def empty(self) -> None:
        """Delete what is in the documents' collections where anything was written; in all, if other processes could have."""
        everywhere = others_began.is_set()
        others_began.clear()
        for document in documents():
            collection = document.collection()
            if (name := (collection.database.name, collection.name)) in self.names or everywhere:
                collection.delete_many({})
                self.names.discard(name)


def note_programs(event: str, _: object) -> None:
    """Hear of programs that are started, which may write as well."""
    if event == "subprocess.Popen":
        others_began.set()


sys.addaudithook(note_programs)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: what tests start is to hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)
written = Written()
monitoring.register(census)
monitoring.register(written)
monitoring.register(queries)


def pytest_xdist_setupnodes() -> None:
    """Let each worker count for itself: the folder of this process would be that of all."""
    os.environ.pop(measures.FOLDER, None)


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """The database of this worker."""
    with database.running(os.environ.get("PYTEST_XDIST_WORKER", "single")) as uri:
        yield uri
        if census.seen:
            census.judge(mongoengine.get_db(), documents())
        mongoengine.disconnect_all()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """The SMTP server of this worker."""
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def settings(mongodb_uri: str, mail_server: MailServer) -> dict[str, Any]:
    """Settings of a working platform; jobs are announced in memory and done when a test says so."""
    return {
        "SECRET_KEY": "a secret of the tests, long enough",
        "MONGODB_URI": mongodb_uri,
        "PUBLIC_URL": "http://localhost",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": mail_server.port,
        "MAIL_DEFAULT_SENDER": "network@example.org",
        "CELERY_BROKER_URL": "memory://",
        "RATELIMIT_ENABLED": False,
    }


@pytest.fixture(scope="session")
def shared_app(settings: dict[str, Any]) -> Flask:
    """The one application of this worker."""
    app = create_app(settings)
    ensure_indexes(app)
    others_began.set()  # on a server that a URL names, an earlier run may have left something
    return app


@pytest.fixture
def app(shared_app: Flask, mail_server: MailServer) -> Iterator[Flask]:
    """The application with an empty database and an empty mailbox, inside its context.

    Processes that a test starts write where the test itself has written, or to a database of their own.
    """
    mail_server.mailbox.clear()
    written.empty()
    shared_app.extensions["celery"].set_default()  # tests that make an application of their own leave theirs
    shared_app.extensions["celery"].set_current()
    with shared_app.app_context():
        yield shared_app


@pytest.fixture
def migrated(app: Flask) -> None:
    """The database has had all migrations, as one must that is ready for requests."""
    for _ in migrating.apply():
        pass


@pytest.fixture
def mailbox(mail_server: MailServer) -> Mailbox:
    """What the SMTP server was given."""
    return mail_server.mailbox


@pytest.fixture
def deliver(app: Flask) -> Callable[[], None]:
    """Send what waits in the outbox, as the worker would."""
    return mail_tasks.sweep


@pytest.fixture
def limited(app: Flask, settings: dict[str, Any]) -> Iterator[Callable[..., Flask]]:
    """An application of its own whose limits are on; the shared one is connected again afterwards."""

    def make(**limits: str | None) -> Flask:
        made = create_app({**settings, "RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": "memory://", **limits})
        process_counts.reset()
        if "RATELIMIT_STORAGE_URI" not in limits:
            shared_limiter.reset()
        return made

    yield make
    shared_limiter.enabled = False
    app.extensions["celery"].set_default()
    mongoengine.disconnect()
    mongoengine.connect(host=app.config["MONGODB_URI"], tz_aware=True, uuidRepresentation="standard")


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Somebody who visits the pages."""
    return Visitor(app, app.response_class, use_cookies=True)


@pytest.fixture
def anyone(app: Flask) -> Api:
    """A stranger."""
    return Api(app.test_client())


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., Api]:
    """`signed_in("aino@example.org", network, "editor")`: a member with a session, and a role in each network given."""

    def make(address: str, *places: Any, administrator: bool = False) -> Api:
        member = Member.of_address(address)
        if administrator:
            member.edit({"is_administrator": True})
        for network, role in zip(places[::2], places[1::2], strict=True):
            give_role(member, network, role)
        _, secret = AccessToken.issue("session", member.pk, expires_at=None)
        return Api(app.test_client(), secret)

    return make


@pytest.fixture
def national(app: Flask) -> Network:
    """The national network."""
    return Network(slug="kansallinen", name={"fi": "Valtakunnallinen kehittämisryhmä"}, kind="national").insert()


@pytest.fixture
def regional(national: Network) -> Network:
    """A regional network below it."""
    return Network(
        slug="keski-suomi", name={"fi": "Keski-Suomen verkosto"}, kind="regional", regions=["FI-08"], parent_id=national.pk
    ).insert()


@pytest.fixture
def other_region(national: Network) -> Network:
    """Another regional network."""
    return Network(
        slug="lappi", name={"fi": "Lapin verkosto"}, kind="regional", regions=["FI-10"], parent_id=national.pk
    ).insert()


LONGEST = (
    "tests/platform/test_crash",
    "tests/faults",
    "tests/platform",
    "tests/test_readme_tour",
    "tests/browser",
    "tests/test_bad_input",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: at the end the others would wait for them."""
    rank = {beginning: place for place, beginning in enumerate(LONGEST)}
    items.sort(key=lambda item: next((rank[beginning] for beginning in LONGEST if item.nodeid.startswith(beginning)), len(rank)))
