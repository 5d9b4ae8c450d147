"""The API of series."""

from typing import Any

from flask.views import MethodView

from events import series as verbs
from events.series_documents import Series
from events.series_schemas import DaysRequest, DaysSchema, SeriesPatch, SeriesQuery, SeriesRequest, SeriesSchema
from network_api.api import Blueprint
from network_api.auth.access import anybody, public, role_in_body
from network_api.auth.caller import EDITOR, Caller
from network_api.documents import Page, Row

blueprint = Blueprint("series", __name__, url_prefix="/api/v1", description="Series of theme days")


@public
def any_series(caller: Caller, series_id: str) -> Series:
    """A series; all of them are public."""
    return Series.get(series_id)


def editable_series(caller: Caller, series_id: str) -> Series:
    """A series of a network that the caller edits."""
    caller.require_sign_in()
    found = Series.get(series_id)
    caller.require(EDITOR, found.network_id)
    return found


@blueprint.route("/series")
class SeriesList(MethodView):
    """Series."""

    @blueprint.access(anybody, scope="events:read")
    @blueprint.page(SeriesSchema, SeriesQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List series of theme days"""
        return verbs.find_series(query)

    @blueprint.access(role_in_body(EDITOR), scope="events:write")
    @blueprint.arguments(SeriesRequest)
    @blueprint.response(201, SeriesSchema, etag=True)
    def post(self, caller: Caller, given: dict[str, Any]) -> Series:
        """Make a series of theme days"""
        return verbs.make_series(caller, given)


@blueprint.route("/series/<id:series_id>")
class SeriesItem(MethodView):
    """One series."""

    @blueprint.access(any_series, scope="events:read")
    @blueprint.response(200, SeriesSchema, etag=True)
    def get(self, caller: Caller, found: Series) -> Series:
        """Read a series"""
        return found

    @blueprint.access(editable_series, scope="events:write")
    @blueprint.if_match
    @blueprint.arguments(SeriesPatch)
    @blueprint.response(200, SeriesSchema, etag=True)
    def patch(self, caller: Caller, found: Series, changes: dict[str, Any], version: int | None) -> Series:
        """Edit a series"""
        return verbs.change_series(caller, found, changes, version)

    @blueprint.access(editable_series, scope="events:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, found: Series, version: int | None) -> None:
        """Delete a series that no theme day belongs to"""
        verbs.remove_series(caller, found, version)


@blueprint.route("/series/<id:series_id>/events")
class SeriesDays(MethodView):
    """The theme days of a series."""

    @blueprint.access(editable_series, scope="events:write")
    @blueprint.arguments(DaysRequest)
    @blueprint.response(200, DaysSchema)
    def post(self, caller: Caller, found: Series, given: dict[str, Any]) -> Row:
        """Draft the theme days of a series, such as those of a year

        Copies of the template at these times, all or none. A theme day that is there already is left alone, so the same
        request again drafts nothing.
        """
        return verbs.draft_days(caller, found, given["starts_at"])
