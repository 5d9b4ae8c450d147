"""Whether links lead somewhere. Off unless `NETWORK_CHECK_LINKS` is on; which may be asked, `network_api.outbound` decides."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import urljoin

from network_api.outbound import MayAsk, Unreachable, ask, is_public

SECONDS_IN_ALL = 20.0
MOST_REDIRECTS = 3
MOST_LINKS = 100
_AT_ONCE = 8
_MOVED = (301, 302, 303, 307, 308)
_GONE = (404, 410)


def unreachable(links: Iterable[str], may_ask: MayAsk = is_public) -> dict[str, str]:
    """Those of these links that lead nowhere, with the reason. What cannot be told for certain counts as reachable."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    asked = {link: pool.submit(_reason, link, may_ask) for link in list(links)[:MOST_LINKS]}
    wait(asked.values(), SECONDS_IN_ALL)
    pool.shutdown(wait=False, cancel_futures=True)
    return {link: found.result() for link, found in asked.items() if found.done() and not found.cancelled() and found.result()}


def _reason(link: str, may_ask: MayAsk) -> str:
    try:
        for _ in range(MOST_REDIRECTS + 1):
            answer = ask("HEAD", link, may_ask=may_ask)
            if answer.status not in _MOVED or not answer.location:
                return f"The server answers {answer.status}." if answer.status in _GONE else ""
            link = urljoin(link, answer.location)
    except Unreachable as error:
        return str(error)
    return "It leads from one place to the next without end."
