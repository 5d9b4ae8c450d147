"""The mail sink: what it has accepted is on the disk, whatever happens to it next."""

import os
import resource
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest

from network_api.up.mailsink import Maildir
from tests.platform.running import eventually, free_port


@contextmanager
def sink(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = folder.with_name("sink.log")
    with log.open("wb") as output:
        command = [sys.executable, "-m", "network_api.up.mailsink", str(port), str(folder)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: "listening on" in log.read_text() or process.poll() is not None, "the sink listens")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def mail(subject: str, text: str = "Hei") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "network@example.org", "aino@example.org", subject
    message.set_content(text)
    return message


def kept(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((folder / "new").iterdir())]


def test_an_accepted_mail_is_a_file_with_its_envelope(tmp_path: Path) -> None:
    port = free_port()
    with sink(tmp_path / "mail", port), smtplib.SMTP("127.0.0.1", port) as client:
        refused = client.send_message(
            mail("Tervetuloa", "Ääkköset\n.piste rivin alussa\n"), to_addrs=["aino@example.org", "eero@example.org"]
        )
        content = kept(tmp_path / "mail")[0]
    assert refused == {}
    head, _, rest = content.partition(b"\r\nFrom:")
    assert head.split(b"\r\n") == [
        b"Return-Path: <network@example.org>",
        b"Delivered-To: aino@example.org",
        b"Delivered-To: eero@example.org",
    ]
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.get_content().splitlines() == ["Ääkköset", ".piste rivin alussa"]
    assert rest


def test_mail_sorts_in_the_order_of_arrival_and_none_is_left_in_tmp(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    files = [maildir.deliver(f"Subject: {number}\r\n\r\n".encode()) for number in range(200)]
    assert sorted(files) == files
    assert not list((tmp_path / "tmp").iterdir())
    assert files[0].parent == tmp_path / "new"


def test_no_accepted_mail_is_lost_when_the_sink_is_killed(tmp_path: Path) -> None:
    port, accepted = free_port(), []

    def send() -> None:
        try:
            with smtplib.SMTP("127.0.0.1", port) as client:
                for number in range(100_000):
                    client.send_message(mail(f"number-{number}"))
                    accepted.append(number)
        except (OSError, smtplib.SMTPException):
            return  # the kill

    with sink(tmp_path / "mail", port) as process:
        sender = threading.Thread(target=send)
        sender.start()
        eventually(lambda: len(accepted) >= 50, "50 mails have been accepted")
        os.kill(process.pid, signal.SIGKILL)
        sender.join()
    subjects = {message_from_bytes(content)["Subject"] for content in kept(tmp_path / "mail")}
    assert {f"number-{number}" for number in accepted} <= subjects
    assert len(subjects) <= len(accepted) + 1  # at most one was stored whose sender did not hear it


def test_a_full_disk_is_a_temporary_refusal(tmp_path: Path) -> None:
    port = free_port()
    with sink(tmp_path / "mail", port), smtplib.SMTP("127.0.0.1", port) as client:
        (tmp_path / "mail" / "tmp").rmdir()
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            client.send_message(mail("ei mahdu"))
        assert refusal.value.smtp_code == 452
        (tmp_path / "mail" / "tmp").mkdir()
        assert client.send_message(mail("mahtuu")) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set by prlimit")
def test_a_disk_without_room_for_its_log_either_is_a_temporary_refusal_and_leaves_no_beginnings(tmp_path: Path) -> None:
    """As every file that the sink writes ends here at its first byte (RLIMIT_FSIZE), its log as well."""
    port = free_port()
    with sink(tmp_path / "mail", port) as process, smtplib.SMTP("127.0.0.1", port) as client:
        whole = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            client.send_message(mail("Tervetuloa"))
        assert refusal.value.smtp_code == 452
        assert list((tmp_path / "mail" / "tmp").iterdir()) == []
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, whole)
        assert client.send_message(mail("Tervetuloa")) == {}


def test_it_ends_at_sigterm(tmp_path: Path) -> None:
    with sink(tmp_path / "mail", free_port()) as process:
        process.terminate()
        assert process.wait(10) == 0
