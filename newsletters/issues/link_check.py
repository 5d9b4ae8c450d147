"""Whether links lead somewhere, asked without becoming anybody's way into a private network.

Off unless `NETWORK_CHECK_LINKS` is on. Names are resolved here, and the request goes to the very address that was looked
at; one that is not public (RFC 6890) is not asked, and neither is one that a redirect leads to.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

SECONDS = 4.0  # for each step of a request
SECONDS_IN_ALL = 20.0
MOST_REDIRECTS = 3
MOST_LINKS = 100
_AT_ONCE = 8
_MOVED = (301, 302, 303, 307, 308)
_GONE = (404, 410)

IpAddress = IPv4Address | IPv6Address


class Unreachable(Exception):
    """Why a link leads nowhere."""


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of the public internet."""
    inner = getattr(address, "ipv4_mapped", None)
    return is_public(inner) if inner else address.is_global and not address.is_multicast


def unreachable(links: Iterable[str], may_ask: Callable[[IpAddress], bool] = is_public) -> dict[str, str]:
    """Those of these links that lead nowhere, with the reason. What cannot be told for certain counts as reachable."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    asked = {link: pool.submit(_reason, link, may_ask) for link in list(links)[:MOST_LINKS]}
    wait(asked.values(), SECONDS_IN_ALL)
    pool.shutdown(wait=False, cancel_futures=True)
    return {link: found.result() for link, found in asked.items() if found.done() and not found.cancelled() and found.result()}


def _reason(link: str, may_ask: Callable[[IpAddress], bool]) -> str:
    try:
        for _ in range(MOST_REDIRECTS + 1):
            status, location = _ask(link, may_ask)
            if status not in _MOVED or not location:
                return f"The server answers {status}." if status in _GONE else ""
            link = urljoin(link, location)
    except Unreachable as error:
        return str(error)
    return "It leads from one place to the next without end."


def _ask(link: str, may_ask: Callable[[IpAddress], bool]) -> tuple[int, str]:
    """One HEAD request. Raises Unreachable."""
    try:
        parts = urlsplit(link)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise Unreachable("It is no address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable("It leads out of the web.")
    connection = _Pinned(parts, port, _address(parts.hostname, port, may_ask))
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("HEAD", target, headers={"User-Agent": "network-api link check"})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")
    except (OSError, HTTPException, UnicodeError) as error:
        raise Unreachable("The server does not answer.") from error
    finally:
        connection.close()


def _address(host: str, port: int, may_ask: Callable[[IpAddress], bool]) -> str:
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
