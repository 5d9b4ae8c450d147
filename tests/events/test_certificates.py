"""Certificates of attendance: who gets one, what it says in whose language, and how anybody checks it."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from events import attendance
from events.attendance_documents import REPORT
from events.documents import Event
from events.feature import erase_person
from events.registration_documents import Registration
from network_api.feature import Person
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.events.test_pages import move

Link = Callable[..., str]


Came = Callable[..., str]


@pytest.fixture
def event(regional: Network) -> Event:
    """A theme day with room for all."""
    return make_event(regional, capacity={"onsite": None, "remote": None})


@pytest.fixture
def came(anyone: Api, coordinator: Api, event: Event, link: Link) -> Came:
    """`came("eka", language="sv")`: somebody registers, is marked present, and the day passes; their manage path."""

    def make(who: str, **given: Any) -> str:
        move(event, days=20)
        answer = register(anyone, event, who, **given)
        assert coordinator.post(f"/registrations/{answer.json['id']}/check-in").status_code == 201
        move(event, hours=-7)
        return f"/manage/registrations/{link(who)}"

    return make


def pdf(api: Api, path: str) -> PdfReader:
    answer = api.get(f"{path}/certificate.pdf")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf"), answer.json
    assert "no-store" in answer.headers["Cache-Control"]
    return PdfReader(BytesIO(answer.data))


def text_of(found: PdfReader) -> str:
    return " ".join(found.pages[0].extract_text().split())


def code_on(found: PdfReader) -> str:
    [code] = re.findall(r"/verify/([A-Z2-7-]{39})", "".join(found.pages[0].extract_text().split()))
    return str(code)


SAID = {
    "fi": ("Osallistumistodistus", "osallistui teemapäivään paikan päällä", "Laajuus: 6 t"),
    "sv": ("Intyg om deltagande", "deltog i temadagen på plats", "Omfattning: 6 h"),
    "en": ("Certificate of attendance", "took part in the theme day on site", "Extent: 6 h"),
}


@pytest.mark.parametrize("language", SAID)
def test_a_certificate_is_in_the_participants_language_and_made_for_everybodys_reader(
    anyone: Api, came: Came, language: str
) -> None:
    found = pdf(anyone, came("eka", language=language, name="Aino “#b” Öberg"))
    text, root = text_of(found), found.trailer["/Root"]
    assert all(part in text for part in (*SAID[language], "Aino “#b” Öberg", "Toivolan vanha piha", "Keski-Suomen verkosto")), (
        text
    )
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == (language, True)
    assert found.metadata is not None
    assert (found.metadata.title, root["/ViewerPreferences"]["/DisplayDocTitle"]) == (SAID[language][0], True)
    assert b"<pdfuaid:part>1<" in root["/Metadata"].get_data()
    assert tags(root["/StructTreeRoot"]) >= {"/H1", "/P", "/Link", "/Figure"}
    assert len(found.pages) == 1


def tags(element: Any) -> set[str]:
    """The kinds of structure below an element of a tagged PDF."""
    kids = element.get_object().get("/K", []) if hasattr(element.get_object(), "get") else []
    below = [kid for kid in (kids if isinstance(kids, list) else [kids]) if not isinstance(kid, int)]
    own = {str(element.get_object().get("/S"))} if hasattr(element.get_object(), "get") else set()
    return own.union(*(tags(kid) for kid in below))


def test_a_name_in_letters_that_our_font_has_not_gets_a_certificate_too(anyone: Api, came: Came) -> None:
    found = pdf(anyone, came("eka", name="李雷 🙂"))
    assert found.trailer["/Root"]["/MarkInfo"] == {"/Marked": True, "/Suspects": False}


def test_only_who_came_has_one_and_only_afterwards(anyone: Api, coordinator: Api, event: Event, link: Link) -> None:
    there, absent = (register(anyone, event, who).json["id"] for who in ("eka", "toka"))
    marked = coordinator.post(f"/registrations/{there}/check-in")
    paths = [f"/manage/registrations/{link(who)}/certificate.pdf" for who in ("eka", "toka")]
    assert [anyone.get(path).json["code"] for path in paths] == ["certificate_early", "certificate_early"]
    move(event, hours=-7)
    assert anyone.get(paths[0]).status_code == 200
    refused = anyone.get(paths[1])
    assert (refused.status_code, refused.json["code"]) == (409, "not_attended")
    assert coordinator.get(f"/registrations/{absent}/certificate.pdf").json["code"] == "not_attended"
    assert "certificate.pdf" in anyone.get("/" + paths[0].removesuffix("/certificate.pdf")).get_data(as_text=True)
    coordinator.patch(f"/attendance/{marked.json['id']}", {"void_reason": "Väärä"}, If_Match="*")
    assert anyone.get(paths[0]).json["code"] == "not_attended"


def test_anybody_checks_a_certificate_by_its_code(anyone: Api, came: Came, coordinator: Api, event: Event) -> None:
    code = code_on(pdf(anyone, came("eka", name="<b>Aino</b>", mode="remote")))
    said = anyone.get(f"/certificates/{code}")
    assert (said.status_code, said.json["name"], said.json["mode"], said.json["minutes"]) == (200, "<b>Aino</b>", "remote", 360)
    assert (said.json["event"]["slug"], said.json["organisers"]) == (event.slug, [{"fi": "Keski-Suomen verkosto"}])
    assert "eka@example.org" not in said.get_data(as_text=True)
    assert anyone.get(f"/certificates/{code.replace('-', '').lower()}").json["code"] == code
    page = anyone.get(f"//verify/{code}", Accept_Language="sv")
    assert page.status_code == 200
    assert "Det här intyget är äkta." in page.get_data(as_text=True)
    assert "&lt;b&gt;Aino" in page.get_data(as_text=True)


def test_a_code_of_no_certificate_is_unknown(anyone: Api, came: Came, event: Event) -> None:
    code = code_on(pdf(anyone, came("eka")))
    for wrong in ("x", "A" * 32, code[:-1] + ("A" if code[-1] != "A" else "B"), code[:20], "ä" * 32, code * 2):
        assert anyone.get(f"/certificates/{wrong}").status_code == 404
        assert anyone.get(f"//verify/{wrong}").status_code == 404
    erase_person(Person(None, "eka@example.org"))
    assert anyone.get(f"/certificates/{code}").status_code == 404


def test_a_code_survives_a_new_secret_key(anyone: Api, came: Came, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_on(pdf(anyone, came("eka")))
    config = anyone.client.application.config
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [config["SECRET_KEY"]])
    monkeypatch.setitem(config, "SECRET_KEY", "another secret, also long enough to be one")
    assert anyone.get(f"/certificates/{code}").status_code == 200
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [])
    assert anyone.get(f"/certificates/{code}").status_code == 404


def test_who_was_in_the_room_for_an_hour_is_certified_for_an_hour(anyone: Api, coordinator: Api, came: Came) -> None:
    """Unless they were on site as well, where nobody counts minutes."""
    path = came("eta", mode="remote", language="en")
    found = Registration.first({"email_key": "eta@example.org"})
    assert found
    attendance.record(found, REPORT, "remote", cause="a", minutes=40)
    attendance.record(found, REPORT, "remote", cause="b", minutes=35)
    assert "Extent: 1 h 15 min" in text_of(pdf(anyone, path))
    attendance.record(found, REPORT, "remote", cause="c", minutes=4000)
    assert "Extent: 6 h" in text_of(pdf(anyone, path))
    assert coordinator.post(f"/registrations/{found.pk}/check-in", {"method": "qr"}).status_code == 201
    assert coordinator.get(f"/registrations/{found.pk}").json["attended_minutes"] is None
