"""`network-api newsletter ...`: an issue sent, held and watched from a terminal."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from click.testing import CliRunner, Result
from flask import Flask

from network_api.audit import AuditEntry
from network_api.cli import main
from newsletters.dispatch import audience, batches, commands
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
from tests.newsletters.factories import issue_being_sent, subscribe_many, work_until_idle
from tests.newsletters.smtp import FaultyServer
from tests.platform.running import COMMAND, clean_environment
from tests.platform.test_cli import as_variables

GOING = {
    "state": "sending",
    "total": 612,
    "done": 380,
    "counts": {"ready": 207, "attempting": 25, "accepted": 377, "refused": 3},
    "per_second": 41.5,
    "seconds_left": 6,
    "waits_for": None,
    "waits_until": None,
}


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call the command in this process, on the database of the tests."""
    monkeypatch.setattr("network_api.processes.create_app", lambda: app)
    return lambda *arguments: CliRunner().invoke(main, ["newsletter", *arguments])


def approved(newsletter: Newsletter) -> Issue:
    """An issue that waits for somebody to send it."""
    issue = issue_being_sent(newsletter)
    found = Issue.change({"_id": issue.pk}, {"$set": {"state": "approved"}, "$unset": {"dispatching": "", "started_at": ""}})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "380/612 (62 %)  41.5 a second, 6 s left  (25 attempting, 3 refused)"),
        ({"seconds_left": 4000}, "380/612 (62 %)  41.5 a second, 1 h 6 min left  (25 attempting, 3 refused)"),
        ({"seconds_left": None, "per_second": 0.0}, "380/612 (62 %)  0 a second  (25 attempting, 3 refused)"),
        (
            {"state": "paused", "counts": {"ready": 232, "accepted": 380}},
            "380/612 (62 %)  paused: network-api newsletter resume {id}",
        ),
        (
            {"waits_for": "send_window", "waits_until": datetime(2026, 11, 25, 6, tzinfo=UTC), "counts": {}},
            "380/612 (62 %)  holds until 08:00 (Europe/Helsinki), when its send window opens",
        ),
        (
            {"waits_for": "retry", "waits_until": datetime(2026, 11, 25, 6, 30, tzinfo=UTC), "counts": {"deferred": 2}},
            "380/612 (62 %)  tries the deferred ones again at 06:30 UTC  (2 deferred)",
        ),
        ({"state": "sent", "done": 612, "counts": {"accepted": 612}}, "612/612 (100 %)  sent"),
        ({"total": None}, "Working out who gets it ..."),
        ({"state": "sent", "total": 0, "done": 0, "counts": {}}, "0/0 (100 %)  sent"),
    ],
)
def test_a_line_says_how_far_it_is(newsletter: Newsletter, given: dict[str, Any], said: str) -> None:
    issue = Issue(id=ObjectId(), newsletter_id=newsletter.pk)
    assert commands.describe(issue, {**GOING, **given}) == said.format(id=issue.pk)


def test_a_bar_grows(newsletter: Newsletter) -> None:
    issue = Issue(newsletter_id=newsletter.pk)
    drawn = [commands.describe(issue, {**GOING, "done": done}, bar=True).split("]")[0] for done in (0, 306, 612)]
    assert drawn == [f"[{'#' * number}{' ' * (24 - number)}" for number in (0, 12, 24)]


def test_who_waits_in_vain_gets_a_hint(newsletter: Newsletter) -> None:
    issue = Issue(newsletter_id=newsletter.pk)
    assert "worker" not in commands.describe(issue, {**GOING, "still": 3.0})
    assert "does a `network-api worker` run" in commands.describe(issue, {**GOING, "still": 20.0})


def test_watching_ends_when_it_has_been_sent(
    app: Flask, newsletter: Newsletter, server: FaultyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    subscribe_many(newsletter, 60)
    server.slowness = 0.02
    issue = issue_being_sent(newsletter)

    def work() -> None:
        with app.app_context():
            while batches.work(issue.pk):
                pass

    worker = threading.Thread(target=work)
    worker.start()
    commands.show_until_the_end(issue, every=0.05)
    worker.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "60/60 (100 %)  sent"
    shares = [int(line.split("/")[0]) for line in lines if "/" in line]
    assert shares == sorted(shares)
    assert len(lines) == len(set(lines)) >= 3


def test_in_a_terminal_one_line_changes(
    newsletter: Newsletter, server: FaultyServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subscribe_many(newsletter, 3)
    issue = work_until_idle(issue_being_sent(newsletter))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    commands.show_until_the_end(issue)
    assert capsys.readouterr().out == f"\r\x1b[K[{'#' * 24}] 3/3 (100 %)  sent\n"


def test_an_issue_is_sent_held_and_called_off(run: Callable[..., Result], newsletter: Newsletter) -> None:
    issue = approved(newsletter)
    subscribe_many(newsletter, 3)
    assert run("list").output == "Nothing is going out, and nothing is scheduled.\n"
    sent = run("send", str(issue.pk))
    assert (sent.exit_code, sent.output) == (0, "Marraskuun kirje: handed to the workers.\nWorking out who gets it ...\n")
    audience.freeze(Issue.get(issue.pk))
    assert run("list").output == f"{issue.pk}  sending    Marraskuun kirje  0/3 (0 %)  0 a second\n"
    assert run("pause", str(issue.pk)).output == "Marraskuun kirje: paused.\n"
    assert "paused" in run("progress", str(issue.pk)).output
    assert run("resume", str(issue.pk)).output == "0/3 (0 %)  0 a second\n"
    assert run("cancel", str(issue.pk)).output == "Marraskuun kirje: called off.\n"
    assert [row["action"] for row in AuditEntry.rows({"target_id": issue.pk, "actor_id": None})] == [
        "issue.sending",
        "issue.paused",
        "issue.resumed",
        "issue.cancelled",
    ]


@pytest.mark.parametrize("what", ["draft", "nothing", "no id"])
def test_what_cannot_be_sent_is_a_sentence(run: Callable[..., Result], newsletter: Newsletter, what: str) -> None:
    issue = approved(newsletter)
    Issue.change({"_id": issue.pk}, {"$set": {"state": "draft"}})
    said = run("send", {"draft": str(issue.pk), "nothing": str(ObjectId()), "no id": "kirje"}[what])
    assert said.exit_code == 1
    assert "Traceback" not in said.output
    assert said.exception is None or isinstance(said.exception, SystemExit)


def test_ctrl_c_leaves_the_sending_going_and_says_so(settings: dict[str, Any], newsletter: Newsletter) -> None:
    issue = approved(newsletter)
    with subprocess.Popen(
        [COMMAND, "newsletter", "send", str(issue.pk), "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(**as_variables(settings), PYTHONUNBUFFERED="1"),
    ) as watching:
        try:
            assert watching.stdout is not None
            assert watching.stdout.readline() == "Marraskuun kirje: handed to the workers.\n"
            assert watching.stdout.readline() != ""
            watching.send_signal(signal.SIGINT)
            said, complaints = watching.communicate(timeout=60)
        finally:
            watching.kill()
    assert (watching.returncode, "Traceback" in complaints) == (commands.INTERRUPTED, False)
    assert f"The letter goes on going out. Look again: network-api newsletter progress {issue.pk} --watch" in said
    now = Issue.get(issue.pk)
    assert (now.state, now.dispatching) == ("sending", True)
