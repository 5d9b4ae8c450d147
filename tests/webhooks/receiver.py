"""Another system that is told by webhooks: a real HTTP server, which answers as a test says and keeps what it heard."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple, Self


class Heard(NamedTuple):
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_by(self, secret: str) -> bool:
        """As the specification writes it, without any code of the platform."""
        content = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = b64encode(hmac.digest(b64decode(secret.removeprefix("whsec_")), content, "sha256")).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


Answer = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, text: str = "", **headers: str) -> Answer:
    """An answer with this status."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return give


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    """The connection ends in the middle of the status line."""
    handler.wfile.write(b"HTTP/1.1 2")
    handler.wfile.flush()
    handler.close_connection = True


class Receiver:
    """Answers with what stands in `answers` by turns, and then with `always`; how many it hears at once, `most` tells."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.always: Answer = status(204)
        self.heard: list[Heard] = []
        self.now = self.most = 0
        self._lock = Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.hear(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def hear(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self._lock:
            self.heard.append(Heard(handler.path, dict(handler.headers), body))
            answer = self.answers.pop(0) if self.answers else self.always
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            answer(handler)
        finally:
            with self._lock:
                self.now -= 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
