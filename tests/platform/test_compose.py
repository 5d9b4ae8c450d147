"""compose.yaml and the Dockerfile, as far as they can be checked without a container engine."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from network_api.cli import main
from network_api.settings import SETTINGS, load, read_environment

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def environment(service: dict[str, Any]) -> dict[str, str]:
    """The variables of a service, with what stands in ${...} filled in as a user would."""
    given = service.get("environment", {})
    return {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\?[^}]*\}", "x" * 40, value)) for name, value in given.items()
    }


def test_it_has_every_part_of_the_platform(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"mongodb", "redis", "mailpit", "prepare", "web", "mail-worker", "worker", "beat"}


def test_every_variable_is_a_setting_with_a_good_value(compose: dict[str, Any]) -> None:
    for name in ("prepare", "web", "mail-worker", "worker", "beat"):
        variables = environment(compose["services"][name])
        assert {variable.removeprefix("NETWORK_") for variable in variables} <= {setting.name for setting in SETTINGS}
        settings = load(read_environment(variables))
        assert "replicaSet=rs0" in settings["MONGODB_URI"]


def test_the_secret_key_is_asked_for_and_not_given(compose: dict[str, Any]) -> None:
    assert compose["services"]["web"]["environment"]["NETWORK_SECRET_KEY"].startswith("${NETWORK_SECRET_KEY:?")


def test_servers_that_settings_name_are_services(compose: dict[str, Any]) -> None:
    variables = environment(compose["services"]["web"])
    named = {
        re.sub(r"^\w+://|[:/].*$", "", variables[f"NETWORK_{name}"])
        for name in ("MONGODB_URI", "CELERY_BROKER_URL", "MAIL_SERVER")
    }
    assert named == {"mongodb", "redis", "mailpit"}


def test_what_depends_on_a_service_waits_until_it_is_healthy(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            assert how["condition"] in {"service_healthy", "service_completed_successfully"}
            assert how["condition"] != "service_healthy" or "healthcheck" in services[needed]


def test_the_healthcheck_of_mongodb_makes_the_replica_set(compose: dict[str, Any]) -> None:
    mongodb = compose["services"]["mongodb"]
    assert mongodb["image"] == "mongo:8"
    assert mongodb["command"][1:3] == ["--replSet", "rs0"]
    script = mongodb["healthcheck"]["test"][-1]
    assert 'rs.initiate({_id: "rs0"' in script
    assert "isWritablePrimary" in script


def test_only_this_machine_reaches_what_is_published(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_commands_of_ours_exist(compose: dict[str, Any]) -> None:
    commands = [
        service["command"] for service in compose["services"].values() if service.get("command", [""])[0] == "network-api"
    ]
    assert len(commands) == 4
    for command in commands:
        assert command[1] in main.list_commands(None)  # type: ignore[arg-type]  # it needs no context


def test_the_dockerfile_copies_what_exists_and_what_its_build_context_holds() -> None:
    instructions = (ROOT / "Dockerfile").read_text()
    context = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [name for line in re.findall(r"^COPY (.*) \S+$", instructions, re.MULTILINE) for name in line.split()]
    assert set(copied) == context
    for name in copied:
        assert (ROOT / name).exists(), name
