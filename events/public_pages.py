"""The pages of theme days for everybody: what comes, what has been, and each of them."""

from collections.abc import Iterator
from functools import partial

from flask import Response

from events import certificates, find, registration_form, telling
from events.documents import Event
from events.schemas import EventFilter
from network_api.auth.caller import STRANGER
from network_api.documents import Row
from network_api.feature import PublicPage
from network_api.languages import LANGUAGES
from network_api.networks.actions import all_networks
from network_api.pages import session
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.lists import listing

pages = Pages("theme_days", "events")
for name, said in telling.FILTERS.items():
    pages.add_app_template_filter(said, name)
pages.add_app_template_filter(registration_form.room_left)


@pages.get("/events")
def coming() -> Response:
    """Theme days that have not ended, the next first."""
    found = listing(EventFilter, partial(find.find_coming, STRANGER))
    return page("events/coming.html", listing=found, networks=all_networks(), status=found.form.status)


@pages.get("/events/past")
def past() -> Response:
    """Theme days that have ended, with what is open of their materials."""
    found = listing(EventFilter, partial(find.find_past, STRANGER))
    return page("events/past.html", listing=found, networks=all_networks(), status=found.form.status)


@pages.get("/events/<slug>")
def one(slug: str) -> Response:
    """A theme day."""
    event, member = find.row_of_slug(STRANGER, slug), session.member_of_pages()
    return event_page(event, registration_form.blank(event, member), private=bool(member))


def event_page(event: Row, form: Form, *, private: bool = False) -> Response:
    """The page of a theme day, with the form to register as it was typed."""
    return page(
        "events/event.html",
        event=find.shown(STRANGER, event),
        arranging=certificates.organisers(event["network_ids"]),
        form=form,
        status=form.status,
        private=private or bool(form.errors),
    )


def listed() -> Iterator[PublicPage]:
    """The page of each theme day that has been published."""
    rows = Event.each({"visible_to": "public"}, sort=[("starts_at", -1), ("_id", -1)])
    yield from (PublicPage(f"/events/{row['slug']}", row["updated_at"], LANGUAGES) for row in rows)
