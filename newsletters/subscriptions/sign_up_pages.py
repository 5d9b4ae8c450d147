"""The newsletters, each with a form to subscribe to it."""

from typing import Any

from flask import Response, url_for
from flask_babel import get_locale, gettext

from network_api.limits import per_client
from network_api.networks.documents import Network
from network_api.pages.forms import Form
from network_api.pages.frame import LANGUAGE_NAMES, Pages, page
from network_api.pages.lists import listing
from network_api.pages.session import go_to
from newsletters.actions import find_newsletters, newsletter_of_slug
from newsletters.documents import Newsletter
from newsletters.schemas import NewsletterQuery
from newsletters.subscriptions import subscribing
from newsletters.subscriptions.schemas import SubscriptionRequest

pages = Pages("sign_up_pages", "newsletters")


@pages.get("/newsletters")
def list_newsletters() -> Response:
    """All newsletters."""
    found = listing(NewsletterQuery, find_newsletters)
    names = Network.by_ids(row["network_id"] for row in found.rows)
    blank = {row["_id"]: _blank(row["languages"], row["slug"]) for row in found.rows}
    return page("newsletters/list.html", listing=found, networks=names, letter_forms=blank, status=found.form.status)


@pages.get("/newsletters/<slug>/subscribe")
def sign_up(slug: str) -> Response:
    """One newsletter's form."""
    newsletter = newsletter_of_slug(slug)
    return _form_of(newsletter, _blank(newsletter.languages, "field"))


@pages.post("/newsletters/<slug>/subscribe")
@per_client("RATELIMIT_SUBSCRIPTIONS")
def subscribe(slug: str) -> Response:
    """Ask for the letter: the address is mailed to confirm it, and the answer is the same whatever it is known for."""
    newsletter, form = newsletter_of_slug(slug), Form.sent()
    given = form.load(SubscriptionRequest, _asked(form))
    if given is None:
        return _form_of(newsletter, form)
    subscribing.subscribe(newsletter, given, "form")
    return go_to(url_for(".asked", slug=slug))


@pages.get("/newsletters/<slug>/asked")
def asked(slug: str) -> Response:
    """What happens next: a mail is on its way."""
    return page("newsletters/asked.html", private=True, newsletter=newsletter_of_slug(slug).to_mongo())


@pages.app_template_global()
def letter_languages(codes: list[str]) -> list[tuple[str, str]]:
    """The languages of a letter as choices, each by its own name."""
    return [(code, LANGUAGE_NAMES[code]) for code in codes]


@pages.app_template_global()
def section_names(names: list[str]) -> list[tuple[str, str]]:
    """The sections of a letter as choices."""
    words = {
        "editorial": gettext("Greeting of the editors"),
        "events": gettext("Theme days"),
        "introductions": gettext("Introductions"),
        "news": gettext("News"),
        "practices": gettext("Practices worth sharing"),
    }
    return [(name, words[name]) for name in names]


def _form_of(newsletter: Newsletter, form: Form) -> Response:
    return page("newsletters/subscribe.html", newsletter=newsletter.to_mongo(), form=form, status=form.status)


def _blank(languages: list[str], prefix: str) -> Form:
    """An empty form, in the language of the page where the letter has it."""
    spoken = str(get_locale())
    return Form({"language": spoken if spoken in languages else languages[0]}, prefix=prefix)


def _asked(form: Form) -> dict[str, Any]:
    single = {name: form[name] for name in ("email", "language") if form[name]}
    return {**single, **{name: form.all(name) for name in ("sections", "regions") if form.all(name)}}
