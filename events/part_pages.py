"""The parts of a theme day on the desk: its questions, its agenda, its materials, and the networks that arrange it too."""

from contextlib import closing
from typing import Any

from bson import ObjectId
from flask import Response, request, url_for
from flask_babel import gettext

from events import cohosting, materials, part_forms, publishing
from events.cohost_routes import CoHost, arranged_event, coordinated_co_host
from events.desk_pages import refusals
from events.documents import Event
from events.material_routes import MOST_BYTES, Found, editable_material
from events.material_schemas import MaterialRequest
from events.part_forms import AGENDA, QUESTIONS
from events.routes import editable_event
from events.schemas import EventPatch
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.errors import DomainError
from network_api.networks.actions import all_networks
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to, permitted

pages = Pages("theme_day_parts", "events", url_prefix="/desk/events/<event_id>")
_ROOM_FOR_FIELDS = 64 * 1024  # bytes of a form besides its file


def _part(part: str, event: Event, form: Form) -> Response:
    places = part_forms.places(form, part)
    return page(f"events/desk/{part}.html", private=True, status=form.status, form=form, event=event, places=places)


def _change(part: str, caller: Caller, event: Event) -> Response:
    form = Form.sent()
    given = part_forms.load(form, part, event)
    if given is None:
        return _part(part, event, form)
    try:
        publishing.change_event(caller, event, given, form.version)
    except DomainError as error:
        form.refuse(error, refusals())
        part_forms.show_faults(form, part, event)
        form.typed["version"] = str(event.fresh().version)
        return _part(part, event, form)
    return go_to(url_for(f".show_{part}", event_id=event.pk))


@pages.get("/questions")
@permitted(editable_event)
def show_questions(caller: Caller, event: Event) -> Response:
    """What the registration form asks besides."""
    return _part(QUESTIONS, event, part_forms.filled(event, QUESTIONS))


@pages.post("/questions")
@permitted(editable_event)
def change_questions(caller: Caller, event: Event) -> Response:
    """Change them, as they were when the form was opened."""
    return _change(QUESTIONS, caller, event)


@pages.get("/agenda")
@permitted(editable_event)
def show_agenda(caller: Caller, event: Event) -> Response:
    """The programme of the day."""
    return _part(AGENDA, event, part_forms.filled(event, AGENDA))


@pages.post("/agenda")
@permitted(editable_event)
def change_agenda(caller: Caller, event: Event) -> Response:
    """Change it, as it was when the form was opened."""
    return _change(AGENDA, caller, event)


@pages.get("/materials")
@permitted(editable_event)
def show_materials(caller: Caller, event: Event) -> Response:
    """What participants get to read and to see."""
    return _materials(event, Form({"kind": "material", "audience": "participants", "opens": "before"}))


def _materials(event: Event, form: Form) -> Response:
    return page("events/desk/materials.html", private=True, status=form.status, form=form, event=event.fresh())


@pages.post("/materials")
@permitted(editable_event)
def add_material(caller: Caller, event: Event) -> Response:
    """Add a link, or the place for a file."""
    form = Form.sent()
    typed: dict[str, Any] = {name: form[name] for name in ("kind", "audience", "opens", "url") if form[name]}
    given = form.load(MaterialRequest, {"title": form.texts("title"), **typed})
    if given is None:
        form.errors = {"title.fi" if name == "title" else name: words for name, words in form.errors.items()}
        return _materials(event, form)
    materials.add(caller, event, given)
    return go_to(url_for(".show_materials", event_id=event.pk))


@pages.post("/materials/<material_id>/file")
@permitted(editable_material)
def send_file(caller: Caller, found: Found) -> Response:
    """Send the file of a material."""
    request.max_content_length = MOST_BYTES + _ROOM_FOR_FIELDS
    sent, form = request.files.get("file"), Form({"opens": "before"})
    if sent is None or sent.mimetype not in materials.TYPES:
        form.errors[""] = gettext("Please choose a PDF, a picture, or a document or presentation of Office or LibreOffice.")
        return _materials(found.event, form)
    with closing(sent):
        content = sent.read()
    try:
        materials.send_file(caller, *found, sent.filename or "file", sent.mimetype, content)
    except DomainError:
        form.errors[""] = gettext("The file is not what its name says, or its place is gone. Look at it, and send it again.")
        return _materials(found.event, form)
    return go_to(url_for(".show_materials", event_id=found.event.pk))


@pages.post("/materials/<material_id>/remove")
@permitted(editable_material)
def remove_material(caller: Caller, found: Found) -> Response:
    """Remove a material with its file."""
    materials.remove(caller, *found, None)
    return go_to(url_for(".show_materials", event_id=found.event.pk))


@pages.get("/co-hosts")
@permitted(arranged_event)
def show_co_hosts(caller: Caller, event: Event) -> Response:
    """Who arranges it too; those who were asked answer here."""
    return _co_hosts(caller, event, Form())


def _co_hosts(caller: Caller, event: Event, form: Form) -> Response:
    event = event.fresh()
    return page(
        "events/desk/co_hosts.html",
        private=True,
        status=form.status,
        form=form,
        event=event,
        networks={row["_id"]: row for row in all_networks()},
        partners=[cohosting.as_row(event, ObjectId(name)) for name in sorted(event.partners)],
        edits=caller.has_role(EDITOR, event.network_id),
        coordinates=[found for found in event.co_hosts if caller.has_role(COORDINATOR, found)],
    )


@pages.post("/co-hosts")
@permitted(editable_event)
def change_co_hosts(caller: Caller, event: Event) -> Response:
    """Ask another network, or no longer have one."""
    form = Form.sent()
    before = [str(found) for found in event.co_hosts if str(found) != form["remove"]]
    given = form.load(EventPatch, {"co_hosts": [*before, *([form["network"]] if form["network"] else [])]})
    if given is None:
        return _co_hosts(caller, event, form)
    try:
        publishing.change_event(caller, event, given, form.version)
    except DomainError as error:
        form.refuse(error, refusals())
        return _co_hosts(caller, event, form)
    return go_to(url_for(".show_co_hosts", event_id=event.pk))


@pages.post("/co-hosts/<co_host_id>/<any(accept, decline):answer>")
@permitted(lambda caller, event_id, co_host_id, answer: (coordinated_co_host(caller, event_id, co_host_id), answer))
def answer(caller: Caller, asked: tuple[CoHost, str]) -> Response:
    """Arrange it too, or not."""
    found, said = asked
    form = Form()
    try:
        (cohosting.accept if said == "accept" else cohosting.decline)(caller, *found)
    except DomainError as error:
        form.refuse(error, refusals())
        return _co_hosts(caller, found.event, form)
    return go_to(url_for("desk_pages.home") if said == "decline" else url_for(".show_co_hosts", event_id=found.event.pk))
