"""The API of signing in, and of API tokens."""

from typing import Any

from flask import current_app
from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import anybody, signed_in
from network_api.auth.caller import Caller
from network_api.auth.documents import AccessToken
from network_api.documents import Page
from network_api.limits import per_client
from network_api.members import actions
from network_api.members.schemas import CodeRequest, NewTokenSchema, SessionRequest, SessionSchema, TokenRequest, TokenSchema

blueprint = Blueprint("sign-in", __name__, url_prefix="/api/v1/auth", description="Sign-in codes, sessions and API tokens")


def my_token(caller: Caller, token_id: str) -> str:
    """The stored id of one of the caller's own API tokens."""
    caller.require_sign_in()
    return actions.own_token(caller, token_id)


@blueprint.route("/codes")
class Codes(MethodView):
    """One-time codes."""

    @blueprint.access(anybody)
    @per_client("RATELIMIT_SIGN_INS")
    @blueprint.arguments(CodeRequest)
    @blueprint.response(202)
    def post(self, caller: Caller, given: dict[str, Any]) -> None:
        """Mail me a sign-in code

        The answer is the same whether the address is known or not.
        """
        actions.mail_sign_in_code(given["email"], given.get("language") or current_app.config["DEFAULT_LANGUAGE"])


@blueprint.route("/sessions")
class Sessions(MethodView):
    """Sessions."""

    @blueprint.access(anybody)
    @per_client("RATELIMIT_SIGN_INS")
    @blueprint.arguments(SessionRequest)
    @blueprint.response(201, SessionSchema)
    def post(self, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        """Sign in with a code

        Makes the member at the first sign-in. A code works once, for ten minutes and five tries.
        """
        return actions.sign_in(given["email"], given["code"])


@blueprint.route("/sessions/current")
class CurrentSession(MethodView):
    """The session of this request."""

    @blueprint.access(signed_in)
    @blueprint.response(204)
    def delete(self, caller: Caller) -> None:
        """Sign out"""
        AccessToken.close(str(caller.token_id))


@blueprint.route("/tokens")
class Tokens(MethodView):
    """API tokens."""

    @blueprint.access(signed_in)
    @blueprint.page(TokenSchema)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List my API tokens"""
        return AccessToken.page({"member_id": caller.member_id, "kind": "api"}, sort=("created_at", 1), **query["paging"])

    @blueprint.access(signed_in)
    @blueprint.arguments(TokenRequest)
    @blueprint.response(201, NewTokenSchema)
    def post(self, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        """Make an API token; its secret is shown this once"""
        return actions.make_token(caller, given)


@blueprint.route("/tokens/<id:token_id>")
class TokenItem(MethodView):
    """One API token."""

    @blueprint.access(my_token)
    @blueprint.response(204)
    def delete(self, caller: Caller, token_id: str) -> None:
        """Withdraw an API token at once"""
        AccessToken.close(token_id)
