"""Attendance: tickets and their scanners, marks by hand, the door's record; one ledger, from which the rest follows."""

from base64 import b32decode, urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from events import tickets
from events.attendance_documents import Attendance
from events.documents import Event
from events.feature import check, erase_person, export_person
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.feature import Person
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, register
from tests.events.test_pages import move
from tests.mailserver import Mailbox

Link = Callable[..., str]


def code(who: str) -> str:
    found = Registration.first({"email_key": f"{who}@example.org"})
    assert found
    return tickets.code_of(found)


def scan(api: Api, event: Event, who: str, nonce: str = "nonce-00001", **given: Any) -> Any:
    return api.post(f"/events/{event.pk}/check-ins", {"code": code(who), "nonce": nonce, **given})


def attended(api: Api, answer: Any) -> Any:
    found = api.get(f"/registrations/{answer.json['id']}").json
    return found["attended"], found["attended_mode"], found["attended_minutes"]


def test_a_scanner_checks_a_ticket_without_us(anyone: Api, event: Event) -> None:
    register(anyone, event, "eka")
    [key] = anyone.get("/tickets/keys").json["keys"]
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "="))
    found = code("eka")
    raw = b32decode(found + "=" * (-len(found) % 8))
    assert (raw[1:5].hex(), raw[5:17].hex()) == (key["kid"], str(event.pk))
    public.verify(raw[37:], b"ticket" + raw[:37])
    with pytest.raises(InvalidSignature):
        public.verify(raw[37:], b"ticket" + raw[:36] + b"x")


def test_a_ticket_is_a_picture_for_its_holder_on_site(
    anyone: Api, signed_in: Callable[..., Api], event: Event, link: Link, mailbox: Mailbox
) -> None:
    mine = register(anyone, event, "eka")
    path = f"/manage/registrations/{link('eka')}/ticket"
    assert f"/api/v1{path}.svg" in mailbox.text_to("eka@example.org")
    drawn, pixels = anyone.get(f"{path}.svg"), anyone.get(f"{path}.png")
    assert (drawn.content_type, drawn.data[:5]) == ("image/svg+xml", b"<?xml")
    assert (pixels.content_type, pixels.data[:4]) == ("image/png", b"\x89PNG")
    assert "no-store" in drawn.headers["Cache-Control"]
    own = signed_in("eka@example.org").get(f"/registrations/{mine.json['id']}/ticket.svg")
    assert own.data == drawn.data
    assert signed_in("eve@example.org").get(f"/registrations/{mine.json['id']}/ticket.svg").status_code == 404
    register(anyone, event, "eta", mode="remote")
    assert anyone.get(f"/manage/registrations/{link('eta')}/ticket.svg").json["code"] == "no_onsite_seat"
    assert "ticket" not in mailbox.text_to("eta@example.org")


def test_a_ticket_lets_in_once_and_the_same_scan_is_the_same_scan(anyone: Api, coordinator: Api, event: Event) -> None:
    mine = register(anyone, event, "eka")
    before = coordinator.get(f"/registrations/{mine.json['id']}").headers["ETag"]
    first = scan(coordinator, event, "eka")
    assert (first.status_code, first.json["source"], first.json["name"]) == (201, "ticket", "Eka")
    again = scan(coordinator, event, "eka")
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    other = scan(coordinator, event, "eka", "nonce-00002")
    assert (other.status_code, other.json["code"], other.json["errors"]) == (
        409,
        "already_checked_in",
        {"at": [Attendance.get(first.json["id"]).at.isoformat().replace("+00:00", "Z")]},
    )
    assert attended(coordinator, mine) == (True, "onsite", None)
    assert coordinator.get(f"/registrations/{mine.json['id']}").headers["ETag"] != before
    assert AuditEntry.row({"action": "attendance.recorded", "target_id": Registration.get(mine.json["id"]).pk})
    adds_up()


def test_a_code_is_read_as_people_and_scanners_write_it(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka")
    typed = " ".join(code("eka")[n : n + 8] for n in range(0, 200, 8)).lower()
    assert coordinator.post(f"/events/{event.pk}/check-ins", {"code": typed}).status_code == 201


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-4] + "AAAA", lambda c: "B" + c[1:], lambda c: c[:80], lambda c: "ä?", lambda c: c * 2]
)
def test_a_code_that_we_did_not_sign_is_refused(anyone: Api, coordinator: Api, event: Event, spoil: Callable[[str], str]) -> None:
    register(anyone, event, "eka")
    answer = coordinator.post(f"/events/{event.pk}/check-ins", {"code": spoil(code("eka"))})
    assert (answer.status_code, answer.json["code"]) == (422, "ticket_invalid")
    assert Attendance.rows({}) == []


