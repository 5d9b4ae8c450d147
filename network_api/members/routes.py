"""The API of members: oneself, the directory, introductions."""

from typing import Any

from flask.views import MethodView

from network_api.api import Blueprint
from network_api.auth.access import anybody, public
from network_api.auth.caller import Caller
from network_api.documents import Page, Row
from network_api.errors import NotFound
from network_api.members import actions, erasing
from network_api.members.documents import Member
from network_api.members.schemas import (
    ErasureSchema,
    ExportSchema,
    IntroductionQuery,
    IntroductionRequest,
    IntroductionSchema,
    MemberPatch,
    MemberQuery,
    MemberSchema,
    OwnIntroductionSchema,
    OwnMemberSchema,
)

blueprint = Blueprint("members", __name__, url_prefix="/api/v1", description="Members, the directory and introductions")


def myself(caller: Caller) -> Member:
    """The caller's own member document."""
    caller.require_sign_in()
    return Member.get(caller.member_id)


def my_introduction(caller: Caller) -> Member:
    """The caller's own member document, which has an introduction."""
    member = myself(caller)
    if member.introduction is None:
        raise NotFound("You have not introduced yourself.")
    return member


@public
def visible_member(caller: Caller, member_id: str) -> Row:
    """A member whom this caller may see."""
    return actions.find_member(caller, member_id)


@public
def receipt_of_erasure(caller: Caller, receipt: str) -> Row:
    """A receipt, for whoever has it."""
    return erasing.find_receipt(receipt)


@blueprint.route("/members")
class Members(MethodView):
    """The directory."""

    @blueprint.access(anybody, scope="members:read")
    @blueprint.page(MemberSchema, MemberQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """Find members in the directory

        Only members who consented to be found, and only as far as they consented.
        """
        return actions.find_members(caller, query)


@blueprint.route("/members/<id:member_id>")
class MemberItem(MethodView):
    """One member of the directory."""

    @blueprint.access(visible_member, scope="members:read")
    @blueprint.response(200, MemberSchema, etag=True)
    def get(self, caller: Caller, member: Row) -> Row:
        """Read one member of the directory"""
        return member


@blueprint.route("/members/me")
class Me(MethodView):
    """Oneself."""

    @blueprint.access(myself, scope="members:read")
    @blueprint.response(200, OwnMemberSchema, etag=True)
    def get(self, caller: Caller, member: Member) -> Member:
        """Read my own data"""
        return member

    @blueprint.access(myself, scope="members:write")
    @blueprint.arguments(MemberPatch)
    @blueprint.response(200, OwnMemberSchema, etag=True)
    def patch(self, caller: Caller, member: Member, changes: dict[str, Any]) -> Member:
        """Change my own data"""
        return actions.change_me(member.pk, changes)

    @blueprint.access(myself)
    @blueprint.response(202, ErasureSchema)
    def delete(self, caller: Caller, member: Member) -> Row:
        """Erase me from the platform, with a receipt

        As a rule it is done with the answer. What a crash of ours interrupts goes on within a minute.
        """
        return erasing.erase(member)


@blueprint.route("/erasures/<receipt>")
class Erasures(MethodView):
    """The receipt of an erasure."""

    @blueprint.access(receipt_of_erasure)
    @blueprint.response(200, ErasureSchema)
    def get(self, caller: Caller, receipt: Row) -> Row:
        """Read what became of an erasure, by its receipt"""
        return receipt


@blueprint.route("/members/me/export")
class MyExport(MethodView):
    """All that is held about oneself."""

    @blueprint.access(myself)
    @blueprint.response(200, ExportSchema)
    def get(self, caller: Caller, member: Member) -> dict[str, Any]:
        """Export all that is held about me (GDPR, articles 15 and 20)"""
        return actions.export_me(member)


@blueprint.route("/members/me/introduction")
class MyIntroduction(MethodView):
    """One's own introduction."""

    @blueprint.access(my_introduction, scope="members:read")
    @blueprint.response(200, OwnIntroductionSchema, etag=True)
    def get(self, caller: Caller, member: Member) -> Member:
        """Read my introduction"""
        return member

    @blueprint.access(myself, scope="members:write")
    @blueprint.arguments(IntroductionRequest)
    @blueprint.response(200, OwnIntroductionSchema, etag=True)
    @blueprint.alt_response(201, schema=OwnIntroductionSchema, success=True)
    def put(self, caller: Caller, member: Member, given: dict[str, Any]) -> tuple[Member, int]:
        """Publish or replace my introduction, with my consent to its audience"""
        introduced, is_first = actions.introduce(member.pk, given)
        return introduced, 201 if is_first else 200

    @blueprint.access(my_introduction, scope="members:write")
    @blueprint.response(204)
    def delete(self, caller: Caller, member: Member) -> None:
        """Withdraw my introduction, at once and everywhere"""
        actions.withdraw_introduction(member.pk)


@blueprint.route("/introductions")
class Introductions(MethodView):
    """Introductions."""

    @blueprint.access(anybody, scope="members:read")
    @blueprint.page(IntroductionSchema, IntroductionQuery)
    def get(self, caller: Caller, query: dict[str, Any]) -> Page:
        """List introductions, the newest first

        Only those whose audience includes the caller.
        """
        return actions.find_introductions(caller, query)
