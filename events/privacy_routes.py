"""The API of what is kept apart."""

from typing import Any

from flask.views import MethodView

from events import needs, retention
from events.documents import Event
from events.find import readable_event
from events.needs_schemas import NeedsSchema
from events.retention_schemas import RetentionSchema
from network_api.api import Blueprint
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row

blueprint = Blueprint("needs and retention", __name__, url_prefix="/api/v1", description="What is kept apart, and not for long")


def coordinated_event(caller: Caller, event_id: str) -> Event:
    """A theme day of a network that the caller coordinates; those of a co-host do not."""
    caller.require_sign_in()
    event = readable_event(caller, event_id)
    caller.require(COORDINATOR, event.network_id)
    return event


@blueprint.route("/events/<id:event_id>/needs")
class EventNeeds(MethodView):
    """Needs of a theme day's people."""

    @blueprint.access(coordinated_event, scope="registrations:read")
    @blueprint.page(NeedsSchema)
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Page:
        """List what the people of a theme day need to take part, and what they eat

        Nowhere else do coordinators read it. It is deleted soon after the day.
        """
        return needs.find_needs(event, query)


@blueprint.route("/events/<id:event_id>/retention")
class EventRetention(MethodView):
    """How long what is known about a theme day's people is kept."""

    @blueprint.access(coordinated_event, scope="registrations:read")
    @blueprint.response(200, RetentionSchema)
    def get(self, caller: Caller, event: Event) -> Row:
        """Read what is kept about a theme day's people, what for, until when, and what has been taken out"""
        return retention.terms_of(event)
