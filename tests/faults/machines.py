"""The machines: a database, a mail sink on a disk of its own, and two nodes, each a `network-api up` that uses both by proxy.

A node reaches the database by a proxy of its own, and has a clock that can be set. What dies inside a node is started
again by its `up`; what dies besides, by whoever broke it.
"""

import contextlib
import os
import secrets
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from network_api.up.data_folder import PORTS, is_free
from network_api.up.embedded import OPTIONS, PYTHON, database_command
from tests.faults.proxy import Proxy
from tests.platform.running import COMMAND, Up, clean_environment, descendants, eventually, is_alive

CLOCK = Path(__file__).with_name("clock.c")
DISK = "48m"
ADMINISTRATORS = {"a": "ensimmainen@example.org", "b": "toinen@example.org"}
SETTINGS = {
    "NETWORK_PUBLIC_URL": "https://verkosto.example.org",
    "NETWORK_MAIL_SERVER": "127.0.0.1",
    "NETWORK_MAIL_DEFAULT_SENDER": "verkosto@example.org",
    "NETWORK_MAIL_LEASE_SECONDS": "10",
    "NETWORK_RATELIMIT_ENABLED": "false",
    "NETWORK_DISPATCH_RATE": "12 per second",
    "NETWORK_DISPATCH_GROUP": "5",
}


def free_port() -> int:
    """A port below those that outgoing connections take."""
    return next(port for port in iter(lambda: secrets.choice(PORTS), 0) if is_free("127.0.0.1", port))


class Server:
    """A server that the harness runs itself."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name, self.command, self.log = name, command, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        written = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=subprocess.STDOUT, env=clean_environment())

        def listens() -> bool:
            with self.log.open("rb") as log:
                log.seek(written)
                return b"listening on" in log.read()

        eventually(listens, f"{self.name} listens")

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Disk:
    """The disk of the mail sink: small, and its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(path)], check=True)

    def fill(self) -> None:
        """Leave not a byte."""
        with contextlib.suppress(OSError), (self.path / "ballast").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with contextlib.suppress(OSError), (self.path / "ballast").open("ab", buffering=0) as file:
            while True:
                file.write(b"\0")

    def empty(self) -> None:
        """Leave room again."""
        (self.path / "ballast").unlink(missing_ok=True)

    def unmount(self) -> None:
        """Give it back."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)


class Node:
    """One machine with web, workers and clock."""

    def __init__(self, name: str, folder: Path, database: Proxy, shared: dict[str, str], clock: Path) -> None:
        self.name, self.data, self.database = name, folder / f"node-{name}", database
        self.port = free_port()
        self.clock = folder / f"clock-{name}"
        self.settings = {**shared, "NETWORK_MONGODB_URI": f"mongodb://127.0.0.1:{database.port}/network?{OPTIONS}"}
        self.command: Sequence[str] = (COMMAND,)
        self.release: Mapping[str, str] = {}
        self.set_clock(0)
        self.settings |= {"LD_PRELOAD": str(clock), "CLOCK_FILE": str(self.clock)}

    def set_clock(self, seconds: int) -> None:
        """Put its clock so far ahead, or behind."""
        with open(os.open(self.clock, os.O_WRONLY | os.O_CREAT), "wb") as file:  # in place: its processes look at this very file
            file.write(struct.pack("=q", seconds))

    def start(self) -> None:
        """Start it, without waiting."""
        options = ("--admin", ADMINISTRATORS[self.name], "--no-demo", "--web-workers", "1")
        self.up = Up(self.data, *options, port=self.port, settings=self.settings | self.release, command=self.command)

    def run_from(self, tree: Path) -> None:
        """From its next start on, run the code of another release, in this folder."""
        self.command, self.release = (sys.executable, "-P", "-m", "network_api"), {"PYTHONPATH": str(tree)}

    def run_as_we_are(self) -> None:
        """From its next start on, run the present code."""
        self.command, self.release = (COMMAND,), {}

    def kill(self) -> None:
        """SIGKILL its supervisor; all below it goes too."""
        below = descendants(self.up.process.pid)
        self.up.process.kill()
        self.up.process.wait()
        for pid in below:
            eventually(lambda pid=pid: not is_alive(pid), f"process {pid} is gone", 10)  # type: ignore[misc]

    def start_again(self) -> None:
        """After a kill: as often as it takes, as an init system would."""
        self.start()
        while True:
            eventually(lambda: "Ready: " in self.up.words or self.up.process.poll() is not None, f"node {self.name} is up")
            if self.up.process.poll() is None:
                return
            self.start()

    def pids(self, child: str) -> list[int]:
        """The processes of a child: itself, and what it has below."""
        pid = self.up.processes[child]
        return [pid, *descendants(pid)]


class Machines:
    """All of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        database, sink = free_port(), free_port()
        self.disk = Disk(folder / "disk")
        self.mail = self.disk.path / "mail"
        self.database = Server("database", database_command(database, folder / "mongodb"), folder / "database.log")
        command = [*PYTHON, "-m", "network_api.up.mailsink", str(sink), str(self.mail)]
        self.sink = Server("sink", command, self.disk.path / "sink.log")
        self.smtp = Proxy(free_port(), sink)
        clock = folder / "clock.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(clock), str(CLOCK)], check=True)
        shared = {**SETTINGS, "NETWORK_MAIL_PORT": str(self.smtp.port), "NETWORK_SECRET_KEY": secrets.token_urlsafe(48)}
        self.nodes = [Node(name, folder, Proxy(free_port(), database), shared, clock) for name in ADMINISTRATORS]
        self.uri = f"mongodb://127.0.0.1:{database}/network?{OPTIONS}"

    def start(self) -> None:
        """Start all, the nodes at once, and wait until they are ready."""
        self.database.start()
        self.sink.start()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.up.wait_until_ready()

    def stop(self) -> None:
        """End all that was started, whatever state it is in."""
        for node in self.nodes:
            with contextlib.suppress(AttributeError):
                node.kill()
            node.database.close()
        self.smtp.close()
        self.sink.kill()
        self.database.kill()
        self.disk.unmount()

    @property
    def ports(self) -> list[int]:
        """Where the nodes answer."""
        return [node.port for node in self.nodes]

    def check(self) -> list[str]:
        """What `network-api check` finds wrong."""
        command = [str(Path(sys.executable).with_name("network-api")), "check", "--data", str(self.nodes[0].data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean_environment(), check=False)
        return (
            [] if done.returncode == 0 else [f"network-api check: {line}" for line in done.stdout.splitlines()] or [done.stderr]
        )


@contextlib.contextmanager
def running(folder: Path, release: Path | None = None) -> Iterator[Machines]:
    """Machines that are gone afterwards; with the code of another release, in that folder."""
    machines = Machines(folder)
    if release is not None:
        for node in machines.nodes:
            node.run_from(release)
    try:
        machines.start()
        yield machines
    finally:
        machines.stop()


def missing() -> str | None:
    """What this machine lacks, in words."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "The mail sink's disk is a small one of its own (tmpfs): that takes Linux, and root."
    if shutil.which("cc") is None:
        return "The clocks of the nodes are set by a small C library: that takes a C compiler, cc."
    return None
