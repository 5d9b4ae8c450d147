"""A real IMAP server for tests: Dovecot, without privileges, on a free port of this machine, with a mailbox of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from imaplib import IMAP4
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from tests.platform.running import free_port

PROGRAM = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin")
USER, PASSWORD = "bounces", "se:cret/word"
_NOBODY = 65534
_PATIENCE = 30.0  # seconds
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
{more}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


class Server:
    """A running server; `url` is what the settings name."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/INBOX"

    @contextmanager
    def opened(self, mailbox: str = "INBOX") -> Iterator[IMAP4]:
        """A mailbox, as somebody's mail program opens it."""
        with IMAP4("127.0.0.1", self.port, timeout=10) as imap:
            imap.login(USER, PASSWORD)
            imap.select(mailbox)
            yield imap

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the inbox."""
        with self.opened() as imap:
            for mail in mails:
                imap.append("INBOX", "", "", mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def count(self, mailbox: str = "INBOX") -> int:
        """How many mails a mailbox has."""
        with self.opened(mailbox) as imap:
            return len(imap.search(None, "ALL")[1][0].split())


@contextmanager
def running(more: str = "") -> Iterator[Server]:
    """A server, ended with the block; `more` is put into its configuration."""
    assert PROGRAM is not None
    uid, gid = (_NOBODY, _NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        folder, port = Path(name), free_port()
        _configure(folder, port, uid, gid, more)
        as_nobody: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": []} if os.getuid() == 0 else {}
        process = subprocess.Popen([PROGRAM, "-F", "-c", str(folder / "dovecot.conf")], **as_nobody)
        try:
            _wait(Server(folder, port), process)
            yield Server(folder, port)
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _configure(folder: Path, port: int, uid: int, gid: int, more: str) -> None:
    user, group = (subprocess.check_output(["id", flag, str(uid)], text=True).strip() for flag in ("-nu", "-ng"))
    values = {"folder": folder, "port": port, "uid": uid, "gid": gid, "user": user, "group": group}
    (folder / "dovecot.conf").write_text(_CONFIGURATION.format(password=PASSWORD, more=more, **values))
    for part in ("run", "state", "mail", "home"):
        (folder / part).mkdir()
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
        shutil.chown(path, uid, gid)


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    ends = monotonic() + _PATIENCE
    while True:
        try:
            with server.opened():
                return
        except (OSError, IMAP4.error):
            log = server.folder / "log"
            said = log.read_text() if log.exists() else ""
            assert process.poll() is None, said
            assert monotonic() < ends, said
            sleep(0.05)
