"""With a new secret key, what was signed by the old one still holds while that is a fallback, and new things need it no more."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bson import ObjectId
from flask import Flask

from events import certificates, tickets
from events.documents import Event
from events.registration_documents import CONFIRMED, Registration
from events.seating import ONSITE
from network_api import audit, audit_chain, idempotency
from network_api.auth import links
from network_api.auth.documents import AccessToken, SignInCode
from network_api.documents import utcnow
from network_api.errors import DomainError
from network_api.networks.documents import Network
from network_api.webhooks import signing
from newsletters.subscriptions import verp
from newsletters.subscriptions.suppression import Suppression
from tests.conftest import Api
from tests.events.factories import make_event

ROOT = Path(__file__).parents[1]
ISSUE, SUBSCRIPTION, NEWSLETTER = ObjectId(), ObjectId(), ObjectId()
_number = count()


def address() -> str:
    return f"henkilo{next(_number)}@example.org"


def registration() -> Registration:
    """Somebody who came to a theme day that is over."""
    event = Event.first({}) or _held()
    who = {"name": "Aino", "email": address(), "language": "fi"}
    return Registration(event_id=event.pk, mode=ONSITE, status=CONFIRMED, attended_at=utcnow(), **who).insert()


def _held() -> Event:
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    return make_event(network, starts_at=utcnow() - timedelta(days=2), ends_at=utcnow() - timedelta(days=1))


def read_or_none(read: Callable[[Any], Any], code: Any) -> bool:
    try:
        return read(code) is not None
    except DomainError:
        return False


def code_for_somebody() -> tuple[str, str]:
    somebody = address()
    return somebody, str(SignInCode.issue(somebody))


def suppress() -> str:
    somebody = address()
    Suppression.add(NEWSLETTER, somebody, "unsubscribed")
    return somebody


def seal() -> str:
    audit.record(None, "x.y", ObjectId())
    assert audit_chain.seal_some()
    return "the end of the chain"


def unsealed(sealed: bytes) -> bool:
    try:
        return signing.unseal(ISSUE, sealed) == "whsec_"
    except signing.SecretLost:
        return False


def decrypted(answer: bytes) -> bool:
    try:
        return idempotency._cipher("key").decrypt(answer) == b"answer"
    except idempotency.InvalidToken:
        return False


class Signer(NamedTuple):
    """What makes something with the secret key, and what tells whether such a thing holds."""

    make: Callable[[], Any]
    holds: Callable[[Any], bool]


SIGNERS = {
    "personal link": Signer(lambda: links.make_token("x", ISSUE, "nonce"), lambda made: links.is_genuine(made, "x", "nonce")),
    "ticket": Signer(lambda: tickets.code_of(registration()), lambda made: read_or_none(tickets.read, made)),
    "certificate": Signer(lambda: certificates.code_of(registration()), lambda made: read_or_none(certificates.verified, made)),
    "envelope sender": Signer(lambda: verp.return_path(ISSUE, SUBSCRIPTION), lambda made: verp.read(made) is not None),
    "sign-in code": Signer(code_for_somebody, lambda made: SignInCode.redeem(*made)),
    "suppression": Signer(suppress, lambda made: Suppression.holds(NEWSLETTER, made)),
    "audit chain": Signer(seal, lambda made: audit_chain.verify().fault is None),
    "secret of a webhook": Signer(lambda: signing.seal(ISSUE, "whsec_"), unsealed),
    "idempotent answer": Signer(lambda: idempotency._cipher("key").encrypt(b"answer"), decrypted),
}


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`keys(newest, *older)`: set them."""
    monkeypatch.setitem(app.config, "BOUNCE_ADDRESS", "bounces@example.org")
    _held()

    def use(newest: str, *older: str) -> None:
        monkeypatch.setitem(app.config, "SECRET_KEY", newest)
        monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", list(older))

    return use


OLD, NEW = "the old secret key of this test, long enough", "the new secret key of this test, long enough"


@pytest.mark.parametrize("name", SIGNERS)
def test_the_old_holds_as_a_fallback_and_the_new_signs(keys: Callable[..., None], name: str) -> None:
    signer = SIGNERS[name]
    keys(OLD)
    first, second = signer.make(), signer.make()
    keys(NEW)
    assert not signer.holds(second)
    keys(NEW, OLD)
    assert signer.holds(first)
    made = signer.make()
    keys(NEW)
    assert signer.holds(made)


def test_an_answer_that_can_be_read_no_more_is_no_second_try(keys: Callable[..., None], anyone: Api) -> None:
    keys(OLD)
    asked = {"email": address()}
    assert anyone.post("/auth/codes", asked, Idempotency_Key="one").status_code == 202
    keys(NEW, OLD)
    assert anyone.post("/auth/codes", asked, Idempotency_Key="one").headers["Idempotent-Replayed"] == "true"
    keys(NEW)
    refused = anyone.post("/auth/codes", asked, Idempotency_Key="one")
    assert (refused.status_code, refused.json["code"]) == (409, "idempotency_answer_lost")


def test_sessions_and_api_tokens_need_no_key(keys: Callable[..., None]) -> None:
    keys(OLD)
    _, secret = AccessToken.issue("session", ObjectId(), expires_at=None)
    keys(NEW)
    assert AccessToken.live(secret)


def test_nothing_signs_past_the_keys() -> None:
    """So that none of them can be forgotten above: the setting is read in one place."""
    files = (file for package in ("network_api", "events", "newsletters") for file in (ROOT / package).rglob("*.py"))
    readers = {file.relative_to(ROOT).as_posix() for file in files if 'config["SECRET_KEY' in file.read_text()}
    assert readers == {"network_api/auth/keys.py"}
    users = {
        file.relative_to(ROOT).as_posix()
        for package in ("network_api", "events", "newsletters")
        for file in (ROOT / package).rglob("*.py")
        if re.search(r"keys\.(newest|hashes|known|ciphers)\(", file.read_text())
    }
    assert users == {
        "network_api/auth/links.py",
        "events/tickets.py",
        "events/certificates.py",
        "newsletters/subscriptions/verp.py",
        "network_api/auth/documents.py",
        "newsletters/subscriptions/suppression.py",
        "network_api/audit_chain.py",
        "network_api/idempotency.py",
        "network_api/webhooks/signing.py",
    }
    assert len(users) == len(SIGNERS)
