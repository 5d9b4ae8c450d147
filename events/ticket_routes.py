"""The API of what a participant holds: the ticket before, the certificate after."""

from flask import Response
from flask.views import MethodView

from events import certificates, tickets
from events.attendance_schemas import CertificateSchema, TicketKeys
from events.registration_documents import Registration
from events.registration_routes import mailed, own_or_coordinated
from network_api.api import Blueprint
from network_api.auth.access import anybody, public
from network_api.auth.caller import Caller
from network_api.documents import Row

blueprint = Blueprint("tickets", __name__, url_prefix="/api/v1", description="Tickets and certificates of attendance")


@public
def checked_certificate(caller: Caller, code: str) -> Registration:
    """What a certificate's code stands for."""
    return certificates.verified(code)


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
        """Read the public keys that tickets are signed with

        A ticket is Base32 of version (1 byte), key id (4), theme day (12), registration (12), nonce (8) and an Ed25519
        signature (64) over `ticket` and all before it; so a scanner checks it without a network, and syncs later.
        """
        return {"keys": tickets.published_keys()}


@blueprint.route("/registrations/<id:registration_id>/ticket.svg")
class TicketDrawing(MethodView):
    """One's ticket."""

    @blueprint.access(own_or_coordinated, scope="registrations:read")
    @blueprint.response(200, content_type="image/svg+xml")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a registration"""
        return _file(tickets.as_svg(found), "image/svg+xml")


@blueprint.route("/registrations/<id:registration_id>/ticket.png")
class TicketImage(MethodView):
    """One's ticket."""

    @blueprint.access(own_or_coordinated, scope="registrations:read")
    @blueprint.response(200, content_type="image/png")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a registration, in pixels"""
        return _file(tickets.as_png(found), "image/png")


@blueprint.route("/manage/registrations/<token>/ticket.svg")
class ManagedTicketDrawing(MethodView):
    """The ticket of the registration that a mailed link opens."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, content_type="image/svg+xml")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a manage link"""
        return _file(tickets.as_svg(found), "image/svg+xml")


@blueprint.route("/manage/registrations/<token>/ticket.png")
class ManagedTicketImage(MethodView):
    """The ticket of the registration that a mailed link opens."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, content_type="image/png")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Draw the ticket of a manage link, in pixels"""
        return _file(tickets.as_png(found), "image/png")


@blueprint.route("/registrations/<id:registration_id>/certificate.pdf")
class CertificateFile(MethodView):
    """One's certificate of attendance."""

    @blueprint.access(own_or_coordinated, scope="registrations:read")
    @blueprint.response(200, content_type="application/pdf")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Download the certificate of who came"""
        return _file(certificates.as_pdf(found), "application/pdf")


@blueprint.route("/manage/registrations/<token>/certificate.pdf")
class ManagedCertificateFile(MethodView):
    """The certificate of the registration that a mailed link opens."""

    @blueprint.access(mailed, scope="registrations:read")
    @blueprint.response(200, content_type="application/pdf")
    @blueprint.alt_response(409, "CONFLICT")
    def get(self, caller: Caller, found: Registration) -> Response:
        """Download the certificate of a manage link"""
        return _file(certificates.as_pdf(found), "application/pdf")


@blueprint.route("/certificates/<code>")
class CertificateItem(MethodView):
    """What a certificate says."""

    @blueprint.access(checked_certificate, scope="registrations:read")
    @blueprint.response(200, CertificateSchema, etag=True)
    def get(self, caller: Caller, found: Registration) -> Row:
        """Check a certificate by its code"""
        return certificates.shown(found)
