"""One's own page: details, consents, introduction, networks, data, and who is signed in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from werkzeug.test import TestResponse

from events.registration_documents import Registration
from network_api.auth.documents import AccessToken
from network_api.members import consents
from network_api.members.documents import Member
from network_api.networks.documents import Membership, Network
from tests.conftest import Api, give_role
from tests.events.factories import make_event, register

AINO = "aino@example.org"
HEADERS = {"Accept-Language": "en", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
PATHS = ("/me", "/me/details", "/me/introduction", "/me/erase", "/me/export.json")


class Me:
    """Aino on her own pages."""

    def __init__(self, visitor: FlaskClient) -> None:
        self.visitor, self.member = visitor, Member.of_address(AINO)
        _, self.secret = AccessToken.issue("session", self.member.pk, expires_at=None)
        visitor.set_cookie("session", self.secret)

    def get(self, path: str = "/me") -> TestResponse:
        return self.visitor.get(path, headers=HEADERS)

    def post(self, path: str, **typed: Any) -> TestResponse:
        return self.visitor.post(path, data=typed, headers=HEADERS)

    def stored(self) -> Member:
        return Member.get(self.member.pk)


@pytest.fixture
def me(visitor: FlaskClient) -> Me:
    """A member who has signed in on the pages."""
    return Me(visitor)


def test_a_stranger_signs_in_first_and_comes_back(visitor: FlaskClient) -> None:
    for path in PATHS:
        answer = visitor.get(path)
        assert answer.status_code == 303
        assert answer.location == f"/sign-in?next={path.replace('/', '%2F')}" or answer.location == f"/sign-in?next={path}"
    for path in ("details", "introduction", "introduction/withdraw", "erase", "sign-out-everywhere"):
        assert visitor.post(f"/me/{path}").location == "/sign-in"


def test_the_pages_are_kept_by_nobody(me: Me) -> None:
    for path in PATHS:
        answer = me.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_details_and_the_consent_to_the_directory_are_changed_and_taken_back(me: Me) -> None:
    works = {"organisation.name": "Kunta", "organisation.type": "municipality"}
    typed = {"name": "Aino Virtanen", "language": "sv", "region": "FI-08", **works}
    assert me.post("/me/details", directory_audience="members", **typed).status_code == 303
    found = me.stored()
    assert (found.name, found.language, found.region, found.visible_to) == ("Aino Virtanen", "sv", "FI-08", ["members"])
    shown = me.get("/me/details").text
    assert 'value="Aino Virtanen"' in shown
    assert 'value="members" checked' in shown
    assert me.post("/me/details", name="Aino Virtanen", language="fi", region="", directory_audience="").status_code == 303
    found = me.stored()
    assert (found.directory, found.region, found.organisation, found.visible_to) == (None, None, None, [])


def test_a_mistake_in_the_details_comes_back(me: Me) -> None:
    answer = me.post("/me/details", name="", language="fi", **{"organisation.name": "Kunta"})
    assert answer.status_code == 422
    assert 'href="#field-name"' in answer.text
    assert 'href="#field-organisation-type"' in answer.text
    assert 'value="Kunta"' in answer.text


def test_an_introduction_is_published_changed_and_withdrawn(me: Me, anyone: Api) -> None:
    me.member.edit({"name": "Aino"})
    typed = {"text.en": "I coach.", "text.fi": "Valmennan.", "offers": "CV clinic\n\n Talks ", "audience": "public"}
    assert me.post("/me/introduction", **typed, publish_in_newsletter="yes").status_code == 303
    (shown,) = anyone.get("/introductions").json["items"]
    assert (shown["text"], shown["offers"]) == ({"en": "I coach.", "fi": "Valmennan."}, ["CV clinic", "Talks"])
    form = me.get("/me/introduction").text
    assert "CV clinic\nTalks</textarea>" in form
    assert "I coach." in me.get().text
    assert me.post("/me/introduction/withdraw").status_code == 303
    assert anyone.get("/introductions").json["items"] == []
    assert me.post("/me/introduction/withdraw").status_code == 303


def test_a_mistake_in_the_introduction_leads_to_its_field(me: Me) -> None:
    answer = me.post("/me/introduction", wishes="x" * 90, audience="")
    assert answer.status_code == 422
    for name in ("text-en", "wishes", "audience"):
        assert f'href="#field-{name}"' in answer.text
    assert me.stored().introduction is None


def test_an_invitation_is_accepted_and_a_network_left(me: Me, national: Network, signed_in: Callable[..., Api]) -> None:
    boss = signed_in("johto@example.org", national, "coordinator")
    boss.post(f"/networks/{national.pk}/memberships", {"email": AINO, "role": "member"})
    membership = Membership.first({"email_key": AINO})
    assert membership is not None
    assert "You are invited." in me.get().text
    assert me.post(f"/me/memberships/{membership.pk}/accept").status_code == 303
    assert "You are a member." in me.get().text
    assert "Yes, I leave" in me.get(f"/me/memberships/{membership.pk}/leave").text
    assert me.post(f"/me/memberships/{membership.pk}/leave").status_code == 303
    assert "You belong to no network yet." in me.get().text
    late = me.post(f"/me/memberships/{membership.pk}/accept")
    assert late.status_code == 422
    assert "This is not possible any more." in late.text


def test_the_last_coordinator_is_told_why_they_cannot_leave(me: Me, national: Network) -> None:
    membership = give_role(me.member, national, "coordinator")
    answer = me.post(f"/me/memberships/{membership.pk}/leave")
    assert answer.status_code == 422
    assert "You are the last coordinator" in answer.text


def test_nobody_touches_the_membership_of_another(me: Me, national: Network) -> None:
    other = give_role(Member.of_address("toinen@example.org"), national, "member")
    assert me.get(f"/me/memberships/{other.pk}/leave").status_code == 404
    assert me.post(f"/me/memberships/{other.pk}/leave").status_code == 404
    assert me.post(f"/me/memberships/{other.pk}/accept").status_code == 404


def test_own_theme_days_lead_to_their_registrations(me: Me, anyone: Api, regional: Network) -> None:
    event = make_event(regional, title={"en": "My day"})
    register(anyone, event, "aino")
    page = me.get().text
    assert "My day" in page
    link = page.split('href="/manage/registrations/')[1].split('"')[0]
    assert me.get(f"/manage/registrations/{link}").status_code == 200


def test_the_export_is_what_the_api_exports(me: Me, app: Flask) -> None:
    answer = me.get("/me/export.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    by_api = Api(app.test_client(), me.secret).get("/members/me/export").json
    assert orjson.loads(answer.data)["data"] == by_api["data"]


def test_erasing_asks_first_gives_a_receipt_and_signs_out(me: Me, anyone: Api, regional: Network) -> None:
    register(anyone, make_event(regional), "aino")
    assert "Yes, erase everything" in me.get("/me/erase").text
    assert Member.row({"email_key": AINO}) is not None
    answer = me.post("/me/erase")
    assert answer.status_code == 200
    assert "This is your receipt." in answer.text
    assert Member.row({"email_key": AINO}) is None
    assert AINO not in str(Registration.rows({}))
    assert me.visitor.get_cookie("session") is None
    assert me.get().status_code == 303


def test_signing_out_everywhere_ends_every_session_and_leaves_tokens(me: Me) -> None:
    AccessToken.issue("session", me.member.pk, expires_at=None)
    AccessToken.issue("api", me.member.pk, expires_at=None, name="Yöajo")
    assert "Yöajo" in me.get().text
    assert me.post("/me/sign-out-everywhere").status_code == 303
    assert [row["kind"] for row in AccessToken.rows({"member_id": me.member.pk})] == ["api"]


def test_a_token_is_withdrawn_by_its_owner_only(me: Me) -> None:
    mine, _ = AccessToken.issue("api", me.member.pk, expires_at=None, name="Oma")
    other, _ = AccessToken.issue("api", Member.of_address("toinen@example.org").pk, expires_at=None, name="Muun")
    assert me.post(f"/me/tokens/{other.public_id}/withdraw").status_code == 404
    assert me.post(f"/me/tokens/{mine.public_id}/withdraw").status_code == 303
    assert [row["name"] for row in AccessToken.rows({"member_id": me.member.pk, "kind": "api"})] == []


@pytest.mark.parametrize("path", ["details", "introduction", "introduction/withdraw", "erase", "sign-out-everywhere"])
def test_a_form_of_another_site_does_nothing(me: Me, path: str) -> None:
    before = Member.row({"email_key": AINO})
    assert me.visitor.post(f"/me/{path}", data={"name": "X"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert me.visitor.post(f"/me/{path}", data={"name": "X"}).status_code == 403
    assert Member.row({"email_key": AINO}) == before


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_what_people_consent_to_is_word_for_word_in_the_document(app: Flask, language: str) -> None:
    document = (Path(__file__).parents[2] / "docs" / "consents.md").read_text(encoding="utf-8")
    with app.test_request_context(), force_locale(language):
        said = [text for audience, text in [*consents.directory_consents(), *consents.introduction_consents()] if audience]
        said += [consents.newsletter_consent(), consents.change_of_mind()]
    for text in said:
        assert f" {text} |" in document or f"**{language}** {text}\n" in document, text
