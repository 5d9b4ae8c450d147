"""Applications as they are served: each by a gunicorn with one worker of eight threads, on loopback, to one connection."""

import http.client
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.platform.running import clean_environment, eventually, free_port

EVE = "eve==2.3.1"
ROOT = Path(__file__).parents[1]
_WORKER = ("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "15", "--log-level", "warning")


@contextmanager
def served(*command: str, folder: Path = ROOT, settings: Mapping[str, str]) -> Iterator[http.client.HTTPConnection]:
    """A connection to a gunicorn with these arguments, which ends with it."""
    port = free_port()
    process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}", *_WORKER], cwd=folder, env=clean_environment(**settings))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def listens() -> bool:
        assert process.poll() is None, f"{command} has ended"
        try:
            connection.connect()
        except OSError:
            return False
        connection.close()  # it is opened again by its first request, which may come late
        return True

    try:
        eventually(listens, "the web server listens")
        yield connection
    finally:
        connection.close()
        process.terminate()
        process.wait()


def our_gunicorn() -> str:
    """The gunicorn of the project's environment."""
    return str(Path(sys.executable).with_name("gunicorn"))


def eve_gunicorn() -> str:
    """A gunicorn beside Eve, in an environment under `build/`, made once: PyPI's `Events`, which Eve needs, would shadow ours."""
    home = ROOT / "build" / EVE.replace("==", "-")
    if not (home / "made").exists():
        venv.create(home, with_pip=True, clear=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", EVE, "gunicorn"]
        subprocess.run(pip, check=True, env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
        (home / "made").touch()
    return str(home / "bin" / "gunicorn")


def over_http(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> Callable[[], bytes]:
    """A request by that connection."""

    def get() -> bytes:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:200])
        return body

    return get
