"""Jobs: a broker only hastens what a sweep would find."""

import gc
from typing import Any

import mongoengine
import pytest
from flask import Flask
from kombu.exceptions import OperationalError
from pymongo.database import Database

from network_api import jobs
from network_api.app import connect, create_app, ensure_indexes
from network_api.mail import tasks
from network_api.mail.message import MailMessage
from network_api.mail.outbox import OutgoingMail, put
from tests.mailserver import Mailbox


def test_a_broker_that_is_away_fails_no_request_and_loses_no_mail(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*arguments: str) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.deliver, "delay", away)
    put(MailMessage("cause:1", "aino@example.org", "Hei", "Hei."))
    assert OutgoingMail.row({"state": "ready"}) is not None
    tasks.sweep()
    assert len(mailbox.messages) == 1


def test_what_a_broker_in_mongodb_keeps_its_messages_in_is_made_before_two_workers_would_make_it_at_once(
    app: Flask, settings: dict[str, Any]
) -> None:
    on_mongodb = create_app({**settings, "CELERY_BROKER_URL": settings["MONGODB_URI"]})
    database = mongoengine.get_db()
    database.drop_collection("broker_broadcast")
    assert "broker_broadcast" not in database.list_collection_names()
    ensure_indexes(on_mongodb)
    assert "broker_broadcast" in database.list_collection_names()
    connect(app)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # kombu leaves its client open when it fails
def test_two_machines_can_prepare_a_broker_in_mongodb_at_the_same_moment(
    app: Flask, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one makes the collection between our look and our making of it."""
    on_mongodb = create_app({**settings, "CELERY_BROKER_URL": settings["MONGODB_URI"]})
    mongoengine.get_db().drop_collection("broker_broadcast")
    look = Database.list_collection_names

    def meanwhile(database: Any, *given: Any, **more: Any) -> list[str]:
        seen = look(database, *given, **more)
        monkeypatch.setattr(Database, "list_collection_names", look)
        database.create_collection("broker_broadcast")
        return seen

    monkeypatch.setattr(Database, "list_collection_names", meanwhile)
    jobs.prepare(on_mongodb)
    assert Database.list_collection_names is look
    assert "broker_broadcast" in mongoengine.get_db().list_collection_names()
    connect(app)
    gc.collect()
