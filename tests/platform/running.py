"""Starting `network-api` as a user would, in real processes, and never leaving one behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

COMMAND = str(Path(sys.executable).with_name("network-api"))
CHILDREN = ("database", "mail-sink", "web", "worker-mail", "worker-jobs", "beat")
PATIENCE = 60.0  # seconds: a test machine may be busy with the rest of the suite


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(is_so: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
    """Look until `is_so()`; the seconds that it took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - started


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def descendants(pid: int) -> set[int]:
    """All processes below one."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return set(children).union(*map(descendants, children))


def clean_environment(**settings: str) -> dict[str, str]:
    """Our environment without the platform's settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NETWORK_", "COV_", "PROMETHEUS_"))}
    return {**kept, **settings}


class Up:
    """A running `network-api up`."""

    def __init__(
        self,
        data: Path,
        *options: str,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        command: Sequence[str] = (COMMAND,),
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.said = data.with_name(f"{data.name}.{time.monotonic_ns()}.out")
        with self.said.open("wb") as output:
            arguments = ["up", "--data", str(data), "--port", str(self.port), *options]
            environment = clean_environment(**(settings or {}))
            self.process = subprocess.Popen([*command, *arguments], stdout=output, stderr=subprocess.STDOUT, env=environment)

    @property
    def words(self) -> str:
        """What it has printed so far."""
        return self.said.read_text()

    @property
    def processes(self) -> dict[str, int]:
        """What its own list says: name -> process id."""
        listed: dict[str, int] = json.loads((self.data / "processes.json").read_text())
        return listed

    def wait_until_ready(self) -> float:
        """Wait for the line that says so; the seconds that it took."""

        def is_ready() -> bool:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.words}"
            return "Ready: " in self.words

        return eventually(is_ready, "ready")

    def request(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """Status and JSON of an answer; 0 where there was none."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            with urlopen(Request(self.base + path, data, headers, method=method), timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as error:
            return error.code, None
        except (URLError, OSError):
            return 0, None

    def mails_to(self, address: str) -> list[str]:
        """The mails to an address that the sink has kept."""
        texts = [file.read_text() for file in sorted((self.data / "mail" / "new").glob("*"))]
        return [text for text in texts if re.search(rf"^Delivered-To: {re.escape(address)}$", text, re.MULTILINE)]

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def up(data: Path, *options: str, **more: Any) -> Iterator[Up]:
    """A running `up` that is gone afterwards, with all its processes, whatever the test did."""
    running = Up(data, *options, **more)
    try:
        yield running
    finally:
        left = descendants(running.process.pid)
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        for pid in left:
            eventually(lambda pid=pid: not is_alive(pid), f"process {pid} is gone", 10)  # type: ignore[misc]


def end_by(platform: Up, number: signal.Signals) -> int:
    """End it by a signal, and see that nothing of it is left; the exit status."""
    below = descendants(platform.process.pid)
    assert len(below) >= len(CHILDREN)
    platform.process.send_signal(number)
    status = platform.process.wait(30)
    for pid in below:  # after a SIGKILL it is the kernel that ends them, in no time
        eventually(lambda pid=pid: not is_alive(pid), f"process {pid} is gone", 5)  # type: ignore[misc]
    return status


def ask_for_code(platform: Up, address: str) -> None:
    """The shortest way through everything: a request, the database, the broker, a worker, the mail sink."""
    assert platform.request("POST", "/api/v1/auth/codes", {"email": address})[0] == 202


def token_of(platform: Up) -> str:
    """The token that it printed for the administrator it made."""
    found = re.search(r"^Admin token: (\S+)$", platform.words, re.MULTILINE)
    assert found, platform.words
    return found[1]
