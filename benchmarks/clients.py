"""Clients of an HTTP API that come at once, each with a connection of its own, and what they were answered."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Thing = TypeVar("Thing")
PATIENCE = 120.0  # seconds that a client waits for an answer


@dataclass(frozen=True)
class Answered:
    """One request: its status, its JSON and the seconds until it was read."""

    status: int
    body: Any
    seconds: float


class Client:
    """One person's connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def post(self, path: str, body: Any, address: str) -> Answered:
        """Send JSON as somebody at this network address, and read the answer. A lost connection counts as status 0."""
        started = time.perf_counter()
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        try:
            self._connection.request("POST", path, json.dumps(body), headers)
            response = self._connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answered(0, None, time.perf_counter() - started)
        return Answered(status, json.loads(content), time.perf_counter() - started)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def all_at_once(things: Sequence[Thing], clients: int, work: Callable[[Iterator[Thing]], None]) -> float:
    """The seconds that so many threads take to do `work`, each on what the others have not taken yet; they start together."""
    waiting, lock = iter(things), threading.Lock()

    def taken() -> Iterator[Thing]:
        while True:
            with lock:
                found = next(waiting, None)
            if found is None:
                return
            yield found

    barrier = threading.Barrier(clients + 1)

    def run() -> None:
        barrier.wait()
        work(taken())

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started
