"""What is built and installed: our packages, whole, from lock files that name everything with its hash."""

import configparser
import re
from pathlib import Path

import pytest

import events
import newsletters

ROOT = Path(__file__).parents[2]
PACKAGES = ("network_api", "events", "newsletters")


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


def names(requirements: str) -> set[str]:
    found = re.findall(r"^\s*([A-Za-z0-9._-]+)", requirements, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def test_events_and_newsletters_are_ours() -> None:
    """PyPI has packages that install modules of these names."""
    assert Path(events.__file__ or "").parent == ROOT / "events"
    assert Path(newsletters.__file__ or "").parent == ROOT / "newsletters"


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ["embedded"]),
        ("requirements-server.lock", ["redis"]),
        ("requirements-dev.lock", ["embedded", "redis", "dev"]),
    ],
)
def test_a_lock_names_every_requirement_with_its_hashes(config: configparser.ConfigParser, lock: str, extras: list[str]) -> None:
    text = (ROOT / lock).read_text()
    locked = names("\n".join(re.findall(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE)))
    wanted = names(config["options"]["install_requires"])
    for extra in extras:
        wanted |= names(re.sub(r"#.*", "", config["options.extras_require"][extra]))
    assert wanted <= locked
    entries = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry.split("\n")[0])
    assert "://" not in text


def test_no_server_lock_carries_the_embedded_database() -> None:
    assert "secantusdb" not in (ROOT / "requirements-server.lock").read_text().lower()


def test_every_file_of_the_packages_is_packaged(config: configparser.ConfigParser) -> None:
    suffixes = {Path(pattern).suffix for pattern in config["options.package_data"]["*"].split() if pattern.startswith("*.")}
    files = [
        path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {path.suffix for path in files} <= suffixes | {".py"}
    folders = {
        path.relative_to(ROOT).parts[1] for path in files if path.suffix != ".py" and len(path.relative_to(ROOT).parts) > 2
    }
    for package in PACKAGES:
        here = {
            path.name
            for path in (ROOT / package).iterdir()
            if path.is_dir() and path.name in folders and not (path / "__init__.py").exists()
        }
        assert {f"{name}/**" for name in here} <= set(config["options.package_data"][package].split())


def test_every_module_of_the_platform_has_its_place_in_the_import_contracts(config: configparser.ConfigParser) -> None:
    ranks = config["importlinter:contract:ranks"]["layers"]
    shared = config["importlinter:contract:shared"]["source_modules"]
    placed = set(re.findall(r"network_api\.\w+", ranks + shared))
    there = {path.stem for path in (ROOT / "network_api").glob("*.py")} | {
        path.parent.name for path in (ROOT / "network_api").glob("*/__init__.py")
    }
    assert {f"network_api.{name}" for name in there - {"__init__", "__main__"}} == placed


def test_the_embedded_database_is_never_imported_by_the_platform() -> None:
    """Its licence is the GPL: it is a process of its own that speaks a protocol."""
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert sources
    assert not [path for path in sources if re.search(r"^\s*(from|import) secantus", path.read_text(), re.MULTILINE)]
