"""Turns: on one machine, those whose transactions want the same document go one after another.

A database refuses the later of two transactions that change one document, and it has to begin again. When a thousand
people come for one theme day, most of the work would be such beginnings, and whoever is unlucky waits for a minute. So who
was refused once waits for their turn before trying again. Turns only hasten: what must hold is held by the database, also
between machines, where nobody waits for anybody.

What can wait, as the mails about them, gives way to those who have turns: it shares the database with them, and took as much
of it as they did.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from zlib import crc32

_FILES = 256  # so many locks: two documents that share one wait for each other now and then, and no file is ever removed
_ANY = "any"  # one more, which all who have turns share
_LOOK_EVERY = 0.002  # seconds

_has_one: ContextVar[bool] = ContextVar("has a turn", default=False)


@cache
def _folder() -> Path:
    """Where the locks of this user's processes are. Raises OSError where somebody else has made it."""
    folder = Path(tempfile.gettempdir()) / f"network-api-turns-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    return folder


@contextmanager
def turn(name: str) -> Iterator[None]:
    """Wait for one's turn with what is called `name`, and have it inside the block. The kernel ends the turn of who is killed.

    Nobody who has a turn waits for another, so no two can wait for each other.
    """
    if _has_one.get():
        yield
        return
    with _lock_file(str(crc32(name.encode()) % _FILES)) as own, _lock_file(_ANY) as shared:
        fcntl.flock(own, fcntl.LOCK_EX)
        fcntl.flock(shared, fcntl.LOCK_SH)
        token = _has_one.set(True)
        try:
            yield
        finally:
            _has_one.reset(token)


def give_way(at_most: float) -> None:
    """Let those who have turns go first, and who comes next as well, but wait no longer than so many seconds."""
    ends = monotonic() + at_most
    with _lock_file(_ANY) as shared:
        while monotonic() < ends:
            try:
                fcntl.flock(shared, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sleep(_LOOK_EVERY)
            else:
                return


@contextmanager
def _lock_file(name: str) -> Iterator[int]:
    handle = os.open(_folder() / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)
