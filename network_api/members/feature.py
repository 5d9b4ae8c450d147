"""Members, as the application sees them."""

from collections.abc import Iterator, Mapping
from typing import Any

from network_api.auth.documents import AccessToken, SignInCode
from network_api.documents import Problem
from network_api.feature import Counted, Feature, Person
from network_api.members import demo, erasing, introduction_pages, own_pages, routes, sign_in_pages, sign_in_routes, webhooks
from network_api.members.documents import Member, audience_keys
from network_api.members.erasure_documents import Erasure
from network_api.members.privacy import REGISTER
from network_api.members.tasks import SCHEDULE


def check() -> Iterator[Problem]:
    """Recount who may see whom, and look for erasures that were left half done."""
    yield from erasing.check()
    for row in Member.each({}):
        member = Member.wrap(row)
        if member.introduction:
            expected = audience_keys(member.introduction.consent.audience, member.network_ids)
            if sorted(expected) != sorted(member.introduction.visible_to):
                yield Problem("introduction_audience", str(member.pk), expected, list(member.introduction.visible_to))


def export_person(person: Person) -> Mapping[str, Any]:
    """The member's own document, and their tokens without secrets."""
    return {
        "member": Member.row({"email_key": person.email_key}),
        "tokens": [{"name": row.get("name"), "kind": row["kind"], "created_at": row["created_at"]} for row in _tokens(person)],
    }


def _tokens(person: Person) -> list[Mapping[str, Any]]:
    return AccessToken.rows({"member_id": person.member_id}) if person.member_id else []


def erase_person(person: Person) -> Counted:
    """Delete the member, their sessions, tokens and codes."""
    return {
        AccessToken: sum(AccessToken.close(token["_id"]) for token in _tokens(person)),
        SignInCode: sum(SignInCode.remove({"_id": key}) for key in SignInCode.keys_of(person.email_key)),
        Member: Member.remove({"email_key": person.email_key}),
    }


feature = Feature(
    name="members",
    documents=(Member, AccessToken, SignInCode, Erasure),
    register=REGISTER,
    blueprints=(sign_in_routes.blueprint, routes.blueprint),
    pages=(sign_in_pages.pages, own_pages.pages, introduction_pages.pages),
    schedule=SCHEDULE,
    check=check,
    export_person=export_person,
    erase_person=erase_person,
    demo=demo.make,
    webhooks=webhooks.TYPES,
)
