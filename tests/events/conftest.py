"""Fixtures of theme days."""

import re
from collections.abc import Callable

import pytest

from events.documents import Event
from events.feature import check
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event
from tests.mailserver import Mailbox

TOKEN = r"([\w~-]+(?:\.[\w~-]+)*)"


@pytest.fixture
def event(regional: Network) -> Event:
    """A published theme day: two seats on site, no limit remotely."""
    return make_event(regional)


@pytest.fixture
def coordinator(signed_in: Callable[..., Api], regional: Network) -> Api:
    """Who coordinates the network that arranges it."""
    return signed_in("koordinaattori@example.org", regional, "coordinator")


@pytest.fixture
def link(mailbox: Mailbox, deliver: Callable[[], None]) -> Callable[..., str]:
    """`link("eka")`: the token of the manage link in the newest mail to somebody; `link("eka", "join/")` of another."""

    def read(who: str, kind: str = "manage/registrations/") -> str:
        deliver()
        found = re.search(kind + TOKEN, mailbox.text_to(f"{who}@example.org"))
        assert found, mailbox.text_to(f"{who}@example.org")
        return found[1]

    return read


def adds_up() -> None:
    """Every invariant of seats and queues holds."""
    assert list(check()) == []
