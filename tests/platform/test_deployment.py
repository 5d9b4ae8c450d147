"""The guides to deployment: every command, setting and unit that they name is there, and the shard keys can be."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from network_api.app import documents
from network_api.cli import main
from network_api.settings import SETTINGS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/deployment.md").read_text()
UNITS = sorted((ROOT / "docs/deploy").iterdir())
ALL = "\n".join([GUIDE, *(unit.read_text() for unit in UNITS)])


def test_every_setting_that_is_named_is_one() -> None:
    named = set(re.findall(r"NETWORK_[A-Z_]+", ALL))
    assert len(named) > 15
    assert named <= {f"NETWORK_{setting.name}" for setting in SETTINGS}


def test_every_command_that_is_named_is_one_with_its_options() -> None:
    named = re.findall(r"(?:(?<=bin/)|(?<=[`\s]))network-api ([a-z][a-z-]+)((?: --?[a-z-]+)*)", ALL)
    assert {command for command, _ in named} >= {
        "prepare",
        "migrate",
        "worker",
        "beat",
        "check",
        "backup",
        "doctor",
        "create-admin",
    }
    for name, options in named:
        command = main.get_command(None, name)  # type: ignore[arg-type]  # it needs no context
        assert command is not None, name
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(options.split()) <= known, (name, options)


def test_every_target_of_make_that_is_named_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", GUIDE)) <= targets


def test_every_unit_that_is_enabled_is_there_and_every_unit_is_named() -> None:
    enabled = re.search(r"systemctl enable --now (.*)", GUIDE)
    assert enabled is not None
    wanted = {re.sub(r"@\d+", "@", name) for name in enabled[1].split()}
    files = {unit.name for unit in UNITS}
    assert all(name in files or f"{name}.service" in files for name in wanted)
    assert {file for file in files if file.removesuffix(".service") not in wanted and file not in wanted} == {
        "network-api-nightly.service"  # its timer starts it
    }


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    for unit in UNITS:
        ours = unit.read_text().replace("/opt/network-api/venv", sys.prefix)
        (tmp_path / unit.name).write_text(ours)
    files = sorted(str(file) for file in tmp_path.iterdir())
    told = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_a_unique_index_begins_with_the_shard_key_of_its_collection() -> None:
    """As MongoDB asks of a sharded collection; what is not in the table is not sharded."""
    table = re.findall(r"^\| `(\w+)` \| (`[\w, ]+`(?: hashed)?) \|", GUIDE, re.MULTILINE)
    keys = {collection: key.replace("`", "").removesuffix(" hashed").split(", ") for collection, key in table}
    classes = {document._get_collection_name(): document for document in documents()}
    assert len(keys) > 10
    assert keys.keys() <= classes.keys()
    for collection, key in keys.items():
        for index in classes[collection]._meta["index_specs"]:
            if index.get("unique"):
                fields = [field for field, _ in index["fields"]]
                assert fields[: len(key)] == key, (collection, fields)
