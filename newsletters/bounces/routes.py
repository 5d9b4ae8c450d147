"""The API of bounces and complaints."""

from typing import Any

from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import coordinator_anywhere
from network_api.auth.caller import Caller
from network_api.documents import Page
from newsletters.access import coordinated_newsletter
from newsletters.bounces import receiving
from newsletters.bounces.access import administrator
from newsletters.bounces.documents import Bounce
from newsletters.bounces.reports import MOST_BYTES
from newsletters.bounces.schemas import BounceQuery, BounceSchema
from newsletters.documents import Newsletter
from newsletters.subscriptions.access import coordinated_subscription
from newsletters.subscriptions.documents import Subscription

blueprint = Blueprint("bounces", __name__, url_prefix="/api/v1", description="Letters that came back, and complaints")
EXAMPLE = (
    "From: MAILER-DAEMON@mx.example.org\nTo: bounces+token@lists.example.org\nMIME-Version: 1.0\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n--x\n'
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
    "Final-Recipient: rfc822; aino@example.org\nAction: failed\nStatus: 5.1.1\n\n--x--\n"
)


@blueprint.route("/bounces")
class Bounces(MethodView):
    """Reports."""

    @blueprint.access(administrator, scope="newsletters:read")
    @blueprint.page(BounceSchema, BounceQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List the reports that belong to no newsletter"""
        return receiving.find_bounces({"newsletter_id": None}, query)

    @blueprint.access(coordinator_anywhere, scope="newsletters:write")
    @blueprint.file("message/rfc822", most=MOST_BYTES, example=EXAMPLE)
    @blueprint.response(201, BounceSchema)
    def post(self, caller: Caller, content: bytes) -> Bounce:
        """Hand in a report as it was mailed

        A delivery status notification (RFC 3464) or a feedback report (RFC 5965). It takes effect only where it proves which
        letter it is about. The same report again answers with the same.
        """
        return receiving.report(caller, content)


@blueprint.route("/newsletters/<id:newsletter_id>/bounces")
class NewsletterBounces(MethodView):
    """Reports about a newsletter's letters."""

    @blueprint.access(coordinated_newsletter, scope="newsletters:read")
    @blueprint.page(BounceSchema, BounceQuery)
    def get(self, caller: Caller, newsletter: Newsletter, query: dict[str, Any]) -> Page:
        """List the reports about a newsletter's letters"""
        return receiving.find_bounces({"newsletter_id": newsletter.pk}, query)


@blueprint.route("/subscriptions/<id:subscription_id>/bounces")
class SubscriberBounces(MethodView):
    """Reports about one subscriber's letters."""

    @blueprint.access(coordinated_subscription, scope="newsletters:read")
    @blueprint.page(BounceSchema)
    def get(self, caller: Caller, subscription: Subscription, query: dict[str, Any]) -> Page:
        """List the reports about one subscriber's letters"""
        return receiving.find_bounces({"subscription_id": subscription.pk}, query)
