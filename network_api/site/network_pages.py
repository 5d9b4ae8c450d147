"""The front page, and the pages of networks: each feature's public things side by side, one query for each."""

from typing import Any

from flask import Response

from events import find
from network_api.auth.caller import STRANGER
from network_api.members.actions import find_introductions
from network_api.networks.actions import all_networks, by_region, network_of_slug
from network_api.pages.frame import Pages, page
from newsletters.actions import find_newsletters

pages = Pages("network_pages", "network_api")
FEW, SEVERAL = 3, 10


def _first(number: int, **filters: Any) -> dict[str, Any]:
    return {**filters, "paging": {"limit": number, "total": False, "after": None}}


@pages.get("/")
def front() -> Response:
    """The front page: what comes, where the networks are, who is new, and the newsletters."""
    networks = all_networks()
    return page(
        "site/front.html",
        coming=find.find_coming(STRANGER, _first(FEW + 1)).items,
        networks=networks,
        regions_served=by_region(networks),
        introductions=find_introductions(STRANGER, _first(FEW)).items,
        newsletters=find_newsletters(_first(FEW)).items,
    )


@pages.get("/networks")
def list_networks() -> Response:
    """All networks, on the map and by region."""
    networks = all_networks()
    return page("site/networks.html", networks=networks, regions_served=by_region(networks))


@pages.get("/networks/<slug>")
def show_network(slug: str) -> Response:
    """A network with its coming theme days, its newsletters and those of its members who have introduced themselves."""
    network = network_of_slug(slug)
    return page(
        "site/network.html",
        network=network.to_mongo(),
        coming=find.find_coming(STRANGER, _first(SEVERAL, network=network.pk)),
        introductions=find_introductions(STRANGER, _first(SEVERAL, network=network.pk)),
        newsletters=find_newsletters(_first(SEVERAL, network=network.pk)).items,
    )
