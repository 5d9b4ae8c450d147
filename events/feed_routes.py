"""The API of the personal calendar."""

from typing import Any

from flask.views import MethodView

from events import feeds
from events.feed_documents import CalendarLink
from events.feed_schemas import CalendarLinkSchema
from network_api.api import Blueprint
from network_api.auth.access import signed_in
from network_api.auth.caller import Caller
from network_api.documents import Row
from network_api.schemas import Nothing

blueprint = Blueprint("calendar_links", __name__, url_prefix="/api/v1", description="The personal calendar")


def own_address(caller: Caller) -> CalendarLink:
    """The address of the caller's own calendar."""
    caller.require_sign_in()
    return CalendarLink.of_member(caller.member_id)


@blueprint.route("/members/me/calendar")
class MyCalendar(MethodView):
    """The address of one's own calendar."""

    @blueprint.access(own_address, scope="registrations:read")
    @blueprint.response(200, CalendarLinkSchema)
    def get(self, caller: Caller, link: CalendarLink) -> Row:
        """Read the address of my calendar of theme days"""
        return feeds.as_row(link)

    @blueprint.access(signed_in, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(201, CalendarLinkSchema)
    def post(self, caller: Caller, given: dict[str, Any]) -> Row:
        """Get a new address for my calendar of theme days

        Calendar programs subscribe to it. The address before it is void.
        """
        return feeds.give_address(caller.member_id)

    @blueprint.access(own_address, scope="registrations:write")
    @blueprint.response(204)
    def delete(self, caller: Caller, link: CalendarLink) -> None:
        """Take the address of my calendar back"""
        feeds.take_address_back(link)
