"""The API of materials."""

from typing import Any, NamedTuple

from bson import ObjectId
from flask import Response, request
from flask.views import MethodView

from events import find, materials
from events.documents import Event
from events.material_schemas import FileQuery, MaterialPatch, MaterialRequest, MaterialSchema
from events.registration_documents import MANAGE, Registration
from events.registration_routes import mailed
from network_api.api import Blueprint
from network_api.auth.access import public
from network_api.auth.caller import EDITOR, Caller
from network_api.documents import Page, Row, object_id

blueprint = Blueprint("materials", __name__, url_prefix="/api/v1", description="Materials and recordings of theme days")
MOST_BYTES = 25 * 1024 * 1024
EXAMPLE = "%PDF-1.7 ..."


class Found(NamedTuple):
    """A material and its theme day."""

    event: Event
    material_id: ObjectId


@public
def readable_event(caller: Caller, event_id: str) -> Row:
    """A theme day that the caller can see."""
    return find.readable_row(caller, event_id)


def editable_event(caller: Caller, event_id: str) -> Event:
    """A theme day of a network that the caller edits."""
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    caller.require(EDITOR, event.network_id)
    return event


@public
def readable_material(caller: Caller, event_id: str, material_id: str) -> tuple[Row, Row]:
    """A material that the caller may read now, and its theme day."""
    event = find.readable_row(caller, event_id)
    return event, materials.one_of(materials.readable(caller, event), object_id(material_id, "material_id"))


def editable_material(caller: Caller, event_id: str, material_id: str) -> Found:
    """A material of a theme day that the caller edits."""
    event = editable_event(caller, event_id)
    return Found(event, materials.one_of(event.materials, object_id(material_id, "material_id")).material_id)


@public
def mailed_material(caller: Caller, token: str, material_id: str) -> Row:
    """A material that the participant of a manage link may read now."""
    own = Registration.of_link(MANAGE, token)
    event = Event.get(own.event_id).to_mongo()
    return materials.one_of(materials.readable(caller, event, own), object_id(material_id, "material_id"))


@blueprint.route("/events/<id:event_id>/materials")
class EventMaterials(MethodView):
    """Materials of a theme day."""

    @blueprint.access(readable_event, scope="events:read")
    @blueprint.page(MaterialSchema)
    def get(self, caller: Caller, event: Row, query: dict[str, Any]) -> Page:
        """List the materials of a theme day that are open to me"""
        return materials.find_materials(event, materials.readable(caller, event), query)

    @blueprint.access(editable_event, scope="events:write")
    @blueprint.arguments(MaterialRequest)
    @blueprint.response(201, MaterialSchema, etag=True)
    def post(self, caller: Caller, event: Event, given: dict[str, Any]) -> Row:
        """Add a material: a link, or the place for a file"""
        return materials.add(caller, event, given)


@blueprint.route("/events/<id:event_id>/materials/<id:material_id>")
class MaterialItem(MethodView):
    """One material."""

    @blueprint.access(readable_material, scope="events:read")
    @blueprint.response(200, MaterialSchema, etag=True)
    def get(self, caller: Caller, found: tuple[Row, Row]) -> Row:
        """Read about a material"""
        return materials.as_row(*found)

    @blueprint.access(editable_material, scope="events:write")
    @blueprint.if_match
    @blueprint.arguments(MaterialPatch)
    @blueprint.response(200, MaterialSchema, etag=True)
    def patch(self, caller: Caller, found: Found, changes: dict[str, Any], version: int | None) -> Row:
        """Change a material"""
        return materials.change(caller, *found, changes, version)

    @blueprint.access(editable_material, scope="events:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, found: Found, version: int | None) -> None:
        """Remove a material and its file"""
        materials.remove(caller, *found, version)


@blueprint.route("/events/<id:event_id>/materials/<id:material_id>/file")
class MaterialContent(MethodView):
    """The file of a material."""

    @blueprint.access(readable_material, scope="events:read")
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, caller: Caller, found: tuple[Row, Row]) -> Response:
        """Download the file of a material"""
        return _download(found[1])

    @blueprint.access(editable_material, scope="events:write")
    @blueprint.arguments(FileQuery, location="query")
    @blueprint.file(*materials.TYPES, most=MOST_BYTES, example=EXAMPLE)
    @blueprint.response(200, MaterialSchema, etag=True)
    def put(self, caller: Caller, found: Found, query: dict[str, Any], content: bytes) -> Row:
        """Send the file of a material, at most 25 MiB

        PDF, PNG, JPEG, and documents and presentations of Office and LibreOffice; what the file is, its bytes decide.
        """
        return materials.send_file(caller, *found, query["filename"], request.mimetype, content)


@blueprint.route("/manage/registrations/<token>/materials")
class ManagedMaterials(MethodView):
    """Materials for the participant of a manage link."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.page(MaterialSchema)
    def get(self, caller: Caller, own: Registration, query: dict[str, Any]) -> Page:
        """List the materials that are open to the participant of a manage link"""
        event = Event.get(own.event_id).to_mongo()
        return materials.find_materials(event, materials.readable(caller, event, own), query)


@blueprint.route("/manage/registrations/<token>/materials/<id:material_id>/file")
class ManagedMaterialContent(MethodView):
    """The file of a material for the participant of a manage link."""

    @blueprint.access(mailed_material, scope="registrations:read")
    @blueprint.response(200, content_type="application/octet-stream")
    def get(self, caller: Caller, found: Row) -> Response:
        """Download the file of a material as the participant of a manage link"""
        return _download(found)


def _download(found: Row) -> Response:
    """A stream that a browser saves and never shows as a page of ours."""
    response = Response(materials.content_of(found), content_type=found["content_type"])
    response.headers.set("Content-Disposition", "attachment", filename=found["filename"])
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-cache"
    response.content_length = found["size"]
    return response
