"""Shapes of what is asked of tables."""

from marshmallow import fields, validate

from events.attendance_documents import SOURCES
from events.registration_schemas import RegistrationFilters
from network_api.languages import LANGUAGES
from network_api.schemas import Schema


class TableQuery(Schema):
    """Whom a table is for."""

    language = fields.String(
        validate=validate.OneOf(LANGUAGES),
        metadata={"description": "For people, in this language; without it, the API's own names and values.", "example": "fi"},
    )


class RegistrationTableQuery(RegistrationFilters, TableQuery):
    """Filters of the table of registrations."""


class AttendanceTableQuery(TableQuery):
    """Filters of the table of attendance."""

    source = fields.String(validate=validate.OneOf(SOURCES), metadata={"description": "Only from this source."})
