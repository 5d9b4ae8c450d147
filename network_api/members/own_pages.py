"""What members do about themselves: their details and who sees them, their introduction, their data, who is signed in."""

from typing import Any

from flask import Response, current_app, url_for
from flask_babel import get_locale

from network_api.auth.caller import Caller
from network_api.auth.documents import AccessToken
from network_api.languages import LANGUAGES
from network_api.members import actions, consents, erasing
from network_api.members.documents import Member
from network_api.members.organisations import organisation_types
from network_api.members.schemas import ExportSchema, IntroductionRequest, MemberPatch
from network_api.pages import session
from network_api.pages.forms import Form
from network_api.pages.frame import LANGUAGE_NAMES, Pages, kept_private, page
from network_api.pages.session import go_to, signed_in

pages = Pages("own_pages", "network_api", url_prefix="/me")
OVERVIEW = "me_pages.overview"
for words in (consents.directory_consents, consents.introduction_consents, consents.newsletter_consent, consents.change_of_mind):
    pages.add_app_template_global(words)
pages.add_app_template_global(organisation_types)


@pages.get("/details")
@signed_in
def details(caller: Caller) -> Response:
    """The form of one's own details."""
    member = Member.get(caller.member_id)
    works, directory = member.organisation, member.directory
    typed = {"name": member.name, "language": member.language, "region": member.region or ""}
    organisation = {"organisation.name": works.name, "organisation.type": works.type} if works else {}
    audience = {"directory_audience": directory.audience if directory else ""}
    return _details(Form({**typed, **organisation, **audience}))


@pages.post("/details")
@signed_in
def change_details(caller: Caller) -> Response:
    """Change one's own details, and who sees them in the directory."""
    form = Form.sent()
    works = {name: form[f"organisation.{name}"] for name in ("name", "type") if form[f"organisation.{name}"]}
    free = {name: form[name] or None for name in ("region", "directory_audience")}
    changes = form.load(MemberPatch, {"name": form["name"], "language": form["language"], "organisation": works or None, **free})
    if changes is None:
        return _details(form)
    actions.change_me(Member.get(caller.member_id).pk, changes)
    return go_to(url_for(OVERVIEW))


@pages.get("/introduction")
@signed_in
def introduction(caller: Caller) -> Response:
    """The form of one's own introduction."""
    member = Member.get(caller.member_id)
    return _introduction(Form(_as_typed(member)), member)


@pages.post("/introduction")
@signed_in
def introduce(caller: Caller) -> Response:
    """Publish or replace one's introduction, with the consent to its audience."""
    form, member = Form.sent(), Member.get(caller.member_id)
    given = form.load(IntroductionRequest, _as_given(form))
    if given is None:
        if "text" in form.errors:  # nothing in any language: asked for in the page's
            form.errors[f"text.{get_locale()}"] = form.errors.pop("text")
        return _introduction(form, member)
    actions.introduce(member.pk, given)
    return go_to(url_for(OVERVIEW))


@pages.post("/introduction/withdraw")
@signed_in
def withdraw_introduction(caller: Caller) -> Response:
    """Take one's introduction back; a second time does nothing."""
    member = Member.get(caller.member_id)
    if member.introduction is not None:
        actions.withdraw_introduction(member.pk)
    return go_to(url_for(OVERVIEW))


@pages.get("/export.json")
@signed_in
def export(caller: Caller) -> Response:
    """All that is held about oneself, as a file (GDPR, articles 15 and 20)."""
    held = ExportSchema().dump(actions.export_me(Member.get(caller.member_id)))
    response = kept_private(Response(current_app.json.dumps(held), content_type="application/json"))
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@pages.get("/erase")
@signed_in
def ask_to_erase(caller: Caller) -> Response:
    """What is erased, and whether somebody means it."""
    return page("members/erase.html", private=True)


@pages.post("/erase")
@signed_in
def erase(caller: Caller) -> Response:
    """Erase oneself; the receipt is shown once, for afterwards nobody knows whose it is."""
    erased = erasing.erase(Member.get(caller.member_id))
    response = page("members/erased.html", private=True, **erased)
    session.end(response)
    return response


@pages.post("/sign-out-everywhere")
@signed_in
def sign_out_everywhere(caller: Caller) -> Response:
    """End all sessions, on every device."""
    actions.end_sessions(caller)
    response = go_to("/")
    session.end(response)
    return response


@pages.post("/tokens/<token_id>/withdraw")
@signed_in
def withdraw_token(caller: Caller, token_id: str) -> Response:
    """Withdraw an API token at once."""
    AccessToken.close(actions.own_token(caller, token_id))
    return go_to(url_for(OVERVIEW, _anchor="tokens"))


def _details(form: Form) -> Response:
    return page("members/details.html", private=True, status=form.status, form=form, languages=list(LANGUAGE_NAMES.items()))


def _introduction(form: Form, member: Member) -> Response:
    shown = member.introduction is not None
    return page("members/introduction_form.html", private=True, status=form.status, form=form, is_shown=shown, member=member)


def _as_typed(member: Member) -> dict[str, Any]:
    shown = member.introduction
    if shown is None:
        return {}
    lists = {"offers": "\n".join(shown.offers), "wishes": "\n".join(shown.wishes)}
    wanted = {"publish_in_newsletter": "yes"} if shown.publish_in_newsletter else {}
    return {**{f"text.{code}": text for code, text in shown.text.items()}, **lists, **wanted, "audience": shown.consent.audience}


def _as_given(form: Form) -> dict[str, Any]:
    text = {code: form[f"text.{code}"] for code in LANGUAGES if form[f"text.{code}"]}
    lists = {name: [line.strip() for line in form[name].splitlines() if line.strip()] for name in ("offers", "wishes")}
    audience = {"audience": form["audience"]} if form["audience"] else {}
    return {"text": text, **lists, **audience, "publish_in_newsletter": bool(form["publish_in_newsletter"])}
