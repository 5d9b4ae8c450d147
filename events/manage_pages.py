"""The pages behind the manage link of a registration: see it, change it, take part in another way, cancel it.

The token is the authority. They speak the person's own language, unless another is asked for by `?lang=`.
"""

from typing import Any

from flask import Response, request, url_for
from flask_babel import force_locale

from events import find, mails, materials, offers, registration, registration_form
from events.documents import Event
from events.registration_documents import BY_PERSON, CANCELLED, CONFIRMED, MANAGE, Registration
from events.registration_schemas import RegistrationPatch
from network_api.auth.caller import STRANGER
from network_api.errors import Conflict, DomainError
from network_api.languages import LANGUAGES
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to

pages = Pages("manage_pages", "events", url_prefix="/manage/registrations/<token>")


@pages.url_defaults
def keep_language(endpoint: str, values: dict[str, Any]) -> None:
    """Keep to the language that was asked for on the way through these pages."""
    if request and request.args.get("lang") in LANGUAGES:
        values.setdefault("lang", request.args["lang"])


@pages.get("")
def show(token: str) -> Response:
    """What is registered, and what can be done."""
    return _show(token)


@pages.get("/change")
def change(token: str) -> Response:
    """The form to change what was typed."""
    found = _of(token)
    return _change(found, token, registration_form.filled(registration.shown_to_person(found)))


@pages.post("/change")
def store(token: str) -> Response:
    """Change what was typed."""
    found, form = _of(token), Form.sent()
    event = Event.get(found.event_id)
    asked = registration_form.asked(event, registration_form.modes_of(found))
    body = {**registration_form.person(form), "answers": registration_form.answers(form, asked)}
    return _store(found, token, form, body) or _change(found, token, form)


@pages.get("/switch")
def choose(token: str) -> Response:
    """The form to take part in the other way, with what is asked only there."""
    return _switch(_of(token), token, Form())


@pages.post("/switch")
def switch(token: str) -> Response:
    """Take part in the other way; or wait for a seat there, and keep the one that is held meanwhile."""
    found, form = _of(token), Form.sent()
    event, mode = Event.get(found.event_id), form["mode"]
    body: dict[str, Any] = {"mode": mode, "wait": bool(form["wait"])}
    if asked := _asked_there(found, event, mode):
        kept = {name: value for name, value in found.answers.items() if _is_kept(event, name, found, body)}
        body["answers"] = {**kept, **registration_form.answers(form, asked)}
    return _store(found, token, form, body) or _switch(found, token, form)


@pages.post("/stay")
def stay(token: str) -> Response:
    """Keep the seat that is held, and wait for no other."""
    found = _of(token)
    return _store(found, token, Form(), {"mode": found.mode}) or _show(token)


@pages.get("/cancel")
def ask_to_cancel(token: str) -> Response:
    """Whether somebody means it."""
    return _page("cancel", _of(token), token)


@pages.post("/cancel")
def cancel(token: str) -> Response:
    """Cancel the registration; back to its page."""
    registration.cancel(STRANGER, _of(token), None, BY_PERSON)
    return go_to(url_for(".show", token=token))


@pages.post("/accept-offer")
def accept_offer(token: str) -> Response:
    """Accept the offered seat; back to the page."""
    offers.accept(STRANGER, _of(token))
    return go_to(url_for(".show", token=token))


@pages.post("/decline-offer")
def decline_offer(token: str) -> Response:
    """Leave the offered seat to the next; back to the page."""
    offers.decline(STRANGER, _of(token))
    return go_to(url_for(".show", token=token))


@pages.errorhandler(Conflict)
def too_late(error: Conflict) -> Response:
    """Whoever presses a button too late sees how things are now, and why."""
    return _show((request.view_args or {})["token"], error)


def _of(token: str) -> Registration:
    return Registration.of_link(MANAGE, token)


def _store(found: Registration, token: str, form: Form, body: dict[str, Any]) -> Response | None:
    """On to the page of the registration when it is changed; else None, and the form says what to mend."""
    with force_locale(_language(found)):
        changes = form.load(RegistrationPatch, body)
        if changes is None:
            return None
        try:
            registration.change_registration(STRANGER, found, changes, None)
        except DomainError as error:
            form.refuse(error, registration_form.refusals(), registration_form.REFUSED_AT)
            return None
    return go_to(url_for(".show", token=token))


def _show(token: str, refused: Conflict | None = None) -> Response:
    found, form = _of(token), Form()
    event = Event.get(found.event_id)
    if refused:
        with force_locale(_language(found)):
            form.refuse(refused, registration_form.refusals())
    return _page(
        "show",
        found,
        token,
        status=refused.status if refused else 200,
        form=form,
        position=found.position(),
        opened=materials.readable(STRANGER, event.to_mongo(), found),
        door=mails.join_link(found),
    )


def _change(found: Registration, token: str, form: Form) -> Response:
    event = Event.get(found.event_id)
    questions = registration_form.asked(event, registration_form.modes_of(found))
    return _page("change", found, token, status=form.status, form=form, questions=questions)


def _switch(found: Registration, token: str, form: Form) -> Response:
    event = Event.get(found.event_id)
    other = _other_mode(found, event)
    if other is None:
        return go_to(url_for(".show", token=token))
    return _page("switch", found, token, status=form.status, form=form, questions=_asked_there(found, event, other))


def _other_mode(found: Registration, event: Event) -> str | None:
    """The other way to take part, where it is offered and can still be chosen."""
    if not found.is_live or event.status == CANCELLED or event.is_over:
        return None
    return next((mode for mode in event.modes if mode != found.mode), None)


def _asked_there(found: Registration, event: Event, mode: str) -> list[Any]:
    """What is asked in a mode and has no answer yet."""
    return [question for question in registration_form.asked(event, [mode]) if question["id"] not in found.answers]


def _is_kept(event: Event, name: str, found: Registration, body: dict[str, Any]) -> bool:
    """Whether an answer still answers something after the switch; who waits goes on as before meanwhile."""
    modes = {body["mode"], *(registration_form.modes_of(found) if body["wait"] else ())}
    return any(question["id"] == name for question in registration_form.asked(event, modes))


def _language(found: Registration) -> str:
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else str(found.language)


def _page(name: str, found: Registration, token: str, **values: Any) -> Response:
    event = Event.get(found.event_id)
    return page(
        f"events/manage/{name}.html",
        language=_language(found),
        private=True,
        token=token,
        registration=found,
        event=find.shown(STRANGER, event),
        other=_other_mode(found, event),
        has_seat=found.status == CONFIRMED,
        **values,
    )
