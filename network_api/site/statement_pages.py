"""What the site says about itself: the privacy notice, and the accessibility statement with its feedback form."""

from datetime import date

from flask import Response, current_app, url_for

from network_api.limits import per_client
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to
from network_api.site import actions
from network_api.site.schemas import FeedbackRequest

pages = Pages("statements", "network_api")
DRAWN_UP_ON = date(2026, 11, 24)  # to be moved when the statement is looked through again


@pages.get("/privacy")
def privacy() -> Response:
    """What is kept about people, what for, how long, and what they can ask (GDPR, articles 13 and 14)."""
    return page("site/privacy.html", controller=_controller(), contact=actions.contact_address())


@pages.get("/accessibility")
def accessibility() -> Response:
    """The accessibility statement (act 306/2019, section 9)."""
    return _statement(Form())


@pages.post("/accessibility")
@per_client("RATELIMIT_FEEDBACK")
def give_feedback() -> Response:
    """Pass feedback on to those who answer for the site."""
    form = Form.sent()
    given = form.load(FeedbackRequest, {name: form[name] for name in ("message", "email") if form[name]})
    if given is None:
        return _statement(form)
    actions.pass_on(given["message"], given["email"])
    return go_to(url_for(".thank"))


@pages.get("/accessibility/thanks")
def thank() -> Response:
    """The feedback has been passed on."""
    return page("site/thanks.html", private=True)


def _statement(form: Form) -> Response:
    return page(
        "site/accessibility.html",
        form=form,
        status=form.status,
        controller=_controller(),
        contact=actions.contact_address(),
        drawn_up_on=DRAWN_UP_ON,
    )


def _controller() -> str:
    return str(current_app.config["CONTROLLER_NAME"] or current_app.config["PLATFORM_NAME"])
