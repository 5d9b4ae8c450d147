"""The folder that `network-api up` keeps everything in, and what of it survives a stop.

lock               held while an `up` runs here
secret-key         signs links; made once, readable by its owner only
environment.json   the NETWORK_* variables of the last start, for commands run beside it (`--data`)
ports.json         where the database and the mail sink listen, so that they stay there
administrators     the addresses that `--admin` has made
processes.json     name -> process id, kept current while an `up` runs
mongodb/ mail/ log/
"""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO

# Below the range that operating systems take ports for outgoing connections from: a client that keeps trying to reach a
# restarting server inside that range can be given the server's own port, connect to itself, and keep the server out.
PORTS = range(20_000, 32_000)
LOOPBACK = "127.0.0.1"


class InUse(Exception):
    """Another `network-api up` runs on this folder."""


class DataFolder:
    """One data folder, held by this process."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        for folder in (self.path, self.mail, self.log):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = self._hold()

    @property
    def database(self) -> Path:
        """Where the embedded database stores."""
        return self.path / "mongodb"

    @property
    def mail(self) -> Path:
        """The Maildir of the mail sink."""
        return self.path / "mail"

    @property
    def log(self) -> Path:
        """Where the children log, each in a file of its name."""
        return self.path / "log"

    @property
    def administrators(self) -> Path:
        """The addresses that `--admin` has made administrators, one a line."""
        return self.path / "administrators"

    def _hold(self) -> IO[str]:
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise InUse(f"{self.path} is in use by another `network-api up` (process {holder}).") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock

    def secret_key(self) -> str:
        """The secret key, made at the first start."""
        file = self.path / "secret-key"
        if not file.exists():
            write_whole(file, secrets.token_urlsafe(48) + "\n", 0o600)
        return file.read_text().strip()

    def port(self, name: str) -> int:
        """A free port for `name`: the one of the last start where that is still free."""
        file = self.path / "ports.json"
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        port = ports.get(name)
        while port is None or not is_free(LOOPBACK, port):
            port = secrets.choice(PORTS)
        write_whole(file, json.dumps({**ports, name: port}) + "\n")
        return port

    def keep_environment(self, environment: Mapping[str, str]) -> None:
        """Store the settings of this start for commands that are run beside it; they hold secrets."""
        ours = {name: value for name, value in sorted(environment.items()) if name.startswith("NETWORK_")}
        write_whole(self.path / "environment.json", json.dumps(ours, indent=2) + "\n", 0o600)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port in TIME_WAIT is free
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def write_whole(target: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old text or the new one, and so does whoever comes after a crash."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
