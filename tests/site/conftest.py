"""A network with everything that its public pages can show."""

import pytest

from network_api.networks.documents import Network
from tests.newsletters.factories import introduce, make_newsletter, theme_day

MANY = 27  # more than a list shows at once


@pytest.fixture
def full(regional: Network, other_region: Network) -> Network:
    """A network with a newsletter, more theme days than a page holds, and people who have introduced themselves."""
    for number in range(MANY):
        theme_day(regional, f"Päivä {number}", slug="valmennus" if not number else f"paiva-{number}", topics=["nuoret"])
        introduce(regional, f"esittely{number}@example.org", f"Esittelyni on **numero {number}**.")
    theme_day(other_region, "Lapin päivä", slug="lapin-paiva")
    make_newsletter(regional)
    return regional
