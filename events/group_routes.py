"""The API of registrations of several people at once."""

from typing import Any

from flask import request
from flask.views import MethodView

from events import adding
from events.adding import MOST_COLLEAGUES
from events.documents import Event
from events.group_schemas import GroupRequest, GroupSchema, PeopleImportQuery, PeopleImportSchema
from events.people_tables import MOST_BYTES
from events.privacy_routes import coordinated_event
from events.registration_routes import event_to_join
from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Row
from network_api.limits import per_client

blueprint = Blueprint("groups", __name__, url_prefix="/api/v1", description="Registrations of several people at once")
TABLE_TYPES = ("text/csv", "application/vnd.ms-excel")
EXAMPLE = "name;email;mode;organisation;organisation_type\nAino Virtanen;aino@example.org;onsite;Kunta;municipality\n"


def people_named() -> int:
    """How many registrations the body asks for, as far as it can be read before its shape is checked."""
    body = request.get_json(silent=True)
    people = body.get("people") if isinstance(body, dict) else None
    return min(max(1, len(people)), MOST_COLLEAGUES) if isinstance(people, list) else 1


@blueprint.route("/events/<id:event_id>/registrations/group")
class GroupRegistrations(MethodView):
    """Registrations of colleagues."""

    @per_client("RATELIMIT_REGISTRATIONS", cost=people_named)
    @blueprint.access(event_to_join, scope="registrations:write")
    @blueprint.arguments(GroupRequest)
    @blueprint.response(201, GroupSchema)
    def post(self, caller: Caller, event: Event, given: dict[str, Any]) -> Row:
        """Register several colleagues for a theme day

        All or nobody, unless `partial` takes those who can be taken. Each person gets a mail and a link of their own; the
        contact is told what became of each.
        """
        return adding.register_group(caller, event, given)


@blueprint.route("/events/<id:event_id>/registrations/import")
class RegistrationsImport(MethodView):
    """People from a table."""

    @blueprint.access(coordinated_event, scope="registrations:write")
    @blueprint.arguments(PeopleImportQuery, location="query")
    @blueprint.file(*TABLE_TYPES, most=MOST_BYTES, example=EXAMPLE)
    @blueprint.response(200, PeopleImportSchema)
    def post(self, caller: Caller, event: Event, query: dict[str, Any], content: bytes) -> Row:
        """Register the people of a table

        Columns: name and email; and mode, organisation, organisation_type, region, language, needs, diet. The same gate as
        for everybody, also before registration opens and after it has closed. The same table again registers nobody twice.
        """
        return adding.import_people(caller, event, content, query)
