"""The fixtures `browser`, `serve`, `axe` and `validate_html`; `tests/conftest.py` offers them to every test."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

INTRANET = "intranet.example"  # leads to this machine, and is no place that browsers trust without TLS
MODULES = Path(__file__).parent / "node_modules"
QUICKLY = ("-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # Java for a second of work, not for hours
AXE, VALIDATOR = MODULES / "axe-core" / "axe.min.js", MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"


def missing(what: str) -> NoReturn:
    """Skip on a laptop; where CI is set nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing: see install_missing in .ci/run")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. `browser.new_page(color_scheme="dark")` gives a page."""
    program = shutil.which("chromium") or missing("chromium")
    expect.set_options(timeout=20_000)  # ms: the rest of the suite keeps the machine busy meanwhile
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", f"--host-resolver-rules=MAP {INTRANET} 127.0.0.1"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def serve(shared_app: Flask) -> Iterator[str]:
    """The application on a port of this machine, for a browser: its address. It has the database of the tests."""
    server = make_server("127.0.0.1", 0, shared_app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """`axe(page)`: what axe-core finds wrong with an open page, a line for each rule that is broken; [] is what we want.

    With rules after the page, only these: in another light nothing changes but `color-contrast`.
    """
    if not AXE.exists():
        missing("axe-core (make browser-tools)")
    program = AXE.read_text(encoding="utf-8")

    def check(page: Page, *rules: str) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(program)
        wanted = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found = page.evaluate("wanted => axe.run(document, wanted)", wanted)["violations"]
        return [f"{rule['id']}: {rule['help']} {[node['html'][:120] for node in rule['nodes']]}" for rule in found]

    return check


@pytest.fixture(scope="session")
def validate_html(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """`validate_html(page, ...)`: what the Nu Html Checker says against HTML texts, all in one run; [] is what we want.

    Its warnings count too; `allowed` has parts of those messages that are right for a case, with a reason beside them.
    """
    java = shutil.which("java") or missing("java")
    if not VALIDATOR.exists():
        missing("vnu-jar (make browser-tools)")

    def check(*texts: str, allowed: tuple[str, ...] = ()) -> list[str]:
        folder = tmp_path_factory.mktemp("pages")
        names = [folder / f"{place}.html" for place in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            name.write_text(text, encoding="utf-8")
        command = [java, *QUICKLY, "-jar", VALIDATOR, "--format", "json", "--stdout", "--exit-zero-always", *names]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return [_told(message) for message in json.loads(answer.stdout)["messages"] if not _is_allowed(message, allowed)]

    return check


def _is_allowed(message: dict[str, Any], allowed: tuple[str, ...]) -> bool:
    return any(part in message["message"] for part in allowed)


def _told(message: dict[str, Any]) -> str:
    return f"{message['type']}: {message['message']} in {message.get('extract', '')!r}"
