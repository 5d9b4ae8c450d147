"""The API of tables to keep: registrations and attendance, as CSV and as XLSX."""

from typing import Any

from flask import Response
from flask.views import MethodView

from events import participants
from events.attendance_routes import coordinated_event
from events.documents import Event
from events.export_schemas import AttendanceTableQuery, RegistrationTableQuery
from events.registration_routes import event_with_participants
from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.tables import CONTENT_TYPES, CSV, XLSX

blueprint = Blueprint("exports", __name__, url_prefix="/api/v1", description="Tables of registrations and attendance")


@blueprint.route("/events/<id:event_id>/registrations.csv")
class RegistrationsTable(MethodView):
    """Registrations as a table."""

    @blueprint.access(event_with_participants, scope="registrations:read")
    @blueprint.arguments(RegistrationTableQuery, location="query")
    @blueprint.response(200, content_type=CONTENT_TYPES[CSV])
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Response:
        """Download the registrations for a theme day"""
        return participants.registrations(CSV, caller, event, query)


@blueprint.route("/events/<id:event_id>/registrations.xlsx")
class RegistrationsWorkbook(MethodView):
    """Registrations as a workbook."""

    @blueprint.access(event_with_participants, scope="registrations:read")
    @blueprint.arguments(RegistrationTableQuery, location="query")
    @blueprint.response(200, content_type=CONTENT_TYPES[XLSX])
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Response:
        """Download the registrations for a theme day as a workbook"""
        return participants.registrations(XLSX, caller, event, query)


@blueprint.route("/events/<id:event_id>/attendance.csv")
class AttendanceTable(MethodView):
    """Attendance as a table."""

    @blueprint.access(coordinated_event, scope="registrations:read")
    @blueprint.arguments(AttendanceTableQuery, location="query")
    @blueprint.response(200, content_type=CONTENT_TYPES[CSV])
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Response:
        """Download who came to a theme day"""
        return participants.attendance(CSV, caller, event, query)


@blueprint.route("/events/<id:event_id>/attendance.xlsx")
class AttendanceWorkbook(MethodView):
    """Attendance as a workbook."""

    @blueprint.access(coordinated_event, scope="registrations:read")
    @blueprint.arguments(AttendanceTableQuery, location="query")
    @blueprint.response(200, content_type=CONTENT_TYPES[XLSX])
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Response:
        """Download who came to a theme day as a workbook"""
        return participants.attendance(XLSX, caller, event, query)
