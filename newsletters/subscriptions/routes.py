"""The API of subscriptions and subscribers."""

from typing import Any

from flask import Response
from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.caller import Caller
from network_api.documents import Page, Row
from network_api.limits import per_client
from network_api.schemas import Nothing
from network_api.tables import CONTENT_TYPES, CSV
from newsletters.access import any_newsletter, coordinated_newsletter
from newsletters.documents import Newsletter
from newsletters.subscriptions import exports, importing, subscribing
from newsletters.subscriptions.access import coordinated_subscription, own_subscription
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.schemas import (
    SubscriberFilter,
    SubscriberImportQuery,
    SubscriberImportSchema,
    SubscriberQuery,
    SubscriberSchema,
    SubscriptionPatch,
    SubscriptionRequest,
    SubscriptionSchema,
)

blueprint = Blueprint("subscriptions", __name__, url_prefix="/api/v1", description="Subscriptions to newsletters")


@blueprint.route("/newsletters/<id:newsletter_id>/subscriptions")
class Subscriptions(MethodView):
    """Subscribing."""

    @blueprint.access(any_newsletter, scope="newsletters:write")
    @per_client("RATELIMIT_SUBSCRIPTIONS")
    @blueprint.arguments(SubscriptionRequest)
    @blueprint.response(202)
    def post(self, caller: Caller, newsletter: Newsletter, given: dict[str, Any]) -> None:
        """Subscribe an address

        The answer is always the same. Nothing is sent before the person behind the address has confirmed it by the link
        in a mail.
        """
        subscribing.subscribe(newsletter, given, "form")


@blueprint.route("/newsletters/<id:newsletter_id>/subscribers")
class Subscribers(MethodView):
    """Subscribers."""

    @blueprint.access(coordinated_newsletter, scope="newsletters:read")
    @blueprint.page(SubscriptionSchema, SubscriberQuery)
    def get(self, caller: Caller, newsletter: Newsletter, query: dict[str, Any]) -> Page:
        """List the subscribers of a newsletter"""
        return subscribing.find_subscribers(newsletter, query)


@blueprint.route("/newsletters/<id:newsletter_id>/subscribers.csv")
class SubscribersCsv(MethodView):
    """Subscribers as a table."""

    @blueprint.access(coordinated_newsletter, scope="newsletters:read")
    @blueprint.arguments(SubscriberFilter, location="query")
    @blueprint.response(200, content_type="text/csv")
    def get(self, caller: Caller, newsletter: Newsletter, query: dict[str, Any]) -> Response:
        """Export the subscribers of a newsletter"""
        return exports.subscribers(caller, newsletter, query)


@blueprint.route("/newsletters/<id:newsletter_id>/subscribers/import")
class SubscribersImport(MethodView):
    """Subscribers from a table."""

    @blueprint.access(coordinated_newsletter, scope="newsletters:write")
    @blueprint.arguments(SubscriberImportQuery, location="query")
    @blueprint.file(CONTENT_TYPES[CSV], most=importing.MOST_BYTES, example=importing.EXAMPLE)
    @blueprint.response(200, SubscriberImportSchema)
    def post(self, caller: Caller, newsletter: Newsletter, query: dict[str, Any], content: bytes) -> Row:
        """Import subscribers with the evidence of their consent

        Columns: email; and language, sections, regions (several with `;` between), frequency, consented_at, consent_source.
        A table that was exported can be imported again. A line with evidence becomes an active subscription; without it,
        or for an address that has left, bounced, complained or been erased, it is skipped. The same table again changes
        nothing, and neither do choices that people have made for themselves. At most 5,000 lines and 2 MiB at once: a
        longer table is sent in parts, each with the line of columns, in any order; a part that is sent again does no harm.
        """
        return importing.import_subscribers(caller, newsletter, content, dry_run=query["dry_run"])


@blueprint.route("/subscriptions/<id:subscription_id>")
class Subscriber(MethodView):
    """One subscriber, for coordinators."""

    @blueprint.access(coordinated_subscription, scope="newsletters:read")
    @blueprint.response(200, SubscriberSchema, etag=True)
    def get(self, caller: Caller, subscription: Subscription) -> Row:
        """Read a subscription with its consents, and why nothing is sent to it"""
        return subscribing.detail(subscription)

    @blueprint.access(coordinated_subscription, scope="newsletters:write")
    @blueprint.if_match
    @blueprint.response(204)
    def delete(self, caller: Caller, subscription: Subscription, version: int | None) -> None:
        """Unsubscribe somebody who has asked for it

        Only they can come back, by confirming a mail.
        """
        subscribing.unsubscribe_for(caller, subscription, version)


@blueprint.route("/manage/subscriptions/<token>")
class OwnSubscription(MethodView):
    """One's own subscription, by its personal link."""

    @blueprint.access(own_subscription)
    @blueprint.response(200, SubscriptionSchema, etag=True)
    def get(self, caller: Caller, subscription: Subscription) -> Subscription:
        """Read my subscription"""
        return subscription

    @blueprint.access(own_subscription)
    @blueprint.arguments(SubscriptionPatch)
    @blueprint.response(200, SubscriptionSchema, etag=True)
    def patch(self, caller: Caller, subscription: Subscription, changes: dict[str, Any]) -> Subscription:
        """Change my choices, pause, or go on"""
        return subscribing.choose(subscription, changes)

    @blueprint.access(own_subscription)
    @blueprint.response(204)
    def delete(self, caller: Caller, subscription: Subscription) -> None:
        """Unsubscribe"""
        subscribing.unsubscribe(subscription)


@blueprint.route("/manage/subscriptions/<token>/confirm")
class Confirmation(MethodView):
    """The second yes of the double opt-in."""

    @blueprint.access(own_subscription)
    @blueprint.arguments(Nothing)
    @blueprint.response(200, SubscriptionSchema, etag=True)
    def post(self, caller: Caller, subscription: Subscription, given: dict[str, Any]) -> Subscription:
        """Confirm my subscription"""
        return subscribing.confirm(subscription)