def test_a_ticket_survives_a_new_secret_key_and_new_ones_are_signed_with_it(
    anyone: Api, coordinator: Api, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(anyone, event, "eka")
    old_code, config = code("eka"), anyone.client.application.config
    old = config["SECRET_KEY"]
    path = f"/events/{event.pk}/check-ins"
    monkeypatch.setitem(config, "SECRET_KEY", "another secret, also long enough to be one")
    assert coordinator.post(path, {"code": old_code}).json["code"] == "ticket_invalid"
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [old])
    assert len(anyone.get("/tickets/keys").json["keys"]) == 2
    assert code("eka") != old_code
    assert coordinator.post(path, {"code": old_code}).status_code == 201


def test_each_reason_against_a_ticket_has_a_code_of_its_own(
    anyone: Api, coordinator: Api, event: Event, regional: Network, link: Link
) -> None:
    other = make_event(regional, slug="toinen", capacity={"onsite": 9, "remote": None})
    for who in ("peruu", "vaihtaa", "mitatoity", "tulee"):
        register(anyone, other, who)
    path = f"/events/{other.pk}/check-ins"
    codes = {who: code(who) for who in ("peruu", "vaihtaa", "mitatoity", "tulee")}
    anyone.delete(f"/manage/registrations/{link('peruu')}")
    anyone.patch(f"/manage/registrations/{link('vaihtaa')}", {"mode": "remote"})
    Registration.change({"email_key": "mitatoity@example.org"}, {"$set": {"nonce": "00" * 8}})
    said = {who: coordinator.post(path, {"code": text}).json["code"] for who, text in codes.items() if who != "tulee"}
    assert said == {"peruu": "registration_cancelled", "vaihtaa": "ticket_other_mode", "mitatoity": "ticket_revoked"}
    wrong = coordinator.post(f"/events/{event.pk}/check-ins", {"code": codes["tulee"]})
    assert wrong.json["code"] == "ticket_wrong_event"
    ahead = (utcnow() + timedelta(hours=1)).isoformat()
    early = coordinator.post(path, {"code": codes["tulee"], "scanned_at": ahead})
    assert (early.status_code, list(early.json["errors"])) == (422, ["scanned_at"])
    coordinator.post(f"/events/{other.pk}/cancel")
    assert coordinator.post(path, {"code": codes["tulee"]}).json["code"] == "event_cancelled"
    assert Attendance.rows({}) == []


