"""The API of newsletters, subscriptions and subscribers."""

from typing import Any

from flask import Response
from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import anybody, role_in_body
from network_api.auth.caller import COORDINATOR, Caller
from network_api.documents import Page
from network_api.limits import per_client
from network_api.schemas import Nothing
from newsletters import assembling, exports, subscribing
from newsletters.access import any_newsletter, coordinated_newsletter, own_subscription
from newsletters.documents import Newsletter, Subscription
from newsletters.schemas import (
    NewsletterPatch,
    NewsletterQuery,
    NewsletterRequest,
    NewsletterSchema,
    SubscriberFilter,
    SubscriberQuery,
    SubscriptionPatch,
    SubscriptionRequest,
    SubscriptionSchema,
)

blueprint = Blueprint("newsletters", __name__, url_prefix="/api/v1", description="Newsletters and subscriptions")


@blueprint.route("/newsletters")
class Newsletters(MethodView):
    """Newsletters."""

    @blueprint.access(anybody, scope="newsletters:read")
    @blueprint.page(NewsletterSchema, NewsletterQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List newsletters"""
        return assembling.find_newsletters(query)

    @blueprint.access(role_in_body(COORDINATOR), scope="newsletters:write")
    @blueprint.arguments(NewsletterRequest)
    @blueprint.response(201, NewsletterSchema, etag=True)
    def post(self, caller: Caller, given: dict[str, Any]) -> Newsletter:
        """Found a newsletter"""
        return assembling.make_newsletter(caller, given)


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
        return assembling.change_newsletter(caller, newsletter, changes, version)


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
        return exports.subscribers(newsletter, query)


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
