"""The web pages of a participant: the door to the remote room, and the page of a registration."""

from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale

from events import door as remote_door
from events import mails, materials, offers, registration
from events.documents import Event, title_of
from events.errors import EventCancelled, EventEnded, NoOffer
from events.registration_documents import BY_PERSON, JOIN, MANAGE, Registration
from network_api.auth.caller import STRANGER
from network_api.errors import Conflict
from network_api.languages import in_language

blueprint = Blueprint("event_pages", __name__, template_folder="templates")

# A browser holds the redirect that follows a form to the form's policy too, and the room is another site. Which one, a
# GET does not tell: scanners of mail follow links.
DOOR_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' https:"


@blueprint.get("/join/<token>")
def door(token: str) -> Response:
    """The door: when it opens, or the button that opens it. Records nothing."""
    return _door_page(Registration.of_link(JOIN, token), token)


@blueprint.post("/join/<token>")
def enter(token: str) -> Response:
    """Go in: attendance is noted once, and the remote room follows."""
    found = Registration.of_link(JOIN, token)
    room = remote_door.enter(found)
    return _private(make_response(redirect(room, 303))) if room else _door_page(found, token)


def _door_page(found: Registration, token: str) -> Response:
    event = Event.get(found.event_id)
    response = _page(
        found,
        event,
        "door.html",
        state=remote_door.state_of_door(found, event),
        opens_at=remote_door.opens_at(event),
        token=token,
    )
    response.headers["Content-Security-Policy"] = DOOR_POLICY
    return response


@blueprint.get("/manage/registrations/<token>")
def manage(token: str) -> Response:
    """What is registered, with its materials, and buttons to cancel it and to answer an offer."""
    return _manage_page(token)


def _manage_page(token: str, *, is_too_late: bool = False) -> Response:
    found = Registration.of_link(MANAGE, token)
    event = Event.get(found.event_id)
    opened = [(in_language(each.title, found.language), each) for each in materials.readable(STRANGER, event, found)]
    place = found.position()
    return _page(found, event, "manage.html", token=token, position=place, materials=opened, is_too_late=is_too_late)


@blueprint.post("/manage/registrations/<token>/cancel")
def cancel(token: str) -> Response:
    """Cancel the registration; back to its page."""
    registration.cancel(STRANGER, Registration.of_link(MANAGE, token), None, BY_PERSON)
    return _back_to(token)


@blueprint.post("/manage/registrations/<token>/accept-offer")
def accept_offer(token: str) -> Response:
    """Accept the offered seat; back to the page."""
    offers.accept(STRANGER, Registration.of_link(MANAGE, token))
    return _back_to(token)


@blueprint.post("/manage/registrations/<token>/decline-offer")
def decline_offer(token: str) -> Response:
    """Leave the offered seat to the next; back to the page."""
    offers.decline(STRANGER, Registration.of_link(MANAGE, token))
    return _back_to(token)


@blueprint.errorhandler(NoOffer)
@blueprint.errorhandler(EventCancelled)
@blueprint.errorhandler(EventEnded)
def too_late(error: Conflict) -> tuple[Response, int]:
    """Whoever presses a button of that page too late sees how things are now."""
    return _manage_page((request.view_args or {})["token"], is_too_late=True), error.status


def _back_to(token: str) -> Response:
    return _private(make_response(redirect(url_for(".manage", token=token), 303)))


def _page(found: Registration, event: Event, template: str, **values: object) -> Response:
    """A page in the participant's own language, kept by nobody."""
    language = str(found.language)

    def said(instant: datetime) -> str:
        return mails.moment(event, instant, language)

    with force_locale(language):
        text = render_template(
            f"events/{template}",
            registration=found,
            event=event,
            language=language,
            title=title_of(event, language),
            day=mails.day_of(event, language),
            hours=mails.hours_of(event, language),
            said=said,
            **values,
        )
    return _private(Response(text))


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
