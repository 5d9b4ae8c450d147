"""The story of `network-api up`: database and mail sink, then what must be there before the first request, then the rest.

Settings that the user has given in NETWORK_* variables win; where they name a MongoDB or an SMTP server, the embedded
one stays out.
"""

import http.client
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from network_api.up import embedded
from network_api.up.child import Child
from network_api.up.data_folder import LOOPBACK, DataFolder, InUse, is_free
from network_api.up.supervisor import GaveUp, Stopped, Supervisor

READY_WITHIN = 60.0  # seconds; a first start with much demo data has to fit in after its preparation
EVERY_ADDRESS = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - where to reach a server that listens on all addresses
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    host: str
    port: int
    data: Path
    admin: str | None
    demo: bool
    web_workers: int

    @property
    def address(self) -> str:
        """Where to listen, as gunicorn reads it."""
        return f"{in_url(self.host)}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """The host that a client on this machine connects to."""
        return EVERY_ADDRESS.get(self.host, self.host)

    @property
    def url(self) -> str:
        """Where a browser on this machine reaches the platform."""
        return f"http://{in_url(self.reachable_host)}:{self.port}"


def in_url(host: str) -> str:
    """A host as a URL writes it."""
    return f"[{host}]" if ":" in host else host


def run(options: Options, say: Say) -> int:
    """Run everything until somebody asks to stop; returns the exit status."""
    try:
        folder = DataFolder(options.data)
    except (InUse, OSError) as error:
        say(f"{error}")
        return 1
    if not is_free(options.host, options.port):
        say(f"Port {options.port} on {options.host} is not free. Choose another with --port.")
        return 1
    supervisor = Supervisor(folder.path, say)
    supervisor.listen_to_signals()
    return _run(options, folder, supervisor)


def _run(options: Options, folder: DataFolder, supervisor: Supervisor) -> int:
    status = 0
    try:
        bring_up(options, folder, supervisor)
        supervisor.watch()
    except Stopped:
        supervisor.say("Stopping; this takes a moment.")
    except GaveUp as reason:
        supervisor.say(str(reason))
        status = 1
    finally:
        supervisor.stop()
    supervisor.say(f"Stopped. Everything is kept in {folder.path}.")
    return status


def bring_up(options: Options, folder: DataFolder, supervisor: Supervisor) -> None:
    """Start everything and say where it is.

    Raises Stopped when asked to stop meanwhile, and GaveUp, with the reason, when it cannot come up.
    """
    supervisor.say(f"Starting the platform on {folder.path} ...")
    servers, environment = embedded_servers(options, folder, os.environ)
    supervisor.environment = environment
    folder.keep_environment(environment)
    supervisor.start(*servers)
    # Here and not at the top: the database starts while this reads the platform from disk.
    platform = importlib.import_module("network_api.up.platform")
    supervisor.environment = {**environment, **platform.shared()}
    supervisor.wait_until(lambda: all(server.is_ready for server in servers), "The database did not start", READY_WITHIN)
    if supervisor.run_once("preparation", platform.preparation(options.admin, folder.administrators, options.demo)) != 0:
        raise GaveUp("The platform could not be prepared; the reason stands above.")
    supervisor.start(platform.web(options.address, options.web_workers, folder.log), *platform.workers(folder.log))
    supervisor.wait_until(
        lambda: all(child.is_ready for child in supervisor.children) and is_ready(options),
        "The platform was not ready",
        READY_WITHIN,
    )
    welcome(options, folder, environment, supervisor.say)


def embedded_servers(options: Options, folder: DataFolder, given: Mapping[str, str]) -> tuple[list[Child], dict[str, str]]:
    """The embedded servers that the user's settings leave room for, and the environment of all children."""
    servers = []
    ours = {"SECRET_KEY": folder.secret_key(), "PUBLIC_URL": options.url}
    if not given.get("NETWORK_MONGODB_URI"):
        port = folder.port("database")
        servers.append(embedded.database(port, folder.database, folder.log))
        ours["MONGODB_URI"] = embedded.database_uri(port)
    if not given.get("NETWORK_MAIL_SERVER"):
        port = folder.port("mail")
        servers.append(embedded.mail_sink(port, folder.mail, folder.log))
        ours |= {
            "MAIL_SERVER": LOOPBACK,
            "MAIL_PORT": str(port),
            "MAIL_DEFAULT_SENDER": "network@example.org",
            "MAIL_SINK_DIR": str(folder.mail),
        }
    named = {f"NETWORK_{name}": value for name, value in ours.items()}
    chosen = {name: value for name, value in given.items() if value or name not in named}
    return servers, {**named, **chosen, "PYTHONUNBUFFERED": "1"}


def is_ready(options: Options) -> bool:
    """Whether the web process says that it and all it needs are ready."""
    connection = http.client.HTTPConnection(options.reachable_host, options.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(options: Options, folder: DataFolder, environment: Mapping[str, str], say: Say) -> None:
    """Say where to look."""
    url = environment["NETWORK_PUBLIC_URL"].rstrip("/")
    say(f"Ready: {options.url}")
    say(f"  API and its documentation  {url}/api/v1/docs")
    if environment.get("NETWORK_MAIL_SINK_DIR"):
        say(f"  Mail that it has sent      {url}/dev/mail")
    say(f"  Logs                       {folder.log}")
    say("Stop with Ctrl-C.")
    sys.stdout.flush()
