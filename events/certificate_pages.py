"""Whether a certificate is genuine: the page that its code leads to, and a form for who types the code."""

from flask import Response, request, url_for
from flask_babel import gettext

from events import certificates
from events.documents import Event
from network_api.errors import NotFound
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to

pages = Pages("certificate_pages", "events")


@pages.get("/verify")
def ask_for_code() -> Response:
    """Whose certificate is to be checked: the code on it leads to its own page."""
    if code := request.args.get("code", "").strip():
        return go_to(url_for(".verify", code=code))
    return page("events/verify.html", form=Form())


@pages.get("/verify/<code>")
def verify(code: str) -> Response:
    """Whether a certificate is genuine, and what it says. In the language of whoever asks."""
    found = certificates.verified(code)
    event = Event.get(found.event_id)
    extent = certificates.in_hours(certificates.minutes_of(found, event))
    return page(
        "events/certificate.html",
        private=True,
        registration=found,
        event=event.to_mongo(),
        arranging=certificates.organisers(event.network_ids),
        extent=extent,
        code=certificates.code_of(found),
    )


@pages.errorhandler(NotFound)
def unknown(error: NotFound) -> Response:
    """A code of no certificate: the form again, with what was typed."""
    form = Form({"code": (request.view_args or {}).get("code", "")})
    form.refuse(error, {error.code: gettext("No certificate has this code. Look at each character once more.")})
    return page("events/verify.html", private=True, form=form, status=404)
