"""The two servers that `up` brings along: a MongoDB-compatible database and a mail sink.

For trials, tests and small networks. A production install names a MongoDB and an SMTP server by URL instead.
"""

import sys
from pathlib import Path

from network_api.up.child import Child
from network_api.up.data_folder import LOOPBACK
from network_api.up.process import program

PYTHON = (sys.executable, "-P")  # -P: a folder called `events` where the user happens to stand must not be imported
DATABASE_STOPS, MAIL_SINK_STOPS = 3, 2
# It is one node, and notes each write that could be retried at a price that grows.
OPTIONS = "directConnection=true&retryWrites=false"


def database(port: int, storage: Path, log: Path) -> Child:
    """SecantusDB in a process of its own, which its licence asks for.

    `--sync-on-commit` always: without it a killed process loses writes that it had acknowledged.
    """
    command = program(*database_command(port, storage))
    return Child("database", command, log / "database.log", b"listening on", stops=DATABASE_STOPS)


def database_command(port: int, storage: Path) -> list[str]:
    """How it is started."""
    return [
        str(Path(sys.executable).with_name("secantusd-py")),
        *("--host", LOOPBACK, "--port", str(port)),
        *("--storage-path", str(storage), "--cache-size", "256M"),
        *("--sync-on-commit", "--log-level", "INFO"),
    ]


def database_uri(port: int) -> str:
    """The URI of the embedded database."""
    return f"mongodb://{LOOPBACK}:{port}/network?{OPTIONS}"


def mail_sink(port: int, maildir: Path, log: Path) -> Child:
    """The SMTP server that keeps every mail in a Maildir and sends none on."""
    command = [*PYTHON, "-m", "network_api.up.mailsink", str(port), str(maildir)]
    return Child("mail-sink", program(*command), log / "mail-sink.log", b"listening on", stops=MAIL_SINK_STOPS)
