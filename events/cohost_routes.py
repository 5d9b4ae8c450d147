"""The API of co-hosts."""

from typing import Any, NamedTuple

from bson import ObjectId
from flask.views import MethodView

from events import cohosting, find
from events.cohost_schemas import CoHostPatch, CoHostSchema
from events.documents import Event
from network_api.api import Blueprint
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.documents import Page, Row, object_id
from network_api.errors import NotFound
from network_api.schemas import Nothing

blueprint = Blueprint("co_hosts", __name__, url_prefix="/api/v1", description="Networks that arrange a theme day together")


class CoHost(NamedTuple):
    """A network and the theme day that it was asked to arrange too."""

    event: Event
    network_id: ObjectId


def arranged_event(caller: Caller, event_id: str) -> Event:
    """A theme day that the caller edits, or a network of theirs was asked to arrange too."""
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    if not caller.has_role(EDITOR, event.network_id):
        caller.require(COORDINATOR, *event.co_hosts)
    return event


def known_co_host(caller: Caller, event_id: str, co_host_id: str) -> CoHost:
    """A co-host, for those who edit the theme day and for its own coordinators."""
    found = _co_host(caller, event_id, co_host_id)
    if not caller.has_role(EDITOR, found.event.network_id):
        caller.require(COORDINATOR, found.network_id)
    return found


def hosted_co_host(caller: Caller, event_id: str, co_host_id: str) -> CoHost:
    """A co-host of a theme day that the caller edits."""
    found = _co_host(caller, event_id, co_host_id)
    caller.require(EDITOR, found.event.network_id)
    return found


def coordinated_co_host(caller: Caller, event_id: str, co_host_id: str) -> CoHost:
    """A co-host that the caller coordinates."""
    found = _co_host(caller, event_id, co_host_id)
    caller.require(COORDINATOR, found.network_id)
    return found


def _co_host(caller: Caller, event_id: str, co_host_id: str) -> CoHost:
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    if co_host_id not in event.partners:
        raise NotFound
    return CoHost(event, object_id(co_host_id, "co_host_id"))


@blueprint.route("/events/<id:event_id>/co-hosts")
class CoHosts(MethodView):
    """Co-hosts."""

    @blueprint.access(arranged_event, scope="events:read")
    @blueprint.page(CoHostSchema)
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Page:
        """List the networks that were asked to arrange a theme day too"""
        return cohosting.find_co_hosts(event, query)


@blueprint.route("/events/<id:event_id>/co-hosts/<id:co_host_id>")
class CoHostItem(MethodView):
    """One co-host. Networks are invited by naming them in the `co_hosts` of the theme day."""

    @blueprint.access(known_co_host, scope="events:read")
    @blueprint.response(200, CoHostSchema, etag=True)
    def get(self, caller: Caller, found: CoHost) -> Row:
        """Read what a co-host has answered, and which seats are set apart for it"""
        return cohosting.as_row(*found)

    @blueprint.access(hosted_co_host, scope="events:write")
    @blueprint.if_match
    @blueprint.arguments(CoHostPatch)
    @blueprint.response(200, CoHostSchema, etag=True)
    def patch(self, caller: Caller, found: CoHost, given: dict[str, Any], version: int | None) -> Row:
        """Set seats apart for a co-host"""
        return cohosting.set_quota(caller, *found, given, version)


@blueprint.route("/events/<id:event_id>/co-hosts/<id:co_host_id>/accept")
class CoHostAccept(MethodView):
    """An invitation is accepted."""

    @blueprint.access(coordinated_co_host, scope="events:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, CoHostSchema, etag=True)
    def post(self, caller: Caller, found: CoHost, given: dict[str, Any]) -> Row:
        """Arrange a theme day too"""
        return cohosting.accept(caller, *found)


@blueprint.route("/events/<id:event_id>/co-hosts/<id:co_host_id>/decline")
class CoHostDecline(MethodView):
    """An invitation is declined, or a co-host steps back."""

    @blueprint.access(coordinated_co_host, scope="events:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, CoHostSchema, etag=True)
    def post(self, caller: Caller, found: CoHost, given: dict[str, Any]) -> Row:
        """Not arrange a theme day, or no longer"""
        return cohosting.decline(caller, *found)
