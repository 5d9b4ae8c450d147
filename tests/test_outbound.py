"""No address that somebody types becomes a way into a private network, by whatever name, redirect or second look at the DNS."""

import ast
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from network_api import outbound
from network_api.documents import utcnow
from network_api.outbound import IpAddress, Unreachable, ask, is_public

ROOT = Path(__file__).parents[1]
PRIVATE = (
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::"),
    *("2001:0:7f00:1::", "2001:db8::1"),
)
# What may do without: these talk to servers that the settings name.
OTHERS = {"network_api/health.py", "network_api/up/everything.py"}
LIBRARIES = {"http", "urllib.request", "urllib3", "requests", "httpx", "aiohttp"}


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_not_asked(address: str) -> None:
    assert not is_public(ip_address(address))
    written = f"[{address}]" if ":" in address else address
    with pytest.raises(Unreachable):
        ask("HEAD", f"http://{written}/")


@pytest.mark.parametrize("address", ["193.166.3.2", "1.1.1.1", "2001:708:10::1", "::ffff:193.166.3.2", "64:ff9b::101:101"])
def test_a_public_address_may_be_asked(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://[::1%lo]/",
     "http://user:secret@127.0.0.1/", "http://example.org@127.0.0.1/", "http://127.0.0.1#@example.org/"],
)  # fmt: skip
def test_another_spelling_of_a_private_address_helps_nobody(url: str) -> None:
    with pytest.raises(Unreachable, match=r"private network|no such host|no address"):
        ask("HEAD", url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "//example.org/", "x", "http:///"]
)
def test_only_the_web_is_asked(url: str) -> None:
    with pytest.raises(Unreachable, match="out of the web"):
        ask("HEAD", url)


class Website(BaseHTTPRequestHandler):
    """Answers, and leads on into a private network."""

    asked: list[str] = []

    def do_POST(self) -> None:
        self.asked.append(f"{self.headers['Host']} {self.rfile.read(int(self.headers['Content-Length'])).decode()}")
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.2:1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Website)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def only_this_website(address: IpAddress) -> bool:
    return str(address) == "127.0.0.1"


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> list[str]:
    """A DNS that gives another answer each time; which names were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        if host != "changing.example":
            return real(host, port, *more, **options)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_a_name_is_looked_up_once_and_the_request_goes_to_what_was_looked_at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second answer would lead elsewhere."""
    asked = resolving(monkeypatch, ("127.0.0.1",), ("127.0.0.2",))
    answer = ask("POST", f"http://changing.example:{port}/hook", body=b"{}", may_ask=only_this_website)
    assert (answer.status, answer.location, asked) == (302, "http://127.0.0.2:1/", ["changing.example"])
    assert Website.asked[-1] == f"changing.example:{port} {{}}"
    with pytest.raises(Unreachable, match="private network"):
        ask("POST", f"http://changing.example:{port}/hook", body=b"{}", may_ask=only_this_website)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ("193.166.3.2", "10.0.0.1"))
    with pytest.raises(Unreachable, match="private network"):
        ask("HEAD", "http://changing.example/")


def test_who_speaks_slowly_is_heard_until_the_deadline_and_no_longer() -> None:
    """A byte now and then would keep each step within its time, and the request open for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = Event()

        def drip() -> None:
            asked, _ = server.accept()
            with asked:
                while not done.wait(0.05):
                    asked.sendall(b"H")

        Thread(target=drip, daemon=True).start()
        began = monotonic()
        with pytest.raises(Unreachable, match="in time"):
            ask("POST", f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"{}", may_ask=only_this_website, within=0.4)
        done.set()
        assert 0.4 <= monotonic() - began < 4


def test_the_status_is_the_answer_also_where_its_text_breaks_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def break_off() -> None:
            asked, _ = server.accept()
            with asked:
                asked.recv(4096)
                asked.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nRetry-After: 7\r\n\r\ntak")

        Thread(target=break_off, daemon=True).start()
        answer = ask("POST", f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"{}", may_ask=only_this_website, most=10)
        assert (answer.status, answer.retry_after, answer.beginning) == (200, "7", b"tak")


@pytest.mark.parametrize(("name", "said"), [("changing.example", 302), ("other.example", None)])
def test_a_certificate_is_asked_for_the_name_and_not_for_the_address(
    port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, said: int | None
) -> None:
    certificate = certificate_for(name, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outbound._tls.cache_clear()
    resolving(monkeypatch, ("127.0.0.1",))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Website)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake that is broken off is what is tested
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"https://changing.example:{server.server_port}/"
        if said is None:
            with pytest.raises(Unreachable, match="does not answer"):
                ask("POST", url, body=b"{}", may_ask=only_this_website)
        else:
            assert ask("POST", url, body=b"{}", may_ask=only_this_website).status == said
    finally:
        server.shutdown()
        server.server_close()
        outbound._tls.cache_clear()


def certificate_for(name: str, folder: Path) -> Path:
    """A key and a certificate that it has signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(utcnow() - timedelta(days=1))
        .not_valid_after(utcnow() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    clear = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_a_redirect_is_told_and_not_followed(port: int) -> None:
    assert ask("POST", f"http://127.0.0.1:{port}/", body=b"", may_ask=only_this_website).location == "http://127.0.0.2:1/"


def test_nothing_else_of_ours_asks_an_address() -> None:
    """So that none can be asked past these rules."""
    files = (file for package in ("network_api", "events", "newsletters") for file in (ROOT / package).rglob("*.py"))
    clients = {file.relative_to(ROOT).as_posix() for file in files if _imports(file) & LIBRARIES}
    assert clients - OTHERS == {"network_api/outbound.py"}


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.removesuffix(".client") for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module != "http":  # HTTPStatus asks nobody
            found.add(str(node.module).removesuffix(".client"))
    return found
