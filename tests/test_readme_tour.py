"""The tours of the README and of the guides, run as they are written, one after another on a platform that
`network-api up --demo` has just started.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from network_api.site import guide_pages
from tests import readme
from tests.platform.running import Up, clean_environment, eventually, up

BETWEEN = "--- next step ---"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A platform with demo data on a free port."""
    with up(tmp_path_factory.mktemp("tour") / "data", "--demo", settings={"NETWORK_WEBHOOKS_ON_LOOPBACK": "true"}) as started:
        started.wait_until_ready()
        yield started


def test_the_tour_does_what_it_says(running: Up, tmp_path: Path) -> None:
    take(readme.tour(), running, tmp_path)


def test_the_guides_do_what_they_say(running: Up, tmp_path: Path) -> None:
    for name in guide_pages.NAMES:
        take(readme.tour(guide_pages.FOLDER / f"{name}.md", "sh"), running, tmp_path)


def take(steps: list[tuple[str, str]], running: Up, tmp_path: Path) -> None:
    """Run the commands of all steps in one shell; what each prints is what the page claims."""
    token = re.search(r"^Coordinator token: (\S+)", running.words, re.MULTILINE)
    assert token, running.words
    script = f"\necho '{BETWEEN}'\n".join(commands for commands, _ in steps)
    output = tmp_path / "tour.out"
    with output.open("wb") as file:
        tourist = subprocess.Popen(
            ["bash", "-eu", "-c", script],
            env=clean_environment(SITE=running.base, TOKEN=token[1]),
            cwd=tmp_path,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: tourist.poll() is not None, "the tour ends", 150)
    finally:
        tourist.kill()
        tourist.wait()
        printed = output.read_text()
        print(printed)
    assert tourist.returncode == 0, printed
    assert printed.split(f"{BETWEEN}\n") == [claimed for _, claimed in steps]


def test_the_tour_has_its_steps() -> None:
    assert len(readme.tour()) == 6
    assert sum(bool(claimed) for _, claimed in readme.tour()) == 5


def test_each_guide_has_steps_that_claim_something() -> None:
    for name in guide_pages.NAMES:
        steps = readme.tour(guide_pages.FOLDER / f"{name}.md", "sh")
        assert sum(bool(claimed) for _, claimed in steps) >= 4
