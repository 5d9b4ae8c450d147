"""Verbs of members: sign in, look around, consent, export, leave for good."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bson import ObjectId
from flask import current_app

from network_api.auth.caller import SCOPES, Caller
from network_api.auth.documents import AccessToken, SignInCode
from network_api.documents import Page, Row, object_id, transactional, utcnow
from network_api.errors import Forbidden, NotFound, Unauthenticated
from network_api.feature import MessageType, Person, features
from network_api.languages import search_filter
from network_api.mail import outbox
from network_api.members import webhooks
from network_api.members.documents import Consent, Member, reader_keys
from network_api.members.mails import sign_in_code
from network_api.webhooks.telling import tell


@transactional
def mail_sign_in_code(address: str, language: str) -> None:
    """Mail a one-time code. What happens is the same for an address that is known and one that is not."""
    code = SignInCode.issue(address)
    if code is not None:
        outbox.put(sign_in_code(address, code, language))


@transactional
def make_administrator(address: str) -> str:
    """Make (or find) a member and let them administer all; returns an API token with every scope."""
    member = Member.of_address(address)
    member.edit({"is_administrator": True})
    return AccessToken.issue("api", member.pk, expires_at=None, name="administrator", scopes=SCOPES)[1]


def sign_in(address: str, code: str) -> dict[str, Any]:
    """A session for the right code, with the member made at the first sign-in. Raises Unauthenticated."""
    if not SignInCode.redeem(address, code):
        raise Unauthenticated("This code is wrong, used or too old. Ask for a new one.", code="wrong_code")
    return _open_session(address)


@transactional
def _open_session(address: str) -> dict[str, Any]:
    member = Member.of_address(address)
    expires_at = utcnow() + timedelta(days=current_app.config["SESSION_DAYS"])
    _, secret = AccessToken.issue("session", member.pk, expires_at=expires_at)
    return {"token": secret, "expires_at": expires_at, "member": member.to_mongo()}


@transactional
def change_me(member_id: ObjectId, changes: Mapping[str, Any]) -> Member:
    """Change one's own data; a new audience for the directory is a new consent."""
    member = Member.get(member_id)
    wanted = dict(changes)
    if "directory_audience" in wanted:
        audience = wanted.pop("directory_audience")
        same = member.directory is not None and member.directory.audience == audience
        if not same:
            wanted["directory"] = Consent(audience=audience) if audience else None
    return member.edit(wanted)[0]


@transactional
def introduce(member_id: ObjectId, given: Mapping[str, Any]) -> tuple[Member, bool]:
    """Publish or replace one's introduction; True where it is the first."""
    member = Member.get(member_id)
    is_first = member.introduction is None
    introduced = member.introduce(given)
    _tell(webhooks.PUBLISHED, introduced)
    return introduced, is_first


@transactional
def withdraw_introduction(member_id: ObjectId) -> None:
    """Take one's introduction back, at once and everywhere."""
    _tell(webhooks.WITHDRAWN, Member.get(member_id).withdraw_introduction())


def _tell(kind: MessageType, member: Member) -> None:
    for network_id in member.network_ids:
        tell(kind, network_id, member.version, id=member.pk)


def find_members(caller: Caller, query: Mapping[str, Any]) -> Page:
    """The directory, as far as its members let this caller look."""
    where: dict[str, Any] = {"visible_to": {"$in": reader_keys(caller)}, **search_filter(query.get("q", ""))}
    for name, stored in (("network", "network_ids"), ("region", "region"), ("organisation_type", "organisation.type")):
        if name in query:
            where[stored] = query[name]
    return Member.page(where, sort=("name", 1), **query["paging"])


def find_member(caller: Caller, member_id: str) -> Row:
    """One member of the directory, or oneself. Raises NotFound where they did not consent to be seen."""
    member = Member.get(member_id)
    if member.pk != caller.member_id and not set(member.visible_to) & set(reader_keys(caller)):
        raise NotFound
    found: Row = member.to_mongo()
    return found


def find_introductions(caller: Caller, query: Mapping[str, Any]) -> Page:
    """Introductions, the newest first, as far as their members let this caller look."""
    where: dict[str, Any] = {
        "introduction.visible_to": {"$in": reader_keys(caller)},
        **search_filter(query.get("q", ""), "introduction.search"),
    }
    if "network" in query:
        where["network_ids"] = query["network"]
    if "since" in query:
        where["introduction.introduced_at"] = {"$gte": query["since"]}
    return Member.page(where, sort=("introduction.introduced_at", -1), **query["paging"])


def make_token(caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
    """A new API token of the caller, with its secret, which is shown this once."""
    if caller.member_id is None:
        raise Forbidden
    token, secret = AccessToken.issue(
        "api", caller.member_id, name=given["name"], scopes=tuple(given["scopes"]), expires_at=given["expires_at"]
    )
    return {**token.to_mongo(), "token": secret}


def own_token(caller: Caller, token_id: str) -> str:
    """The stored id of one of the caller's own API tokens. Raises NotFound."""
    public_id = object_id(token_id, "token_id")
    found = AccessToken.row({"member_id": caller.member_id, "kind": "api", "public_id": public_id})
    if found is None:
        raise NotFound
    return str(found["_id"])


def end_sessions(caller: Caller) -> None:
    """Sign the caller out everywhere; their API tokens stay."""
    for row in AccessToken.rows({"member_id": caller.member_id, "kind": "session"}):
        AccessToken.close(row["_id"])


def export_me(member: Member) -> dict[str, Any]:
    """All that every feature holds about a member, and the register that says what for (GDPR, article 15(1))."""
    person = Person(member.pk, member.email_key)
    held = {feature.name: feature.export_person(person) for feature in features()}
    return {"exported_at": utcnow(), "data": held, "register": _register()}


def _register() -> list[dict[str, Any]]:
    """What is kept about people at all, what for, on which basis and for how long."""
    return [
        {"document": holding.name, "fields": field.names, "purpose": field.purpose, "basis": field.basis, "term": str(field.term)}
        for feature in features()
        for holding in feature.register
        for field in holding.personal
    ]
