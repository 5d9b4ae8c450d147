"""A client of the API that goes on asking until it is answered."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

PATIENCE = 150.0  # seconds: longer than any fault, and than a database keeps what a killed process has left open
IN_FLIGHT = "idempotency_key_in_flight"


class Answer(NamedTuple):
    """What a node said; `tries` counts the requests that it took."""

    status: int
    body: Any
    headers: dict[str, str]
    tries: int

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str((self.body or {}).get("code", ""))


class Client:
    """A patient client: without a final answer it asks again, the other node, under the same Idempotency-Key."""

    def __init__(self, ports: Sequence[int], token: str | None = None, *, first: int = 0) -> None:
        self.ports, self.token = ports, token
        self.seen: Counter[int] = Counter()  # answers by status; 0 where there was none
        self._turn = first  # which node is asked first

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """The final answer. Raises TimeoutError."""
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        ends, tries = time.monotonic() + PATIENCE, 0
        while True:
            tries += 1
            answer = self._once(method, path, data, sent, tries)
            self.seen[answer.status] += 1
            if 0 < answer.status < http.client.INTERNAL_SERVER_ERROR and answer.code != IN_FLIGHT:
                return answer
            if time.monotonic() > ends:
                raise TimeoutError(f"{method} {path}: no answer in {PATIENCE:.0f} s, at last {answer}")
            self._turn += 1
            time.sleep(0.2)

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str], tries: int) -> Answer:
        port = self.ports[self._turn % len(self.ports)]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(method, path if path.startswith("//") else f"/api/v1{path}", body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read() or b"null"), dict(answer.getheaders()), tries)
        except (OSError, ValueError, http.client.HTTPException):
            return Answer(0, None, {}, tries)
        finally:
            connection.close()

    def all_of(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list."""
        following = f"{path}?limit=100"
        while following:
            page = self("GET", following).body
            yield from page["items"]
            following = f"{path}?limit=100&cursor={page['next']}" if page["next"] else ""
