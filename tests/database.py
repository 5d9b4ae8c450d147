"""The database of a test run: the embedded engine by its real wire protocol, or the server that a URL names.

Each xdist worker has a database of its own; between tests every collection is emptied, never dropped.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from secantus import SecantusDBServer

from network_api.up.embedded import OPTIONS


@contextmanager
def running(worker: str) -> Iterator[str]:
    """The URI of this worker's database."""
    given = os.environ.get("NETWORK_MONGODB_URI")
    if given:
        parts = urlsplit(given)
        yield urlunsplit(parts._replace(path=f"/test_{worker}"))
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, SecantusDBServer(storage_path=folder) as server:
        yield f"{server.uri.rstrip('/')}/test_{worker}?{OPTIONS}"
