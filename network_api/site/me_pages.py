"""One's own page: what every feature knows of somebody who has signed in, and their places in networks."""

from flask import Response, url_for
from flask_babel import gettext

from events.registration import find_own
from events.registration_documents import MANAGE
from network_api.auth import links
from network_api.auth.caller import Caller
from network_api.auth.documents import AccessToken
from network_api.errors import DomainError
from network_api.members.documents import Member
from network_api.networks import actions
from network_api.networks.documents import ACTIVE, LEFT, Network
from network_api.pages.forms import Form
from network_api.pages.frame import Pages, page
from network_api.pages.session import go_to, signed_in

pages = Pages("me_pages", "network_api", url_prefix="/me")
_ALL = {"paging": {"limit": 100, "total": False, "after": None}}


@pages.get("")
@signed_in
def overview(caller: Caller) -> Response:
    """All of it side by side."""
    return _overview(caller, Form())


@pages.post("/memberships/<membership_id>/accept")
@signed_in
def accept(caller: Caller, membership_id: str) -> Response:
    """Accept an invitation to a network."""
    return _move(caller, membership_id, ACTIVE)


@pages.get("/memberships/<membership_id>/leave")
@signed_in
def ask_to_leave(caller: Caller, membership_id: str) -> Response:
    """Whether somebody means to leave a network, or to decline its invitation."""
    membership = actions.own_membership(caller, membership_id)
    return page("site/leave.html", private=True, membership=membership, network=Network.get(membership.network_id).to_mongo())


@pages.post("/memberships/<membership_id>/leave")
@signed_in
def leave(caller: Caller, membership_id: str) -> Response:
    """Leave a network, or decline its invitation."""
    return _move(caller, membership_id, LEFT)


def _move(caller: Caller, membership_id: str, state: str) -> Response:
    form, membership = Form(), actions.own_membership(caller, membership_id)
    try:
        actions.change_membership(caller, membership, {"state": state}, None)
    except DomainError as error:
        form.refuse(error, _refusals())
        return _overview(caller, form)
    return go_to(url_for(".overview", _anchor="networks"))


def _refusals() -> dict[str, str]:
    return {
        "last_coordinator": gettext("You are the last coordinator of this network. Make somebody else a coordinator first."),
        "wrong_state": gettext("This is not possible any more. Here you see how things are now."),
    }


def _overview(caller: Caller, form: Form) -> Response:
    registrations = find_own(caller, _ALL).items
    return page(
        "site/me.html",
        private=True,
        status=form.status,
        form=form,
        member=Member.get(caller.member_id).to_mongo(),
        registrations=[(row, links.make_token(MANAGE, row["_id"], row["nonce"])) for row in registrations],
        memberships=actions.own_memberships(caller),
        tokens=AccessToken.rows({"member_id": caller.member_id, "kind": "api"}, sort=[("created_at", 1)]),
    )
