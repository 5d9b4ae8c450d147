"""The API of theme days."""

from typing import Any

from flask.views import MethodView

from events import find, publishing
from events.documents import Event
from events.schemas import CancelRequest, DuplicateRequest, EventPatch, EventQuery, EventRequest, EventSchema
from network_api.api import Blueprint
from network_api.auth.access import anybody, public, role_in_body
from network_api.auth.caller import EDITOR, Caller
from network_api.documents import Page, Row
from network_api.schemas import Nothing

blueprint = Blueprint("events", __name__, url_prefix="/api/v1", description="Theme days")


@public
def readable_event(caller: Caller, event_id: str) -> Row:
    """A theme day, as it is stored; a draft only for those who may see it."""
    return find.readable_row(caller, event_id)


def editable_event(caller: Caller, event_id: str) -> Event:
    """A theme day of a network that the caller edits; others do not learn that a draft exists."""
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    caller.require(EDITOR, event.network_id)
    return event


@blueprint.route("/events")
class Events(MethodView):
    """Theme days."""

    @blueprint.access(anybody, scope="events:read")
    @blueprint.page(EventSchema, EventQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List theme days"""
        return find.find_events(caller, query)

    @blueprint.access(role_in_body(EDITOR), scope="events:write")
    @blueprint.arguments(EventRequest)
    @blueprint.response(201, EventSchema, etag=True)
    def post(self, caller: Caller, given: dict[str, Any]) -> Event:
        """Draft a theme day"""
        return publishing.draft_event(caller, given)


@blueprint.route("/events/<id:event_id>")
class EventItem(MethodView):
    """One theme day."""

    @blueprint.access(readable_event, scope="events:read")
    @blueprint.response(200, EventSchema, etag=True)
    def get(self, caller: Caller, event: Row) -> Row:
        """Read a theme day"""
        return find.shown(caller, event)

    @blueprint.access(editable_event, scope="events:write")
    @blueprint.if_match
    @blueprint.arguments(EventPatch)
    @blueprint.response(200, EventSchema, etag=True)
    def patch(self, caller: Caller, event: Event, changes: dict[str, Any], version: int | None) -> Event:
        """Edit a theme day

        More seats go to those who wait; a new time or place is mailed to everybody who is registered.
        """
        return publishing.change_event(caller, event, changes, version)

    @blueprint.access(editable_event, scope="events:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, event: Event, version: int | None) -> None:
        """Delete a draft"""
        publishing.remove_event(caller, event, version)


@blueprint.route("/events/<id:event_id>/publish")
class EventPublish(MethodView):
    """Publication."""

    @blueprint.access(editable_event, scope="events:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, EventSchema, etag=True)
    def post(self, caller: Caller, event: Event, given: dict[str, Any]) -> Event:
        """Publish a theme day"""
        return publishing.publish_event(caller, event)


@blueprint.route("/events/<id:event_id>/cancel")
class EventCancel(MethodView):
    """Cancellation."""

    @blueprint.access(editable_event, scope="events:write")
    @blueprint.arguments(CancelRequest)
    @blueprint.response(200, EventSchema, etag=True)
    def post(self, caller: Caller, event: Event, given: dict[str, Any]) -> Event:
        """Cancel a theme day and tell everybody who is registered"""
        return publishing.cancel_event(caller, event, given.get("reason"))


@blueprint.route("/events/<id:event_id>/duplicate")
class EventDuplicate(MethodView):
    """Copies."""

    @blueprint.access(editable_event, scope="events:write")
    @blueprint.arguments(DuplicateRequest)
    @blueprint.response(201, EventSchema, etag=True)
    def post(self, caller: Caller, event: Event, given: dict[str, Any]) -> Event:
        """Draft a copy of a theme day, for another time where one is given"""
        return publishing.duplicate_event(caller, event, given.get("starts_at"))
