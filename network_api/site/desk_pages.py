"""The desk: what the people who run a network look at first, and what waits for them."""

from flask import Response, url_for
from flask_babel import gettext

from events import desk
from network_api.auth.caller import COORDINATOR, EDITOR, Caller
from network_api.errors import DomainError, Forbidden
from network_api.networks import actions
from network_api.networks.documents import ACTIVE, LEFT, Membership
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to, permitted, signed_in
from newsletters.desk import waiting

pages = Pages("desk_pages", "network_api", url_prefix="/desk")


@pages.get("")
@signed_in
def home(caller: Caller) -> Response:
    """The next theme day, what waits, and what is in the making."""
    return _home(caller, Form())


def _home(caller: Caller, form: Form) -> Response:
    networks = actions.networks_of(caller, EDITOR)
    if not networks:
        raise Forbidden
    ids = [network["_id"] for network in networks]
    coordinated = [found for found in ids if caller.has_role(COORDINATOR, found)]
    days = desk.theme_days(ids)
    coming = desk.next_of(days)
    return page(
        "site/desk.html",
        private=True,
        status=form.status,
        form=form,
        networks={network["_id"]: network for network in networks},
        coordinated=coordinated,
        days=days,
        coming=coming,
        bars=desk.sign_ups(coming) if coming else [],
        requests=actions.requests_to_join(coordinated),
        invitations=desk.invitations(coordinated),
        letters=waiting.letters(ids),
    )


@pages.post("/memberships/<membership_id>/approve")
@permitted(actions.managed_membership)
def approve(caller: Caller, membership: Membership) -> Response:
    """Let somebody in who asked to join."""
    return _answer(caller, membership, ACTIVE)


@pages.post("/memberships/<membership_id>/decline")
@permitted(actions.managed_membership)
def decline(caller: Caller, membership: Membership) -> Response:
    """Decline a request to join."""
    return _answer(caller, membership, LEFT)


def _answer(caller: Caller, membership: Membership, state: str) -> Response:
    form = Form()
    try:
        actions.change_membership(caller, membership, {"state": state}, None)
    except DomainError as error:
        words = gettext("Somebody has answered this request already, or the person has taken it back.")
        form.refuse(error, {"wrong_state": words, "forbidden": words, "last_coordinator": words})
        return _home(caller, form)
    return go_to(url_for(".home", _anchor="waiting"))
