"""What becomes of a mail when the SMTP server fails at each point of the conversation."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from network_api.documents import transactional
from network_api.mail import outbox, tasks
from network_api.mail.message import MailMessage
from network_api.mail.outbox import OutgoingMail

ANSWERS = {"EHLO": "250 test", "MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 Go on", "CONTENT": "250 Taken", "QUIT": "221 Bye"}


@contextmanager
def server_that_hangs_up_at(stage: str) -> Iterator[int]:
    """A server on a free port that answers until `stage` and closes the connection there."""
    listening = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 test\r\n")
            for line in lines:
                verb = line[:4].decode().upper()
                if verb == stage:
                    return
                connection.sendall(f"{ANSWERS.get(verb, '250 OK')}\r\n".encode())
                if verb == "DATA":
                    while lines.readline() != b".\r\n":
                        pass
                    if stage == "CONTENT":
                        return
                    connection.sendall(f"{ANSWERS['CONTENT']}\r\n".encode())

    thread = threading.Thread(target=talk)
    thread.start()
    yield listening.getsockname()[1]
    thread.join(timeout=10)
    listening.close()


@pytest.mark.parametrize(
    ("stage", "state", "uncertain"),
    [("MAIL", "ready", 1), ("RCPT", "ready", 1), ("DATA", "ready", 1), ("CONTENT", "ready", 1), ("QUIT", "sent", 0)],
)
def test_a_lost_connection_loses_no_mail_and_repeats_none_that_was_taken(
    app: Flask, monkeypatch: pytest.MonkeyPatch, stage: str, state: str, uncertain: int
) -> None:
    with server_that_hangs_up_at(stage) as port:
        monkeypatch.setattr(app.extensions["mail"], "port", port)
        transactional(lambda: outbox.put(MailMessage("cause:1", "aino@example.org", "Hei", "Hei.")))()
        tasks.sweep()
    found = OutgoingMail.first({})
    assert found is not None
    assert (found.state, found.uncertain) == (state, uncertain)


def test_a_server_that_is_away_is_no_uncertainty(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(app.extensions["mail"], "port", port)
    transactional(lambda: outbox.put(MailMessage("cause:1", "aino@example.org", "Hei", "Hei.")))()
    tasks.sweep()
    found = OutgoingMail.first({})
    assert found is not None
    assert (found.state, found.uncertain) == ("ready", 0)
