"""Turns: on one machine, those whose transactions want the same document go one after another.

A database refuses the later of two transactions that change one document, and it has to begin again. When a thousand
people come for one theme day, most of the work would be such beginnings, and whoever is unlucky waits for a minute. So who
was refused once waits for their turn before trying again. Turns only hasten: what must hold is held by the database, also
between machines, where nobody waits for anybody.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from zlib import crc32

_FILES = 256  # so many locks: two documents that share one wait for each other now and then, and no file is ever removed


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
    handle = os.open(_folder() / str(crc32(name.encode()) % _FILES), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        token = _has_one.set(True)
        try:
            yield
        finally:
            _has_one.reset(token)
    finally:
        os.close(handle)
