"""Calendars to subscribe to: of everything, of a network, of a series, of one theme day, and of one person."""

from flask import Blueprint, Response, request
from flask_babel import get_locale

from events import feeds
from events.calendar import calendar_of, coming_events, own_calendar
from events.documents import Event
from events.feed_documents import CalendarLink
from events.find import readable_event
from events.registration_documents import MANAGE, Registration
from events.series_documents import Series
from network_api.auth.caller import STRANGER
from network_api.networks.documents import Network

blueprint = Blueprint("event_feeds", __name__)


@blueprint.get("/events.ics")
def all_events() -> Response:
    """Every theme day as a calendar."""
    return _public(coming_events())


@blueprint.get("/events/<id:event_id>.ics")
def one_event(event_id: str) -> Response:
    """One theme day as a calendar."""
    return _public([readable_event(STRANGER, event_id)])


@blueprint.get("/networks/<id:network_id>/events.ics")
def events_of_network(network_id: str) -> Response:
    """The theme days that a network arranges, as a calendar."""
    return _public(coming_events(network_ids=Network.get(network_id).pk))


@blueprint.get("/series/<id:series_id>/events.ics")
def events_of_series(series_id: str) -> Response:
    """The theme days of a series, as a calendar."""
    return _public(coming_events(series_id=Series.get(series_id).pk))


@blueprint.get("/calendar/<token>.ics")
def own_events(token: str) -> Response:
    """What somebody is registered for; the address itself is the permission."""
    return _private(own_calendar(feeds.own_theme_days(CalendarLink.of_token(token))))


@blueprint.get("/manage/registrations/<token>/event.ics")
def registered_event(token: str) -> Response:
    """The theme day of a manage link, for the participant's own calendar."""
    found = Registration.of_link(MANAGE, token)
    return _private(own_calendar([(found, Event.get(found.event_id))]))


def _public(events: list[Event]) -> Response:
    language = str(get_locale())
    response = _calendar(calendar_of(events, language))
    response.headers["Content-Language"], response.headers["Vary"] = language, "Accept-Language"
    return response


def _private(content: bytes) -> Response:
    response = _calendar(content)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _calendar(content: bytes) -> Response:
    """An answer that calendars ask for again and again: 304 where nothing has changed."""
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response
