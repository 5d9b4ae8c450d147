"""The command `network-api`: what it says, what it does, and how it fails."""

import json
import os
import signal
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from network_api import commands
from network_api.cli import main
from network_api.documents import Problem
from network_api.feature import Feature
from network_api.members.documents import Member
from network_api.settings import SETTINGS
from tests.platform.running import COMMAND, clean_environment, eventually


def as_variables(settings: dict[str, Any]) -> dict[str, str]:
    """Settings as NETWORK_ variables."""
    return {f"NETWORK_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}


@pytest.fixture
def run(app: Any, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the command in this process, on the database of the tests."""
    monkeypatch.setattr("network_api.processes.create_app", lambda: app)

    def call(*arguments: str, **given: Any) -> Result:
        return CliRunner().invoke(main, arguments, **given)

    return call


def outside(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call the command as a user does."""
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=60, env=clean_environment(**variables), check=False
    )


def test_the_help_names_every_command_with_a_sentence() -> None:
    said = outside("--help").stdout
    for name in ("up", *commands.COMMANDS):
        assert f"\n  {name} " in said, name
    assert "NETWORK_" in said


@pytest.mark.parametrize("name", ["up", *commands.COMMANDS])
def test_every_command_has_a_help_of_its_own(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 6


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"network-api, version {version('network-api')}\n"


def test_a_missing_setting_is_one_sentence_and_status_2() -> None:
    missing = next(setting for setting in SETTINGS if setting.required)
    ended = outside("routes")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"NETWORK_{missing.name} is not set. ")
    assert len(ended.stderr.splitlines()) == 1


def test_create_admin_makes_one_and_prints_a_token_that_works(run: Any, app: Any) -> None:
    said = run("create-admin", "Admin@Example.org").output
    assert said.startswith("Admin token: ")
    assert Member.first({"email_key": "admin@example.org"}).is_administrator
    answer = app.test_client().get("/api/v1/members/me", headers={"Authorization": f"Bearer {said.split()[-1]}"})
    assert answer.status_code == 200


def test_create_admin_refuses_what_is_no_address(run: Any) -> None:
    result = run("create-admin", "not an address")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert Member.rows({}) == []


def test_prepare_can_be_repeated(run: Any) -> None:
    assert [run("prepare").output for _ in range(2)] == ["The database is ready.\n"] * 2


def test_check_is_quiet_when_everything_adds_up(run: Any) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout == "Everything adds up.\n"


def test_check_prints_what_does_not_add_up_and_ends_with_1(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Feature(name="seats", check=lambda: [Problem("seats_taken", "event 1", 2, 3)])
    monkeypatch.setattr(commands, "FEATURES", (broken,))
    result = run("check")
    assert result.exit_code == 1
    assert "seats_taken: event 1: expected 2, found 3\n" in result.stdout


def test_routes_lists_methods_and_addresses(run: Any) -> None:
    assert "POST             /api/v1/auth/codes\n" in run("routes").output


def test_openapi_prints_the_document(run: Any) -> None:
    assert json.loads(run("openapi").output)["openapi"].startswith("3.1")


def test_a_worker_refuses_queues_that_are_none(run: Any) -> None:
    result = run("worker", "--queues", "mail,post")
    assert result.exit_code == 2
    assert "choose from mail, webhooks, jobs" in result.output


def test_data_without_a_platform_is_refused_in_words(run: Any, tmp_path: Path) -> None:
    result = run("routes", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "holds no platform yet" in result.output


def test_data_gives_the_settings_of_a_platform(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "environment.json").write_text(json.dumps(as_variables(settings)))
    assert outside("prepare", "--data", str(tmp_path)).stdout == "The database is ready.\n"


@pytest.mark.parametrize(("command", "says"), [(("worker", "--queues", "jobs"), " ready."), (("beat",), "beat: Starting")])
def test_a_worker_and_the_clock_run_until_sigterm(
    settings: dict[str, Any], tmp_path: Path, command: tuple[str, ...], says: str
) -> None:
    log = tmp_path / "log"
    variables = as_variables({**settings, "CELERY_BROKER_URL": settings["MONGODB_URI"]})
    with log.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, *command], stdout=output, stderr=subprocess.STDOUT, env=clean_environment(**variables)
        )
    try:
        eventually(lambda: says in log.read_text(), f"{command[0]} says {says!r}")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
