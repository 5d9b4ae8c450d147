"""Requests of ours to addresses that somebody else has typed: the one place that decides which may be asked.

No such address becomes anybody's way into a private network (SSRF). A name is resolved here, once; every address that it has
must be one of the public internet (RFC 6890), also inside IPv6, and the request goes to the very address that was looked at,
whatever the name resolves to a moment later (DNS rebinding). No redirect is followed: where one leads is asked anew, by the
same rules. Only http and https, and only until a deadline, however slowly the other side speaks.
"""

import socket
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from math import inf
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

SECONDS = 8.0  # for a request, from looking up the name to the end of the answer
AGENT = "network-api"
_UNICAST = IPv6Network("2000::/3")  # what has been given out of the public internet (RFC 4291, section 2.4)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address is in its end

IpAddress = IPv4Address | IPv6Address
MayAsk = Callable[[IpAddress], bool]


class Unreachable(Exception):
    """Why an address leads nowhere."""


class Answer(NamedTuple):
    """What a server said: where it leads on to, if anywhere, when it wants to be asked again, and how its text begins."""

    status: int
    location: str
    retry_after: str
    beginning: bytes


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of the public internet, and so is every IPv4 address that a gateway would take it for."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped or address in _NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    inside = [inner for inner in (address.sixtofour, *(address.teredo or ())) if inner]
    return address in _UNICAST and address.is_global and all(map(is_public, inside))


def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    may_ask: MayAsk = is_public,
    within: float = SECONDS,
    most: int = 0,
) -> Answer:
    """One request, with at most so many bytes of the answer's text. Raises Unreachable."""
    ends = monotonic() + within
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise Unreachable("It is no address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable("It leads out of the web.")
    connection = _Pinned(parts, port, _address(parts.hostname, port, may_ask), ends)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {"User-Agent": AGENT, **(headers or {})})
        answer = connection.getresponse()
        said = answer.headers.get
        return Answer(answer.status, said("Location", ""), said("Retry-After", ""), _beginning(answer, most))
    except TimeoutError as error:
        raise Unreachable("The server did not answer in time.") from error
    except (OSError, HTTPException, UnicodeError, ValueError) as error:
        raise Unreachable("The server does not answer.") from error
    finally:
        connection.close()


def _beginning(answer: HTTPResponse, most: int) -> bytes:
    """As much of the text as comes; the status alone is an answer."""
    try:
        return answer.read(most)
    except (OSError, HTTPException, ValueError):
        return b""
    finally:
        answer.close()


def _address(host: str, port: int, may_ask: MayAsk) -> str:
    """The first address of a host, where all of them may be asked. Raises Unreachable."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unreachable("There is no such host.") from error
    if not found or not all(may_ask(ip_address(address.partition("%")[0])) for address in found):
        raise Unreachable("It leads into a private network.")
    return found[0]


class _Hurried(socket.socket):
    """A socket with a deadline for all of its steps together: who sends a byte now and then does not put it off."""

    ends = inf

    def sendall(self, *given: Any) -> None:
        """As ever. Raises TimeoutError."""
        self.settimeout(_left(self.ends))
        super().sendall(*given)

    def recv_into(self, *given: Any) -> int:
        """As ever. Raises TimeoutError."""
        self.settimeout(_left(self.ends))
        return super().recv_into(*given)


class _HurriedTls(_Hurried, ssl.SSLSocket):
    """The same, encrypted."""


def _left(ends: float) -> float | None:
    """How many seconds are left. Raises TimeoutError."""
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError
    return None if left == inf else left


@cache
def _tls() -> ssl.SSLContext:
    """Who is trusted; read once, for that takes longer than a request."""
    context = ssl.create_default_context()
    context.sslsocket_class = _HurriedTls
    return context


class _Pinned(HTTPConnection):
    """A connection to the address that was looked at, whatever its name resolves to by now."""

    def __init__(self, parts: SplitResult, port: int, address: str, ends: float) -> None:
        super().__init__(str(parts.hostname), port)
        self.address, self.is_secure, self.ends = address, parts.scheme == "https", ends
        self.default_port = 443 if self.is_secure else 80

    def connect(self) -> None:
        """Connect to the pinned address; a certificate is still asked for the name. Raises OSError."""
        plain = socket.create_connection((self.address, self.port), _left(self.ends))
        hurried: Any
        if self.is_secure:
            plain.settimeout(_left(self.ends))
            hurried = _tls().wrap_socket(plain, server_hostname=self.host)
        else:
            hurried = _Hurried(fileno=plain.detach())
        hurried.ends = self.ends
        self.sock = hurried
