"""Requests of ours to addresses that somebody else has typed: the one place that decides which may be asked.

No such address becomes anybody's way into a private network (SSRF). A name is resolved here, once; every address that it has
must be one of the public internet (RFC 6890), also inside IPv6, and the request goes to the very address that was looked at,
whatever the name resolves to a moment later (DNS rebinding). No redirect is followed: where one leads is asked anew, by the
same rules. Only http and https, and only until a deadline.
"""

import socket
import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

SECONDS = 4.0  # for each step of a request
AGENT = "network-api"
_UNICAST = IPv6Network("2000::/3")  # what has been given out of the public internet (RFC 4291, section 2.4)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address is in its end

IpAddress = IPv4Address | IPv6Address
MayAsk = Callable[[IpAddress], bool]


class Unreachable(Exception):
    """Why an address leads nowhere."""


class Answer(NamedTuple):
    """What a server said; where it leads on to, if anywhere."""

    status: int
    location: str


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of the public internet, and so is every IPv4 address that a gateway would take it for."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    if address.ipv4_mapped or address in _NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    inside = [inner for inner in (address.sixtofour, *(address.teredo or ())) if inner]
    return address in _UNICAST and address.is_global and all(map(is_public, inside))


def ask(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, may_ask: MayAsk = is_public
) -> Answer:
    """One request. Raises Unreachable."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise Unreachable("It is no address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable("It leads out of the web.")
    connection = _Pinned(parts, port, _address(parts.hostname, port, may_ask))
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, {"User-Agent": AGENT, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers.get("Location", ""))
    except (OSError, HTTPException, UnicodeError) as error:
        raise Unreachable("The server does not answer.") from error
    finally:
        connection.close()


def _address(host: str, port: int, may_ask: MayAsk) -> str:
    """The first address of a host, where all of them may be asked. Raises Unreachable."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unreachable("There is no such host.") from error
    if not found or not all(may_ask(ip_address(address.partition("%")[0])) for address in found):
        raise Unreachable("It leads into a private network.")
    return found[0]


class _Pinned(HTTPConnection):
    """A connection to the address that was looked at, whatever its name resolves to by now."""

    def __init__(self, parts: SplitResult, port: int, address: str) -> None:
        super().__init__(str(parts.hostname), port, timeout=SECONDS)
        self.address, self.is_secure = address, parts.scheme == "https"
        self.default_port = 443 if self.is_secure else 80

    def connect(self) -> None:
        """Connect to the pinned address; a certificate is still asked for the name."""
        self.sock = socket.create_connection((self.address, self.port), SECONDS)
        if self.is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
