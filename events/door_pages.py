"""The door to the remote room. A GET records and reveals nothing, for scanners of mail follow links; its button is a POST."""

from flask import Response, request

from events import door, find, mails
from events.documents import Event
from events.registration_documents import JOIN, Registration
from network_api.auth.caller import STRANGER
from network_api.languages import LANGUAGES
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to

pages = Pages("door_pages", "events", url_prefix="/join/<token>")

# A browser holds the redirect that follows a form to the form's policy too, and the room is another site. Which one, a
# GET does not tell.
DOOR_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' https:"


@pages.get("")
def show(token: str) -> Response:
    """The door: when it opens, or the button that opens it. Records nothing."""
    return _page(Registration.of_link(JOIN, token), token)


@pages.post("")
def enter(token: str) -> Response:
    """Go in: attendance is noted once, and the remote room follows."""
    found = Registration.of_link(JOIN, token)
    room = door.enter(found)
    return go_to(room) if room else _page(found, token)


def _page(found: Registration, token: str) -> Response:
    event, wanted = Event.get(found.event_id), request.args.get("lang")
    language = wanted if wanted in LANGUAGES else str(found.language)
    opens_at = door.opens_at(event)
    response = page(
        "events/door.html",
        language=language,
        private=True,
        token=token,
        event=find.shown(STRANGER, event),
        state=door.state_of_door(found, event),
        opens_at=opens_at,
        opens=mails.moment(event, opens_at, language),
    )
    response.headers["Content-Security-Policy"] = DOOR_POLICY
    return response
