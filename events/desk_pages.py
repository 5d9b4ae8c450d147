"""The desk of theme days, for who arranges them: figures, participants, drafting, publishing, calling off."""

from flask import Response, request, url_for
from flask_babel import get_locale, gettext

from events import desk, event_form, figures, participants, publishing, registration
from events.attendance_routes import coordinated_event
from events.documents import Event
from events.registration_routes import event_with_participants
from events.routes import editable_event
from events.schemas import CancelRequest
from network_api import tables
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.errors import DomainError, Forbidden, NotFound
from network_api.networks.actions import networks_of
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to, permitted, signed_in
from network_api.tables import CSV, XLSX

pages = Pages("theme_day_desk", "events", url_prefix="/desk/events")
MOST_LISTED = 2000  # participants on the list to print


@pages.get("/new")
@signed_in
def new(caller: Caller) -> Response:
    """A form for a new theme day."""
    return _form(caller, event_form.blank(request.args.get("network", "")))


@pages.post("/new")
@signed_in
def draft(caller: Caller) -> Response:
    """Draft a theme day."""
    form = Form.sent()
    given = event_form.load(form)
    if given is None:
        return _form(caller, form)
    try:
        caller.require(EDITOR, given["network_id"])
        event = publishing.draft_event(caller, given)
    except DomainError as error:
        form.refuse(error, refusals())
        return _form(caller, form)
    return go_to(url_for(".show", event_id=event.pk))


def _form(caller: Caller, form: Form, event: Event | None = None) -> Response:
    networks = networks_of(caller, EDITOR)
    if not networks:
        raise Forbidden
    return page("events/desk/form.html", private=True, status=form.status, form=form, networks=networks, event=event)


@pages.get("/<event_id>")
@permitted(desk.event_at_desk)
def show(caller: Caller, event: Event) -> Response:
    """A theme day at a glance."""
    return _show(caller, event, Form())


def _show(caller: Caller, event: Event, form: Form) -> Response:
    row = event.fresh().to_mongo()
    return page(
        "events/desk/event.html",
        private=True,
        status=form.status,
        form=form,
        event=row,
        turnout=desk.turnout(event.pk),
        bars=desk.sign_ups(row),
        edits=caller.has_role(EDITOR, event.network_id),
        coordinates=caller.has_role(COORDINATOR, event.network_id),
        reads=caller.has_role(COORDINATOR, event.network_id, *event.accepted_co_hosts),
    )


@pages.get("/<event_id>/edit")
@permitted(editable_event)
def edit(caller: Caller, event: Event) -> Response:
    """The form with a theme day as it is."""
    return _form(caller, event_form.filled(event.to_mongo()), event)


@pages.post("/<event_id>/edit")
@permitted(editable_event)
def change(caller: Caller, event: Event) -> Response:
    """Change a theme day, as it was when the form was opened."""
    form = Form.sent()
    given = event_form.load(form, event)
    if given is None:
        return _form(caller, form, event)
    try:
        publishing.change_event(caller, event, given, form.version)
    except DomainError as error:
        form.refuse(error, refusals())
        form.typed["version"] = str(event.fresh().version)
        return _form(caller, form, event)
    return go_to(url_for(".show", event_id=event.pk))


@pages.post("/<event_id>/publish")
@permitted(editable_event)
def publish(caller: Caller, event: Event) -> Response:
    """Publish a draft."""
    form = Form()
    try:
        publishing.publish_event(caller, event)
    except DomainError as error:
        form.refuse(error, refusals())
        return _show(caller, event, form)
    return go_to(url_for(".show", event_id=event.pk))


@pages.post("/<event_id>/cancel")
@permitted(editable_event)
def cancel(caller: Caller, event: Event) -> Response:
    """Call a theme day off, and tell everybody who is registered."""
    form = Form.sent()
    given = form.load(CancelRequest, {"reason": form.texts("reason") or None})
    if given is None:
        return _show(caller, event, form)
    try:
        publishing.cancel_event(caller, event, given["reason"])
    except DomainError as error:
        form.refuse(error, refusals())
        return _show(caller, event, form)
    return go_to(url_for(".show", event_id=event.pk))


@pages.post("/<event_id>/remove")
@permitted(editable_event)
def remove(caller: Caller, event: Event) -> Response:
    """Delete a draft."""
    form = Form()
    try:
        publishing.remove_event(caller, event, None)
    except DomainError as error:
        form.refuse(error, refusals())
        return _show(caller, event, form)
    return go_to(url_for("desk_pages.home"))


@pages.get("/<event_id>/participants")
@permitted(event_with_participants)
def list_participants(caller: Caller, event: Event) -> Response:
    """Who takes part, to look at and to print."""
    query = {"paging": {"limit": MOST_LISTED, "total": False, "after": None}}
    found = registration.find_registrations(caller, event, query)
    people = sorted(found.items, key=lambda row: (row["status"], row["name"].casefold()))
    return page("events/desk/participants.html", private=True, event=event.to_mongo(), people=people, is_whole=found.next is None)


@pages.get("/<event_id>/participants.<kind>")
@permitted(lambda caller, event_id, kind: (event_with_participants(caller, event_id), kind))
def download_participants(caller: Caller, asked: tuple[Event, str]) -> Response:
    """The participants as a table in the reader's language. Downloading it is noted."""
    event, kind = asked
    return participants.registrations(_known(kind), caller, event, {"language": str(get_locale())})


@pages.get("/<event_id>/attendance.<kind>")
@permitted(lambda caller, event_id, kind: (coordinated_event(caller, event_id), kind))
def download_attendance(caller: Caller, asked: tuple[Event, str]) -> Response:
    """Who came, as a table in the reader's language. Downloading it is noted."""
    event, kind = asked
    return participants.attendance(_known(kind), caller, event, {"language": str(get_locale())})


@pages.get("/<event_id>/figures.csv")
@permitted(coordinated_event)
def download_figures(caller: Caller, event: Event) -> Response:
    """The figures for funders, in which nobody is known."""
    return tables.download(CSV, f"{event.slug}-figures", figures.as_rows(figures.of_event(event)))


def _known(kind: str) -> str:
    if kind not in (CSV, XLSX):
        raise NotFound
    return kind


def refusals() -> dict[str, str]:
    """What the rules of theme days say, in words for people, by code."""
    return {
        "forbidden": gettext("You may not do this for that network. Choose one that you edit."),
        "slug_taken": gettext("Another theme day has this name in its address. Change the title a little."),
        "stale_version": gettext(
            "Somebody has changed this theme day since you opened the form. What you typed stands below: compare it with the "
            "theme day as it is now, and save again if yours is to hold."
        ),
        "capacity_below_taken": gettext("More seats are taken than that. Give at least as many."),
        "quota_too_large": gettext("Seats that are set apart for co-hosts would not fit. Give more."),
        "not_a_draft": gettext("It has been published already."),
        "not_published": gettext("A draft is deleted, not called off."),
        "event_published": gettext("It has been published, so it can only be called off."),
        "event_cancelled": gettext("This theme day has been called off."),
        "event_ended": gettext("This theme day is over."),
        "not_invited": gettext("The invitation has been taken back."),
    }
