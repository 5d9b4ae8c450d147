"""Fixtures of newsletters: a letter of the regional network, and the people who make it."""

from collections.abc import Callable, Iterator

import pytest

from network_api.networks.documents import Network
from newsletters.dispatch.pool import pool
from newsletters.documents import Newsletter
from tests.conftest import Api
from tests.newsletters.factories import make_newsletter


@pytest.fixture(autouse=True)
def _no_connection_is_left() -> Iterator[None]:
    """Each test meets its servers anew."""
    yield
    pool.close()


@pytest.fixture
def newsletter(regional: Network) -> Newsletter:
    """The letter of the regional network."""
    return make_newsletter(regional)


@pytest.fixture
def editor(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Somebody who writes it."""
    return signed_in("toimittaja@example.org", regional, "editor")


@pytest.fixture
def coordinator(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Somebody who approves and sends it."""
    return signed_in("koordinaattori@example.org", regional, "coordinator")
