"""The API of newsletters."""

from typing import Any

from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import anybody, role_in_body
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page
from newsletters import actions
from newsletters.access import any_newsletter, coordinated_newsletter
from newsletters.documents import Newsletter
from newsletters.schemas import NewsletterPatch, NewsletterQuery, NewsletterRequest, NewsletterSchema

blueprint = Blueprint("newsletters", __name__, url_prefix="/api/v1", description="Newsletters")


@blueprint.route("/newsletters")
class Newsletters(MethodView):
    """Newsletters."""

    @blueprint.access(anybody, scope="newsletters:read")
    @blueprint.page(NewsletterSchema, NewsletterQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List newsletters"""
        return actions.find_newsletters(query)

    @blueprint.access(role_in_body(COORDINATOR), scope="newsletters:write")
    @blueprint.arguments(NewsletterRequest)
    @blueprint.response(201, NewsletterSchema, etag=True)
    def post(self, caller: Caller, given: dict[str, Any]) -> Newsletter:
        """Found a newsletter"""
        return actions.make_newsletter(caller, given)


@blueprint.route("/newsletters/<id:newsletter_id>")
class NewsletterItem(MethodView):
    """One newsletter."""

    @blueprint.access(any_newsletter, scope="newsletters:read")
    @blueprint.response(200, NewsletterSchema, etag=True)
    def get(self, caller: Caller, newsletter: Newsletter) -> Newsletter:
        """Read a newsletter"""
        return newsletter

    @blueprint.access(coordinated_newsletter, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.arguments(NewsletterPatch)
    @blueprint.response(200, NewsletterSchema, etag=True)
    def patch(self, caller: Caller, newsletter: Newsletter, changes: dict[str, Any], version: int | None) -> Newsletter:
        """Edit a newsletter"""
        return actions.change_newsletter(caller, newsletter, changes, version)
