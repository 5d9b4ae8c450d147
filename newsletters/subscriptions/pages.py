"""The pages behind the links in mails. A GET shows and changes nothing; the personal token is the authority of a POST."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import force_locale, gettext, lazy_gettext

from network_api.errors import DomainError
from network_api.languages import LANGUAGES, in_language
from network_api.limits import without_limit
from network_api.pages.forms import Form
from network_api.pages.frame import LANGUAGE_NAMES, Pages, page
from network_api.regions import REGIONS
from newsletters.documents import Newsletter
from newsletters.subscriptions import subscribing
from newsletters.subscriptions.documents import ACTIVE, MONTHLY, PAUSED, Subscription
from newsletters.subscriptions.links import UNSUBSCRIBE
from newsletters.subscriptions.schemas import SubscriptionPatch

pages = Pages("newsletter_pages", "newsletters", static_folder="static", static_url_path="/static/newsletters")
# Not held to forms of our own: mail programs post to it from wherever they run (RFC 8058), and the token is the authority.
one_click = Blueprint("one_click", "newsletters", template_folder="templates")
_SECTIONS = {  # the editorial comes with all of them
    "events": lazy_gettext("Theme days"),
    "introductions": lazy_gettext("Introductions"),
    "news": lazy_gettext("News"),
    "practices": lazy_gettext("Practices worth sharing"),
}


@pages.get("/manage/subscriptions/<token>")
def show_subscription(token: str) -> Response:
    """One's own subscription, with what can be chosen and done next."""
    return _subscription_page(subscribing.of_token(token))


@pages.post("/manage/subscriptions/<token>")
def change_subscription(token: str) -> Response:
    """What the buttons of that page do."""
    subscription, form = subscribing.of_token(token), Form.sent()
    with force_locale(subscription.language):
        do = _ACTIONS.get(form["action"])
        try:
            done = do(subscription, form) if do else None
        except DomainError as error:
            form.refuse(error, {"wrong_state": gettext("This is not possible any more. Here you see how things are now.")})
            done = None
    return _subscription_page(subscribing.of_token(token), form if form.errors else None, done)


@one_click.get("/unsubscribe/<token>")
def ask_to_unsubscribe(token: str) -> Response:
    """A page with a button: mail scanners follow links."""
    return _page("newsletters/unsubscribe.html", subscribing.of_token(token, UNSUBSCRIBE))


@one_click.post("/unsubscribe/<token>")
@without_limit
def unsubscribe(token: str) -> Response:
    """One click, from the button or from the mail program itself (RFC 8058): no cookie, no redirect.

    Without a limit: a large provider sends the clicks of all its customers from a few addresses.
    """
    return _page("newsletters/unsubscribe.html", subscribing.unsubscribe(subscribing.of_token(token, UNSUBSCRIBE)))


def _confirm(subscription: Subscription, form: Form) -> str:
    subscribing.confirm(subscription)
    return str(gettext("Thank you, your subscription has been confirmed."))


def _save(subscription: Subscription, form: Form) -> str | None:
    typed: dict[str, Any] = {name: form[name] for name in ("language", "frequency") if form[name]}
    changes = form.load(SubscriptionPatch, {**typed, "sections": form.all("sections"), "regions": form.all("regions")})
    if changes is None:
        return None
    subscribing.choose(subscription, changes)
    return str(gettext("Your choices have been saved."))


def _pause(subscription: Subscription, form: Form) -> None:
    changes = form.load(SubscriptionPatch, {"state": PAUSED, "paused_until": form["paused_until"] or None})
    if changes is not None:
        subscribing.choose(subscription, changes)


def _resume(subscription: Subscription, form: Form) -> None:
    subscribing.choose(subscription, {"state": ACTIVE})


def _unsubscribe(subscription: Subscription, form: Form) -> None:
    subscribing.unsubscribe(subscription)


def _subscribe_again(subscription: Subscription, form: Form) -> str:
    chosen = {name: getattr(subscription, name) for name in ("email", "language", "sections", "regions", "frequency")}
    subscribing.subscribe(Newsletter.get(subscription.newsletter_id), chosen, "page")
    return str(gettext("We have sent you a message. Confirm your subscription by the link in it."))


_ACTIONS: Mapping[str, Callable[[Subscription, Form], str | None]] = {
    "confirm": _confirm,
    "save": _save,
    "pause": _pause,
    "resume": _resume,
    "unsubscribe": _unsubscribe,
    "subscribe-again": _subscribe_again,
}


def _subscription_page(subscription: Subscription, form: Form | None = None, done: str | None = None) -> Response:
    """The page, with what was typed where something is to be mended, else with what is stored."""
    newsletter, language = Newsletter.get(subscription.newsletter_id), subscription.language
    return _page(
        "newsletters/subscription.html",
        subscription,
        status=form.status if form else 200,
        form=_with_stored(form, subscription) if form else Form(_chosen(subscription)),
        done=done,
        languages=[(code, name) for code, name in LANGUAGE_NAMES.items() if code in {*newsletter.languages, language}],
        sections=[(section, _SECTIONS[section]) for section in newsletter.sections if section in _SECTIONS],
        regions=[(code, in_language(names, language)) for code, names in REGIONS.items()],
    )


def _with_stored(form: Form, subscription: Subscription) -> Form:
    """The form that was sent, and in the page's other form what is stored."""
    theirs = ("paused_until",) if form["action"] == "save" else ("language", "frequency", "sections", "regions")
    stored = Form(_chosen(subscription))
    for name in theirs:
        form.typed.setlist(name, stored.all(name))
    return form


def _chosen(subscription: Subscription) -> dict[str, Any]:
    stored = {name: getattr(subscription, name) for name in ("language", "sections", "regions")}
    until = subscription.paused_until
    return {**stored, "frequency": subscription.frequency or MONTHLY, "paused_until": until.isoformat() if until else ""}


def _page(template: str, subscription: Subscription, **values: Any) -> Response:
    name = in_language(Newsletter.get(subscription.newsletter_id).name, subscription.language)
    said = {"subscription": subscription, "newsletter": name, "here": request.path, **values}
    language = request.args.get("lang")
    return page(template, language=language if language in LANGUAGES else subscription.language, private=True, **said)
