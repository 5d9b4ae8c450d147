"""Jobs: a broker only hastens what a sweep would find."""

import pytest
from flask import Flask
from kombu.exceptions import OperationalError

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
