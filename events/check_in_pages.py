"""The door of a theme day: scanned tickets, and people who are found by name. Made for a phone."""

from typing import Any

from flask import Response, request, url_for

from events import attendance, check_ins, desk, registration
from events.attendance_documents import Attendance
from events.attendance_routes import coordinated_event
from events.attendance_schemas import CheckInRequest, Scan
from events.check_ins import AlreadyCheckedIn
from events.documents import Event
from events.registration_documents import Registration
from events.telling import refused_at_the_door
from network_api.auth.caller import Caller
from network_api.documents import Row
from network_api.errors import DomainError, NotFound
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to, permitted

pages = Pages("check_in_pages", "events", url_prefix="/desk/events/<event_id>/check-in")
CAMERA = "camera=(self), microphone=(), geolocation=()"
_FOUND = {"limit": 20, "total": False, "after": None}


@pages.get("")
@permitted(coordinated_event)
def show(caller: Caller, event: Event) -> Response:
    """The field for a code, the search by name, what has just happened, and how many are here."""
    wanted = request.args.get("q", "").strip()
    response = page(
        "events/desk/check_in.html",
        private=True,
        form=Form(request.args),
        event=event.to_mongo(),
        turnout=desk.turnout(event.pk),
        people=_named(caller, event, wanted) if wanted else [],
        entry=_entry(event),
        is_again="again" in request.args,
        refused=refused_at_the_door(request.args.get("refused", "")),
    )
    response.headers["Permissions-Policy"] = CAMERA
    return response


def _named(caller: Caller, event: Event, wanted: str) -> list[Row]:
    return registration.find_registrations(caller, event, {"q": wanted, "paging": _FOUND}).items


def _entry(event: Event) -> Row | None:
    """The entry of the ledger that has just been made, with the name of the person."""
    if not (named := request.args.get("entry")):
        return None
    entry = Attendance.get(named)
    if entry.event_id != event.pk:
        raise NotFound
    return attendance.shown(entry)


@pages.post("")
@permitted(coordinated_event)
def scan(caller: Caller, event: Event) -> Response:
    """Let in the holder of a ticket."""
    form = Form.sent()
    given = form.load(Scan, {"code": form["code"]})
    if given is None:
        return _go_on(event, refused="ticket_invalid")
    try:
        entry = check_ins.check_in(caller, event, given)
    except AlreadyCheckedIn as error:
        return _go_on(event, entry=error.entry.pk, again="yes")
    except DomainError as error:
        return _go_on(event, refused=error.code)
    return _go_on(event, entry=entry.pk)


@pages.post("/by-hand")
@permitted(coordinated_event)
def mark(caller: Caller, event: Event) -> Response:
    """Mark somebody present whom a coordinator knows."""
    form = Form.sent()
    found = Registration.get(form["registration_id"])
    if found.event_id != event.pk:
        raise NotFound
    given = form.load(CheckInRequest, {}) or {}
    try:
        entry, is_new = attendance.mark(caller, found, given)
    except DomainError as error:
        return _go_on(event, refused=error.code)
    return _go_on(event, entry=entry.pk, again=None if is_new else "yes")


@pages.post("/undo")
@permitted(coordinated_event)
def undo(caller: Caller, event: Event) -> Response:
    """Let an entry that was made by mistake count no longer."""
    entry = Attendance.get(Form.sent()["entry_id"])
    if entry.event_id != event.pk:
        raise NotFound
    try:
        attendance.void(caller, entry, attendance.UNDONE, None)
    except DomainError as error:
        return _go_on(event, refused=error.code)
    return _go_on(event)


def _go_on(event: Event, **told: Any) -> Response:
    return go_to(url_for(".show", event_id=event.pk, **told))
