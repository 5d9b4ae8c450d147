"""The pages of signing in: an address, the code that was mailed to it, and out again."""

from flask import Response, request, url_for
from flask_babel import get_locale, gettext

from network_api.auth.documents import AccessToken
from network_api.errors import DomainError
from network_api.limits import per_client
from network_api.members import actions
from network_api.members.schemas import CodeRequest, SessionRequest
from network_api.pages import session
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page

pages = Pages("sign_in_pages", "network_api")


@pages.get("/sign-in")
def ask_for_address() -> Response:
    """Whose code is to be mailed."""
    return _page("address", Form({"next": request.args.get("next", "")}))


@pages.post("/sign-in")
@per_client("RATELIMIT_SIGN_INS")
def mail_code() -> Response:
    """Mail a code, and ask for it; the same whether the address is known or not."""
    form = Form.sent()
    given = form.load(CodeRequest, {"email": form["email"], "language": str(get_locale())})
    if given is None:
        return _page("address", form)
    actions.mail_sign_in_code(given["email"], given["language"])
    return _page("code", form)


@pages.post("/sign-in/code")
@per_client("RATELIMIT_SIGN_INS")
def enter_code() -> Response:
    """Sign in with the code, and go on to where somebody came from."""
    form = Form.sent()
    given = form.load(SessionRequest, {"email": form["email"], "code": "".join(form["code"].split())})
    if given is None:
        return _page("code", form)
    try:
        opened = actions.sign_in(given["email"], given["code"])
    except DomainError as error:
        form.refuse(error, {"wrong_code": gettext("This code is wrong, used or too old. Try once more, or ask for a new one.")})
        return _page("code", form)
    response = session.go_to(session.inside(form["next"], "/"))
    session.begin(response, opened["token"], opened["expires_at"])
    return response


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session, here and on the server."""
    if token_id := session.caller_of_pages().token_id:
        AccessToken.close(token_id)
    response = session.go_to("/")
    session.end(response)
    return response


def _page(step: str, form: Form) -> Response:
    status = 422 if form.errors else 200
    return page(
        f"members/sign_in_{step}.html",
        private=True,
        status=status,
        form=form,
        again=url_for(".ask_for_address", next=form["next"]),
    )
