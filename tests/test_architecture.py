"""ARCHITECTURE.md names what there is, and nothing that there is not."""

import configparser
import dataclasses
import re
from pathlib import Path

import events
import newsletters
from network_api.app import FEATURES
from network_api.feature import Feature

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "ARCHITECTURE.md").read_text()
TREE = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]


def listed() -> set[str]:
    """Every path that the tree lists."""
    found, folder = set(), ""
    for line in TREE.splitlines():
        names = re.match(r"( *)(\S+(?: [\w./]+/)*)", line)
        assert names, line
        folder = folder if names[1] else ""
        for name in names[2].split():
            found.add(folder + name)
        if not names[1] and names[2].endswith("/"):
            folder = names[2]
    return found


def test_what_the_tree_lists_exists() -> None:
    assert {path for path in listed() if not (ROOT / path).exists()} == set()


def test_every_module_of_network_api_is_in_the_tree() -> None:
    there = {f"{path.name}/" if path.is_dir() else path.name for path in (ROOT / "network_api").iterdir()}
    there -= {"__init__.py", "__main__.py", "__pycache__/", "py.typed"}
    assert {name for name in there if f"network_api/{name}" not in listed()} == set()


def test_every_feature_is_named_in_its_order() -> None:
    named = PAGE.split("in the one order in which they may know each other:")[1].split(".")[0]
    assert re.findall(r"`(\w+)`", named) == [feature.name for feature in FEATURES]


def test_every_hook_has_its_row() -> None:
    assert {field.name for field in dataclasses.fields(Feature)} == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


def test_every_import_contract_is_told() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / "setup.cfg")
    names = {contracts[name]["name"] for name in contracts.sections() if name.startswith("importlinter:contract:")}
    assert names == set(re.findall(r"^- \*(.+)\*$", PAGE, re.MULTILINE))


def test_the_files_and_names_it_tells_of_exist() -> None:
    files = (file for package in ("network_api", "events", "newsletters") for file in (ROOT / package).rglob("*.py"))
    code = "\n".join(file.read_text() for file in files)
    for name in ("claim_seat", "after_commit", "search_terms", "dump_row", "uncertain", "promote", "event_to_join"):
        assert name in PAGE, name
        assert name in code, name
    paths = re.findall(r"`((?:network_api|events|newsletters|tests)/[\w/]+\.py)`", PAGE)
    assert [path for path in paths if not (ROOT / path).exists() and "__init__" not in path] == []


def test_the_packages_are_ours() -> None:
    for package in (events, newsletters):
        assert Path(str(package.__file__)).parent.parent == ROOT
