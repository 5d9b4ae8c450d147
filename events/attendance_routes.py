"""The API of attendance: tickets, check-ins, the ledger, join links."""

from typing import Any

from flask import Response
from flask.views import MethodView

from events import attendance, certificates, check_ins, door, find, tickets
from events.attendance_documents import Attendance
from events.attendance_schemas import (
    AttendanceQuery,
    AttendanceSchema,
    CertificateSchema,
    CheckInRequest,
    Scan,
    ScanBatch,
    ScanResults,
    TicketKeys,
    VoidRequest,
)
from events.documents import Event
from events.registration_documents import Registration
from events.registration_routes import mailed, own_or_coordinated
from events.registration_schemas import RegistrationSchema
from network_api.api import Blueprint
from network_api.auth.access import anybody, public
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row
from network_api.errors import NotFound
from network_api.schemas import Nothing

blueprint = Blueprint("attendance", __name__, url_prefix="/api/v1", description="Tickets, check-ins and the ledger of attendance")


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


def _file(content: bytes, content_type: str) -> Response:
    """A file that is somebody's own, kept by no cache that others read."""
    headers = {"Cache-Control": "private, no-store", "Vary": "Authorization", "X-Robots-Tag": "noindex"}
    return Response(content, content_type=content_type, headers=headers)


@blueprint.route("/tickets/keys")
class TicketPublicKeys(MethodView):
    """The keys of tickets."""

    @blueprint.access(anybody, scope="events:read")
    @blueprint.response(200, TicketKeys)
    def get(self, caller: Caller) -> Row:
        """Read the public keys that tickets are signed with"""
        return {"keys": tickets.published_keys()}


@blueprint.route("/registrations/<id:registration_id>/ticket.svg")
class TicketDrawing(MethodView):
    """One's ticket."""

    @blueprint.access(own_or_coordinated, scope="registrations:read")
    @blueprint.response(200, content_type="image/svg+xml")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a registration"""
        return _file(tickets.as_svg(found), "image/svg+xml")


@blueprint.route("/registrations/<id:registration_id>/ticket.png")
class TicketImage(MethodView):
    """One's ticket."""

    @blueprint.access(own_or_coordinated, scope="registrations:read")
    @blueprint.response(200, content_type="image/png")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a registration, in pixels"""
        return _file(tickets.as_png(found), "image/png")


@blueprint.route("/manage/registrations/<token>/ticket.svg")
class ManagedTicketDrawing(MethodView):
    """The ticket of the registration that a mailed link opens."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, content_type="image/svg+xml")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a manage link"""
        return _file(tickets.as_svg(found), "image/svg+xml")


@blueprint.route("/manage/registrations/<token>/ticket.png")
class ManagedTicketImage(MethodView):
    """The ticket of the registration that a mailed link opens."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, content_type="image/png")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a manage link, in pixels"""
        return _file(tickets.as_png(found), "image/png")


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
    @blueprint.arguments(CheckInRequest, required=False)
    @blueprint.response(201, AttendanceSchema, etag=True)
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


@blueprint.route("/registrations/<id:registration_id>/certificate.pdf")
class CertificateFile(MethodView):
    """One's certificate of attendance."""

    @blueprint.access(own_or_coordinated, scope="registrations:read")
    @blueprint.response(200, content_type="application/pdf")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Download the certificate of who came"""
        return _file(certificates.as_pdf(found), "application/pdf")


@blueprint.route("/manage/registrations/<token>/certificate.pdf")
class ManagedCertificateFile(MethodView):
    """The certificate of the registration that a mailed link opens."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, content_type="application/pdf")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Download the certificate of a manage link"""
        return _file(certificates.as_pdf(found), "application/pdf")


@public
def checked_certificate(caller: Caller, code: str) -> Registration:
    """What a certificate's code stands for."""
    return certificates.verified(code)


@blueprint.route("/certificates/<code>")
class CertificateItem(MethodView):
    """What a certificate says."""

    @blueprint.access(checked_certificate, scope="registrations:read")
    @blueprint.response(200, CertificateSchema, etag=True)
    def get(self, caller: Caller, found: Registration) -> Row:
        """Check a certificate by its code"""
        return certificates.shown(found)
