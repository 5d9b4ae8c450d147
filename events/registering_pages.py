"""Registering on the page of a theme day, and what happens next."""

from flask import Response, url_for
from flask import request as http

from events import find, registration, registration_form
from events.documents import Event
from events.public_pages import event_page
from events.registration_documents import CONFIRMED
from events.registration_schemas import RegisteredQuery, RegistrationRequest
from network_api.auth.caller import STRANGER
from network_api.errors import DomainError
from network_api.limits import per_client
from network_api.pages import session
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page

pages = Pages("registering", "events")


@pages.get("/events/<slug>/register")
def form(slug: str) -> Response:
    """The page of the theme day, for who comes back to the address that its form is sent to."""
    return session.go_to(url_for("theme_days.one", slug=slug, lang=http.args.get("lang"), _anchor="register"))


@pages.post("/events/<slug>/register")
@per_client("RATELIMIT_REGISTRATIONS")
def register(slug: str) -> Response:
    """Register; on a mistake, or where a rule refuses, the page comes back and says so."""
    event, sent = Event.wrap(find.row_of_slug(STRANGER, slug)), Form.sent()
    given = sent.load(RegistrationRequest, registration_form.request(sent, event))
    if given is None:
        return event_page(event.to_mongo(), sent)
    try:
        registered = registration.register(session.caller_of_pages(), event, given)
    except DomainError as error:
        sent.refuse(error, registration_form.refusals(), registration_form.REFUSED_AT)
        return event_page(event.fresh().to_mongo(), sent)
    place = None if registered["status"] == CONFIRMED else registered["waiting_position"]
    return session.go_to(url_for(".registered", slug=slug, mode=registered["mode"], place=place))


@pages.get("/events/<slug>/registered")
def registered(slug: str) -> Response:
    """What happens next. It names nobody and leads to no registration: that link goes by mail only."""
    event = find.row_of_slug(STRANGER, slug)
    told = Form(http.args).load(RegisteredQuery, http.args)
    if told is None:
        return session.go_to(url_for("theme_days.one", slug=slug))
    return page("events/registered.html", private=True, event=find.shown(STRANGER, event), **told)
