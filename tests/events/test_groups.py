"""Several people at once: colleagues by one contact, people whom a coordinator writes down or imports; all by the one gate."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import mails
from events.documents import ACCEPTED, Event, Partner
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.mail.outbox import OutgoingMail
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, person, register
from tests.mailserver import Mailbox

CONTACT = {"name": "Helmi", "email": "helmi@example.org"}


def group(client: Api, event: Event, *who: str, **given: Any) -> Any:
    people = [person(name) for name in who]
    return client.post(f"/events/{event.pk}/registrations/group", {"contact": CONTACT, "people": people, **given})


def table(client: Api, event: Event, text: str, query: str = "", encoding: str = "utf-8") -> Any:
    sent = {"Authorization": f"Bearer {client.token}"} if client.token else {}
    path = f"/api/v1/events/{event.pk}/registrations/import{query}"
    return client.client.post(path, data=text.encode(encoding), content_type="text/csv", headers=sent)


def test_colleagues_are_registered_each_with_a_link_of_their_own_and_the_contact_is_told(
    anyone: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    answer = group(anyone, event, "eka", "toka")
    assert (answer.status_code, answer.json["registered"], answer.json["refused"]) == (201, 2, 0)
    assert [found["registration"]["status"] for found in answer.json["people"]] == ["confirmed", "confirmed"]
    deliver()
    links = [mailbox.text_to(f"{who}@example.org").split("manage/registrations/")[1].split()[0] for who in ("eka", "toka")]
    assert len(set(links)) == 2
    told = mailbox.text_to("helmi@example.org")
    assert "Eka: lähipaikka" in told
    assert "manage/registrations" not in told
    adds_up()


def test_one_who_cannot_be_registered_keeps_all_of_them_out(
    anyone: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    refused = group(anyone, event, "eka", "toka", "kolmas")
    assert (refused.status_code, refused.json["code"]) == (409, "event_full")
    assert list(refused.json["errors"]) == ["people.2.email"]
    assert Registration.rows({}) == []
    deliver()
    assert mailbox.messages == []
    adds_up()


def test_a_group_is_registered_with_the_mail_to_its_contact_or_not_at_all(
    anyone: Api, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(mails, "group_registered", killed)
    with pytest.raises(Killed):
        group(anyone, event, "eka", "toka")
    assert (Registration.rows({}), OutgoingMail.rows({})) == ([], [])
    adds_up()


def test_with_partial_those_who_can_be_registered_are(anyone: Api, event: Event) -> None:
    register(anyone, event, "toka")
    answer = group(anyone, event, "eka", "toka", "kolmas", partial=True).json
    assert [(found["email"], found["code"]) for found in answer["people"]] == [
        ("eka@example.org", None),
        ("toka@example.org", "already_registered"),
        ("kolmas@example.org", "event_full"),
    ]
    assert (answer["registered"], answer["refused"]) == (1, 2)
    adds_up()


def test_a_group_can_wait_together(anyone: Api, event: Event) -> None:
    answer = group(anyone, event, "eka", "toka", "kolmas", wait=True).json
    assert [found["registration"]["waiting_position"] for found in answer["people"]] == [None, None, 1]
    adds_up()


def test_the_answers_of_colleagues_are_held_to_the_questions_and_a_fault_is_told_by_its_place(
    anyone: Api, regional: Network
) -> None:
    event = make_event(regional, questions=[{"id": "lupa", "type": "consent", "label": {"fi": "Lupa"}, "required": True}])
    people = [person("eka", answers={"lupa": True}), person("toka", answers={"lupa": False})]
    path, sent = f"/events/{event.pk}/registrations/group", {"contact": CONTACT, "people": people}
    refused = anyone.post(path, sent)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["people.1.answers.lupa"])
    assert Registration.rows({}) == []
    some = anyone.post(path, {**sent, "partial": True}).json["people"]
    assert [found["code"] for found in some] == [None, "invalid"]
    assert "answers.lupa" in some[1]["detail"]
    adds_up()


def test_an_address_named_twice_is_told_by_its_place(anyone: Api, event: Event) -> None:
    answer = group(anyone, event, "eka", "EKA")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["people.1.email"])
    assert group(anyone, event).status_code == 422
    assert group(anyone, event, *(f"h{number}" for number in range(21))).status_code == 422


def test_a_group_with_an_idempotency_key_is_registered_once(anyone: Api, event: Event) -> None:
    sent = {"contact": CONTACT, "people": [person("eka"), person("toka")]}
    first, again = (anyone.post(f"/events/{event.pk}/registrations/group", sent, Idempotency_Key="g") for _ in range(2))
    assert (first.status_code, first.json) == (201, again.json)


@pytest.fixture
def closed(regional: Network) -> Event:
    """A theme day whose registration has closed."""
    return make_event(regional, registration_closes_at=utcnow() - timedelta(hours=1))


def test_a_coordinator_writes_somebody_down_also_after_registration_has_closed(
    anyone: Api, coordinator: Api, closed: Event, signed_in: Callable[..., Api], other_region: Network
) -> None:
    assert register(anyone, closed, "eka").json["code"] == "registration_closed"
    stranger = signed_in("toinen@example.org", other_region, "coordinator")
    assert register(stranger, closed, "eka").json["code"] == "registration_closed"
    added = register(coordinator, closed, "eka")
    assert (added.status_code, added.json["status"]) == (201, "confirmed")
    assert AuditEntry.row({"target_id": Registration.get(added.json["id"]).pk, "action": "registration.added"})
    for who in ("toka", "kolmas"):
        last = register(coordinator, closed, who)
    assert last.json["code"] == "event_full"  # the same gate: seats are counted
    adds_up()


TABLE = (
    "\ufeffName;Email;Organisation;Organisation_type;Mode\r\nÄijä;aija@example.org;Kunta;municipality;\r\n"
    "Etä;eta@example.org;;;remote\r\n"
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(TABLE, "utf-8"), (TABLE.replace(";", ","), "utf-8"), (TABLE.replace(";", "\t"), "utf-8"), (TABLE[1:], "cp1252")],
)
def test_a_table_from_any_spreadsheet_is_read(coordinator: Api, event: Event, text: str, encoding: str) -> None:
    answer = table(coordinator, event, text, encoding=encoding)
    assert (answer.status_code, answer.json["confirmed"]) == (200, 2), answer.json
    found = {row["email"]: (row["name"], row["mode"]) for row in Registration.rows({})}
    assert found == {"aija@example.org": ("Äijä", "onsite"), "eta@example.org": ("Etä", "remote")}
    again = table(coordinator, event, text, encoding=encoding).json
    assert [row["code"] for row in again["rows"]] == ["already_registered"] * 2
    adds_up()


def test_a_dry_run_tells_what_would_become_of_each_and_writes_nothing(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka")
    text = (
        "name,email\nEka,eka@example.org\nToka,toka@example.org\nKolmas,kolmas@example.org\nEi,ei-osoite\nToka,TOKA@example.org\n"
    )
    would = table(coordinator, event, text, "?dry_run=true&wait=true").json
    assert [(row["line"], row["result"], row["code"]) for row in would["rows"]] == [
        (2, "refused", "already_registered"),
        (3, "confirmed", None),
        (4, "waitlisted", None),
        (5, "refused", "invalid"),
        (6, "refused", "already_registered"),
    ]
    assert len(Registration.rows({})) == 1
    did = table(coordinator, event, text, "?wait=true").json
    assert [(row["result"], row["code"]) for row in did["rows"]] == [(row["result"], row["code"]) for row in would["rows"]]
    adds_up()


def test_a_line_that_cannot_be_is_told_by_its_field(coordinator: Api, event: Event) -> None:
    text = "name,email,organisation,organisation_type,region\nEka,eka@example.org,Kunta,kaupunki,XX\nToka,toka@example.org,,,\n"
    refused, taken = table(coordinator, event, text).json["rows"]
    assert (refused["line"], refused["code"], taken["result"]) == (2, "invalid", "confirmed")
    assert all(f"{name}: Must be one of" in refused["detail"] for name in ("organisation.type", "region"))


def test_a_dry_run_knows_the_seats_that_are_set_apart(
    coordinator: Api, signed_in: Callable[..., Api], regional: Network, other_region: Network
) -> None:
    together_with = {"co_hosts": [other_region.pk], "partners": {str(other_region.pk): Partner(state=ACCEPTED)}}
    event = make_event(regional, **together_with)
    for who in ("jasen", "toinen", "kolmas"):
        signed_in(f"{who}@example.org", other_region, "member")
    coordinator.patch(f"/events/{event.pk}/co-hosts/{other_region.pk}", {"quota": {"onsite": 1}}, If_Match="*")
    text = "name,email\n" + "".join(f"{who},{who}@example.org\n" for who in ("jasen", "vieras", "toka", "toinen"))
    would, did = (table(coordinator, event, text, query).json["rows"] for query in ("?dry_run=true&wait=true", "?wait=true"))
    assert [row["result"] for row in would] == ["confirmed", "confirmed", "waitlisted", "waitlisted"]
    assert [row["result"] for row in did] == [row["result"] for row in would]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("nimi;osoite\nx;y\n", "columns"),
        ("", "columns"),
        ("name,email\n" + "a,a@example.org\n" * 1001, "rows"),
        ("name,email,shoe\n", "columns"),
    ],
)
def test_what_is_no_table_of_people_is_refused_whole(coordinator: Api, event: Event, content: str, field: str) -> None:
    answer = table(coordinator, event, content)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