def test_an_offline_scanner_sends_everything_and_may_send_it_again(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka")
    register(anyone, event, "toka")
    at = (utcnow() - timedelta(hours=1)).isoformat()
    rows = [("nonce-00001", code("eka")), ("nonce-00002", code("eka")), ("nonce-00003", "XXXX"), ("nonce-00004", code("toka"))]
    batch = {"scans": [{"nonce": nonce, "code": text, "scanned_at": at} for nonce, text in rows]}
    answers = [coordinator.post(f"/events/{event.pk}/check-ins/batch", batch) for _ in range(2)]
    assert answers[0].status_code == 200
    assert [row["result"] for row in answers[0].json["results"]] == [
        "recorded",
        "already_checked_in",
        "ticket_invalid",
        "recorded",
    ]
    assert answers[0].json["results"][1]["entry"]["name"] == "Eka"
    assert answers[0].json == answers[1].json
    assert [row["at"].isoformat() for row in Attendance.rows({})] == [at, at]
    adds_up()


def test_a_nonce_belongs_to_one_scan(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka")
    register(anyone, event, "toka")
    scan(coordinator, event, "eka")
    reused = scan(coordinator, event, "toka")
    assert (reused.status_code, reused.json["code"]) == (409, "nonce_reused")


def test_a_coordinator_marks_and_voids_and_the_ledger_keeps_both(anyone: Api, coordinator: Api, event: Event) -> None:
    mine = register(anyone, event, "eta", mode="remote")
    path = f"/registrations/{mine.json['id']}/check-in"
    marked = coordinator.post(path)
    assert (marked.status_code, marked.json["source"], marked.json["mode"]) == (201, "manual", "remote")
    assert (coordinator.post(path).status_code, coordinator.post(path).json["id"]) == (200, marked.json["id"])
    entry = f"/attendance/{marked.json['id']}"
    assert coordinator.patch(entry, {"void_reason": "Väärä"}).status_code == 428
    assert coordinator.patch(entry, {"void_reason": "Väärä"}, If_Match='"7"').status_code == 412
    voided = coordinator.patch(entry, {"void_reason": "Väärä henkilö"}, If_Match=marked.headers["ETag"])
    assert (voided.json["state"], voided.json["void_reason"]) == ("voided", "Väärä henkilö")
    assert attended(coordinator, mine) == (False, None, None)
    twice = coordinator.patch(entry, {"void_reason": "Taas"}, If_Match="*")
    assert (twice.status_code, twice.json["code"]) == (409, "attendance_voided")
    seen = coordinator.post(path, {"method": "qr"})
    assert (seen.status_code, seen.json["source"], seen.json["mode"]) == (201, "ticket", "onsite")
    assert attended(coordinator, mine) == (True, "onsite", None)
    ledger = coordinator.get(f"/events/{event.pk}/attendance").json["items"]
    assert [(row["source"], row["state"]) for row in ledger] == [("manual", "voided"), ("ticket", "recorded")]
    assert [row["source"] for row in coordinator.get(f"/events/{event.pk}/attendance?source=ticket").json["items"]] == ["ticket"]
    said = [row["action"] for row in AuditEntry.rows({"target_id": Registration.get(mine.json["id"]).pk})]
    assert said == ["attendance.recorded", "attendance.voided", "attendance.recorded"]
    adds_up()


def test_nobody_is_present_without_a_seat(anyone: Api, coordinator: Api, event: Event) -> None:
    answers = [register(anyone, event, who, wait=True) for who in ("eka", "toka", "kolmas")]
    waiting, gone = (f"/registrations/{answers[n].json['id']}" for n in (2, 0))
    assert coordinator.post(f"{waiting}/check-in").json["code"] == "registration_waitlisted"
    coordinator.delete(gone, If_Match="*")
    assert coordinator.post(f"{gone}/check-in").json["code"] == "registration_cancelled"
    seated = f"/registrations/{answers[1].json['id']}/check-in"
    ahead = coordinator.post(seated, {"at": (utcnow() + timedelta(hours=1)).isoformat()})
    assert (ahead.status_code, list(ahead.json["errors"])) == (422, ["at"])
    coordinator.post(f"/events/{event.pk}/cancel")
    assert coordinator.post(seated).json["code"] == "event_cancelled"
    assert Attendance.rows({}) == []


def test_a_revoked_join_link_opens_nothing_and_a_renewed_one_replaces_it(
    anyone: Api, coordinator: Api, event: Event, link: Link, mailbox: Mailbox
) -> None:
    mine = register(anyone, event, "eta", mode="remote")
    old, path = link("eta", "join/"), f"/registrations/{mine.json['id']}/join-link"
    manage = link("eta")
    move(event, minutes=5)
    assert coordinator.post(f"{path}/revoke").json["join_revoked_at"]
    page = anyone("POST", f"//join/{old}")
    assert (page.status_code, "ei ole enää voimassa" in page.get_data(as_text=True)) == (200, True)
    assert Attendance.rows({}) == []
    assert coordinator.post(f"{path}/renew").json["join_revoked_at"] is None
    assert anyone.get(f"//join/{old}").status_code == 404
    new = link("eta", "join/")
    assert anyone("POST", f"//join/{new}").status_code == 303
    assert [row["source"] for row in Attendance.rows({})] == ["door"]
    assert link("eta") == manage
    onsite = register(anyone, make_event(Network.get(event.network_id), slug="x"), "eka")
    assert coordinator.post(f"/registrations/{onsite.json['id']}/join-link/revoke").json["code"] == "no_remote_seat"
    adds_up()


def test_attendance_goes_with_the_persons_data(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka")
    entry = scan(coordinator, event, "eka").json["id"]
    coordinator.patch(f"/attendance/{entry}", {"void_reason": "Eka ei ollutkaan Eka"}, If_Match="*")
    person = Person(None, "eka@example.org")
    [registration] = export_person(person)["registrations"]
    assert [row["source"] for row in registration["attendance"]] == ["ticket"]
    erase_person(person)
    assert Attendance.get(entry).void_reason is None
    adds_up()


def test_check_sees_a_registration_that_says_other_than_the_ledger(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka")
    scan(coordinator, event, "eka")
    adds_up()
    Registration.change({"email_key": "eka@example.org"}, {"$set": {"attended_at": None}})
    assert {problem.invariant for problem in check()} == {"registration_attendance"}
