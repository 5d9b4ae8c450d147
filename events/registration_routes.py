"""The API of registrations: for participants with and without an account, and for coordinators."""

from typing import Any

from flask.views import MethodView

from events import find, offers, registration
from events.documents import Event
from events.registration_documents import BY_COORDINATOR, BY_PERSON, MANAGE, Registration
from events.registration_schemas import (
    OwnRegistrationSchema,
    RegistrationPatch,
    RegistrationQuery,
    RegistrationRequest,
    RegistrationSchema,
)
from network_api.api import Blueprint
from network_api.auth.access import public, signed_in
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page, Row
from network_api.errors import NotFound
from network_api.limits import per_client
from network_api.schemas import Nothing

blueprint = Blueprint("registrations", __name__, url_prefix="/api/v1", description="Registrations for theme days")


@public
def event_to_join(caller: Caller, event_id: str) -> Event:
    """A theme day that the caller can see."""
    return find.readable_event(caller, event_id)


def event_with_participants(caller: Caller, event_id: str) -> Event:
    """A theme day that a network arranges which the caller coordinates; a co-host's see their own participants only."""
    caller.require_sign_in()
    event = find.readable_event(caller, event_id)
    caller.require(COORDINATOR, event.network_id, *event.accepted_co_hosts)
    return event


def own_or_coordinated(caller: Caller, registration_id: str) -> Registration:
    """A registration, for its person and for the coordinators; nobody else learns that it exists."""
    caller.require_sign_in()
    found = Registration.get(registration_id)
    if not found.is_of(caller) and not caller.has_role(COORDINATOR, Event.get(found.event_id).network_id):
        raise NotFound
    return found


def own_or_participant(caller: Caller, registration_id: str) -> Registration:
    """A registration, for its person, the coordinators, and those of the co-host whose participant it is."""
    caller.require_sign_in()
    found = Registration.get(registration_id)
    event = Event.get(found.event_id)
    theirs = found.network_id if found.network_id in event.accepted_co_hosts else None
    if not found.is_of(caller) and not caller.has_role(COORDINATOR, event.network_id, theirs):
        raise NotFound
    return found


@public
def mailed(caller: Caller, token: str) -> Registration:
    """The registration that a manage link opens."""
    return Registration.of_link(MANAGE, token)


@blueprint.route("/events/<id:event_id>/registrations")
class Registrations(MethodView):
    """Registrations for a theme day."""

    @blueprint.access(event_with_participants, scope="registrations:read")
    @blueprint.page(RegistrationSchema, RegistrationQuery)
    def get(self, caller: Caller, event: Event, query: dict[str, Any]) -> Page:
        """List the registrations for a theme day"""
        return registration.find_registrations(caller, event, query)

    @per_client("RATELIMIT_REGISTRATIONS")
    @blueprint.access(event_to_join, scope="registrations:write")
    @blueprint.arguments(RegistrationRequest)
    @blueprint.response(201, RegistrationSchema, etag=True)
    def post(self, caller: Caller, event: Event, given: dict[str, Any]) -> Row:
        """Register for a theme day

        The links to the registration and to the remote room go to the e-mail address only.
        """
        return registration.register(caller, event, given)


@blueprint.route("/registrations/<id:registration_id>")
class RegistrationItem(MethodView):
    """One registration."""

    @blueprint.access(own_or_participant, scope="registrations:read")
    @blueprint.response(200, RegistrationSchema, etag=True)
    def get(self, caller: Caller, found: Registration) -> Row:
        """Read a registration"""
        return registration.shown(caller, found)

    @blueprint.access(own_or_coordinated, scope="registrations:write")
    @blueprint.if_match
    @blueprint.arguments(RegistrationPatch)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def patch(self, caller: Caller, found: Registration, changes: dict[str, Any], version: int | None) -> Row:
        """Change a registration, or switch between on-site and remote"""
        return registration.shown(caller, registration.change_registration(caller, found, changes, version))

    @blueprint.access(own_or_coordinated, scope="registrations:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, found: Registration, version: int | None) -> None:
        """Cancel a registration"""
        registration.cancel(caller, found, version, BY_PERSON if found.is_of(caller) else BY_COORDINATOR)


@blueprint.route("/registrations/<id:registration_id>/accept-offer")
class RegistrationAcceptOffer(MethodView):
    """An offered seat is taken."""

    @blueprint.access(own_or_coordinated, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> Row:
        """Accept the offered seat"""
        return registration.shown(caller, offers.accept(caller, found))


@blueprint.route("/registrations/<id:registration_id>/decline-offer")
class RegistrationDeclineOffer(MethodView):
    """An offered seat is left to the next."""

    @blueprint.access(own_or_coordinated, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> Row:
        """Leave the offered seat to the next in the queue

        Who holds another seat keeps it; for who has none, the registration is cancelled.
        """
        return registration.shown(caller, offers.decline(caller, found))


@blueprint.route("/members/me/registrations")
class MyRegistrations(MethodView):
    """One's own registrations."""

    @blueprint.access(signed_in, scope="registrations:read")
    @blueprint.page(OwnRegistrationSchema)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List one's own registrations"""
        return registration.find_own(caller, query)


@blueprint.route("/manage/registrations/<token>")
class ManagedRegistration(MethodView):
    """The registration that a mailed link opens; the link itself is the permission."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, RegistrationSchema, etag=True)
    def get(self, caller: Caller, found: Registration) -> Row:
        """Read the registration of a manage link"""
        return registration.shown_to_person(found)

    @blueprint.access(mailed, scope="registrations:write")
    @blueprint.arguments(RegistrationPatch)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def patch(self, caller: Caller, found: Registration, changes: dict[str, Any]) -> Row:
        """Change the registration of a manage link"""
        return registration.shown_to_person(registration.change_registration(caller, found, changes, None))

    @blueprint.access(mailed, scope="registrations:write")
    @blueprint.response(204)
    def delete(self, caller: Caller, found: Registration) -> None:
        """Cancel the registration of a manage link"""
        registration.cancel(caller, found, None, BY_PERSON)


@blueprint.route("/manage/registrations/<token>/accept-offer")
class ManagedAcceptOffer(MethodView):
    """An offered seat is taken by its manage link."""

    @blueprint.access(mailed, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> Row:
        """Accept the seat offered to the registration of a manage link"""
        return registration.shown_to_person(offers.accept(caller, found))


@blueprint.route("/manage/registrations/<token>/decline-offer")
class ManagedDeclineOffer(MethodView):
    """An offered seat is left to the next by its manage link."""

    @blueprint.access(mailed, scope="registrations:write")
    @blueprint.arguments(Nothing)
    @blueprint.response(200, RegistrationSchema, etag=True)
    def post(self, caller: Caller, found: Registration, given: dict[str, Any]) -> Row:
        """Leave the seat offered to the registration of a manage link to the next in the queue"""
        return registration.shown_to_person(offers.decline(caller, found))
