"""Jobs: a broker only hastens what a sweep would find."""

from typing import Any

import mongoengine
import pytest
from flask import Flask
from kombu.exceptions import OperationalError

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
