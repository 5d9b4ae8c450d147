"""The API of figures for funders: of one theme day, and of a network's."""

from typing import Any

from flask import Response
from flask.views import MethodView

from events import figures
from events.attendance_routes import coordinated_event
from events.documents import Event
from events.figure_schemas import FiguresQuery, FiguresSchema
from network_api import tables
from network_api.api import Blueprint
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Row
from network_api.networks.documents import Network
from network_api.tables import CONTENT_TYPES, CSV

blueprint = Blueprint("figures", __name__, url_prefix="/api/v1", description="Figures without persons")


def coordinated_network(caller: Caller, network_id: str) -> Network:
    """A network that the caller coordinates."""
    caller.require_sign_in()
    network = Network.get(network_id)
    caller.require(COORDINATOR, network.pk)
    return network


@blueprint.route("/events/<id:event_id>/figures")
class EventFigures(MethodView):
    """Figures of a theme day."""

    @blueprint.access(coordinated_event, scope="events:read")
    @blueprint.response(200, FiguresSchema)
    def get(self, caller: Caller, event: Event) -> Row:
        """Read the figures of a theme day"""
        return figures.of_event(event)


@blueprint.route("/events/<id:event_id>/figures.csv")
class EventFiguresTable(MethodView):
    """Figures of a theme day as a table."""

    @blueprint.access(coordinated_event, scope="events:read")
    @blueprint.response(200, content_type=CONTENT_TYPES[CSV])
    def get(self, caller: Caller, event: Event) -> Response:
        """Download the figures of a theme day"""
        return tables.download(CSV, f"{event.slug}-figures", figures.as_rows(figures.of_event(event)))


@blueprint.route("/networks/<id:network_id>/figures")
class NetworkFigures(MethodView):
    """Figures of a network's theme days."""

    @blueprint.access(coordinated_network, scope="events:read")
    @blueprint.arguments(FiguresQuery, location="query")
    @blueprint.response(200, FiguresSchema)
    def get(self, caller: Caller, network: Network, query: dict[str, Any]) -> Row:
        """Read the figures of the theme days that a network has held"""
        return figures.of_network(network, query)


@blueprint.route("/networks/<id:network_id>/figures.csv")
class NetworkFiguresTable(MethodView):
    """Figures of a network's theme days as a table."""

    @blueprint.access(coordinated_network, scope="events:read")
    @blueprint.arguments(FiguresQuery, location="query")
    @blueprint.response(200, content_type=CONTENT_TYPES[CSV])
    def get(self, caller: Caller, network: Network, query: dict[str, Any]) -> Response:
        """Download the figures of the theme days that a network has held"""
        return tables.download(CSV, f"{network.slug}-figures", figures.as_rows(figures.of_network(network, query)))
