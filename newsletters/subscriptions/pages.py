"""The pages behind the links in mails. A GET shows and changes nothing; the personal token is the authority of a POST."""

from flask import Blueprint, Response, render_template, request
from flask_babel import force_locale

from network_api.languages import in_language
from newsletters.documents import Newsletter
from newsletters.subscriptions import subscribing
from newsletters.subscriptions.documents import ACTIVE, PAUSED, Subscription
from newsletters.subscriptions.links import UNSUBSCRIBE

pages = Blueprint(
    "newsletter_pages", "newsletters", template_folder="templates", static_folder="static", static_url_path="/static/newsletters"
)


def _page(template: str, subscription: Subscription) -> Response:
    newsletter = Newsletter.get(subscription.newsletter_id)
    name = in_language(newsletter.name, subscription.language)
    with force_locale(subscription.language):
        body = render_template(
            template, subscription=subscription, newsletter=name, language=subscription.language, here=request.path
        )
    return Response(body, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


@pages.get("/manage/subscriptions/<token>")
def show_subscription(token: str) -> Response:
    """One's own subscription, with a button for what can be done next."""
    return _page("newsletters/subscription.html", subscribing.of_token(token))


@pages.post("/manage/subscriptions/<token>")
def change_subscription(token: str) -> Response:
    """What the buttons of that page do."""
    subscription = subscribing.of_token(token)
    action = request.form.get("action")
    if action == "confirm":
        subscription = subscribing.confirm(subscription)
    elif action == "unsubscribe":
        subscription = subscribing.unsubscribe(subscription)
    elif action in ("pause", "resume"):
        subscription = subscribing.choose(subscription, {"state": PAUSED if action == "pause" else ACTIVE})
    return _page("newsletters/subscription.html", subscription)


@pages.get("/unsubscribe/<token>")
def ask_to_unsubscribe(token: str) -> Response:
    """A page with a button: mail scanners follow links."""
    return _page("newsletters/unsubscribe.html", subscribing.of_token(token, UNSUBSCRIBE))


@pages.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """One click, from the button or from the mail program itself (RFC 8058): no cookie, no redirect."""
    return _page("newsletters/unsubscribe.html", subscribing.unsubscribe(subscribing.of_token(token, UNSUBSCRIBE)))
