"""The API of attendance: tickets, check-ins, the ledger, join links."""

from typing import Any

from flask.views import MethodView

from events import attendance, attendance_import, check_ins, door, find
from events.attendance_documents import Attendance
from events.attendance_schemas import (
    AttendanceQuery,
    AttendanceSchema,
    CheckInRequest,
    ImportQuery,
    ImportSchema,
    Scan,
    ScanBatch,
    ScanResults,
    VoidRequest,
)
from events.documents import Event
from events.meeting_reports import MOST_BYTES
from events.registration_documents import Registration
from events.registration_schemas import RegistrationSchema
from network_api.api import Blueprint
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row
from network_api.errors import NotFound
from network_api.schemas import Nothing

blueprint = Blueprint("attendance", __name__, url_prefix="/api/v1", description="Check-ins and the ledger of attendance")

REPORT_TYPES = ("text/csv", "text/tab-separated-values", "application/vnd.ms-excel", "application/octet-stream")
EXAMPLE = "Name (original name),Email,Duration (minutes)\nAino Virtanen,aino@example.org,85\n"


def coordinated_event(caller: Caller, event_id: str) -> Event:
    """A theme day of a network that the caller coordinates."""
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    caller.require(COORDINATOR, event.network_id)
    return event


def coordinated_registration(caller: Caller, registration_id: str) -> Registration:
    """A registration, for the coordinators; its own person hears that they may not, others nothing."""
    caller.require_sign_in()
    found = Registration.get(registration_id)
    if found.is_of(caller):
        caller.require(COORDINATOR, Event.get(found.event_id).network_id)
    elif not caller.has_role(COORDINATOR, Event.get(found.event_id).network_id):
        raise NotFound
    return found


def coordinated_entry(caller: Caller, attendance_id: str) -> Attendance:
    """An entry of the ledger, for the coordinators; nobody else learns that it exists."""
    caller.require_sign_in()
    found = Attendance.get(attendance_id)
    if not caller.has_role(COORDINATOR, Event.get(found.event_id).network_id):
        raise NotFound
    return found


@blueprint.route("/events/<id:event_id>/check-ins")
class CheckIns(MethodView):
    """Scanned tickets."""

    @blueprint.access(coordinated_event, scope="registrations:write")
    @blueprint.arguments(Scan)
    @blueprint.response(201, AttendanceSchema, etag=True)
    def post(self, caller: Caller, event: Event, scan: dict[str, Any]) -> Row:
        """Check in the holder of a ticket"""
        return attendance.shown(check_ins.check_in(caller, event, scan))


@blueprint.route("/events/<id:event_id>/check-ins/batch")
class CheckInBatch(MethodView):
    """Tickets that were scanned without a network."""

    @blueprint.access(coordinated_event, scope="registrations:write")
    @blueprint.arguments(ScanBatch)
    @blueprint.response(200, ScanResults)
    def post(self, caller: Caller, event: Event, batch: dict[str, Any]) -> Row:
        """Check in many, each with a result of its own

        What has been sent before is recorded once, so a scanner may send everything again.
        """
        return {"results": check_ins.check_in_all(caller, event, batch["scans"])}


@blueprint.route("/registrations/<id:registration_id>/check-in")
class RegistrationCheckIn(MethodView):
    """A mark by hand."""

    @blueprint.access(coordinated_registration, scope="registrations:write")
    @blueprint.arguments(CheckInRequest)
    @blueprint.response(201, AttendanceSchema, etag=True)
    @blueprint.alt_response(200, schema=AttendanceSchema, success=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> tuple[Row, int]:
        """Mark somebody present by hand; 200 where they are already"""
        entry, is_new = attendance.mark(caller, found, given)
        return attendance.shown(entry), 201 if is_new else 200


@blueprint.route("/registrations/<id:registration_id>/join-link/revoke")
class JoinLinkRevoke(MethodView):
    """The link to the remote room."""

    @blueprint.access(coordinated_registration, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> Registration:
        """Let somebody's join link open nothing any more"""
        return door.revoke(caller, found)


@blueprint.route("/registrations/<id:registration_id>/join-link/renew")
class JoinLinkRenew(MethodView):
    """The link to the remote room."""

    @blueprint.access(coordinated_registration, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> Registration:
        """Mail somebody a new join link in place of the old one"""
        return door.renew(caller, found)


@blueprint.route("/events/<id:event_id>/attendance")
class Attendances(MethodView):
    """The ledger of a theme day."""

    @blueprint.access(coordinated_event, scope="registrations:read")
    @blueprint.page(AttendanceSchema, AttendanceQuery)
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Page:
        """List who came, by which source"""
        return attendance.find_entries(event, query)


@blueprint.route("/events/<id:event_id>/attendance/import")
class AttendanceImport(MethodView):
    """The report of a meeting platform."""

    @blueprint.access(coordinated_event, scope="registrations:write")
    @blueprint.arguments(ImportQuery, location="query")
    @blueprint.file(*REPORT_TYPES, most=MOST_BYTES, example=EXAMPLE)
    @blueprint.response(200, ImportSchema)
    def post(self, caller: Caller, event: Event, query: dict[str, Any], content: bytes) -> Row:
        """Import the attendance report of Teams or Zoom

        People are found by their address; who is not is listed. The same report again changes nothing.
        """
        return attendance_import.import_report(caller, event, content, dry_run=query["dry_run"])


@blueprint.route("/attendance/<id:attendance_id>")
class AttendanceItem(MethodView):
    """One entry of the ledger."""

    @blueprint.access(coordinated_entry, scope="registrations:read")
    @blueprint.response(200, AttendanceSchema, etag=True)
    def get(self, caller: Caller, entry: Attendance) -> Row:
        """Read an entry of the ledger"""
        return attendance.shown(entry)

    @blueprint.access(coordinated_entry, scope="registrations:write")
    @blueprint.if_match
    @blueprint.arguments(VoidRequest)
    @blueprint.response(200, AttendanceSchema, etag=True)
    def patch(self, caller: Caller, entry: Attendance, given: dict[str, Any], version: int | None) -> Row:
        """Void an entry, with the reason; it stays in the ledger"""
        return attendance.shown(attendance.void(caller, entry, given["void_reason"], version))
