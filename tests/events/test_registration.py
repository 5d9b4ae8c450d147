"""Registering: seats, the waiting list, switching, cancelling; and what each mail says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import admission, queueing
from events.documents import Event
from events.registration_documents import Registration
from events.seating import CANCELLED, DRAFT
from network_api.auth.caller import STRANGER
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, person, register
from tests.mailserver import Mailbox
from tests.queries import queries

Link = Callable[..., str]


def seats(event: Event) -> Any:
    now = Event.get(event.pk)
    return {mode: (found.taken, found.waiting) for mode, found in now.seats.items()}


def state(answer: Any) -> tuple[Any, ...]:
    return answer.json["status"], answer.json["mode"], answer.json["waiting_for"], answer.json["waiting_position"]


def test_a_guest_gets_a_seat_and_a_mail_with_the_manage_link(anyone: Api, event: Event, link: Link, mailbox: Mailbox) -> None:
    answer = register(anyone, event, "eka")
    assert (answer.status_code, answer.json["status"]) == (201, "confirmed")
    managed = anyone.get(f"/manage/registrations/{link('eka')}")
    assert managed.json["id"] == answer.json["id"]
    assert "Toivolan vanha piha" in mailbox.text_to("eka@example.org")
    assert "/join/" not in mailbox.text_to("eka@example.org")
    assert "manage" not in answer.get_data(as_text=True)
    adds_up()


def test_the_first_reason_against_a_registration_is_the_one_that_is_told(
    anyone: Api, regional: Network, event: Event, coordinator: Api
) -> None:
    now, hour = utcnow(), timedelta(hours=1)
    full = {"onsite": 0, "remote": 0}
    cases = [
        ({"status": CANCELLED, "registration_opens_at": now + hour, "capacity": full}, "event_cancelled"),
        ({"registration_opens_at": now + hour, "capacity": full}, "registration_not_open"),
        ({"registration_closes_at": now - hour, "capacity": full}, "registration_closed"),
        ({"starts_at": now - hour, "ends_at": now + hour}, "registration_closed"),
        ({"capacity": full}, "event_full"),
    ]
    for number, (given, code) in enumerate(cases):
        answer = register(anyone, make_event(regional, slug=f"case-{number}", **given), "eka")
        assert (answer.status_code, answer.json["code"]) == (409, code), given
    for who in ("eka", "toka"):
        register(anyone, event, who)
    assert register(anyone, event, "EKA").json["code"] == "already_registered"
    assert (
        register(coordinator, make_event(regional, slug="draft", status=DRAFT, published_at=None), "eka").json["code"]
        == "registration_not_open"
    )
    assert register(anyone, make_event(regional, slug="draft-2", status=DRAFT), "eka").status_code == 404
    adds_up()


def test_a_full_theme_day_gives_places_in_the_queue_to_those_who_wait(
    anyone: Api, event: Event, link: Link, mailbox: Mailbox
) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    assert register(anyone, event, "kolmas").json["code"] == "event_full"
    assert state(register(anyone, event, "kolmas", wait=True)) == ("waitlisted", "onsite", "onsite", 1)
    assert state(register(anyone, event, "neljas", wait=True)) == ("waitlisted", "onsite", "onsite", 2)
    assert seats(event) == {"onsite": (2, 2), "remote": (0, 0)}
    assert anyone.get(f"/manage/registrations/{link('neljas')}").json["waiting_position"] == 2
    assert anyone.delete(f"/manage/registrations/{link('eka')}").status_code == 204
    assert anyone.get(f"/manage/registrations/{link('kolmas')}").json["status"] == "confirmed"
    assert anyone.get(f"/manage/registrations/{link('neljas')}").json["waiting_position"] == 1
    assert len(mailbox.to("kolmas@example.org")) == 2
    assert seats(event) == {"onsite": (2, 1), "remote": (0, 0)}
    adds_up()


def test_the_place_in_the_queue_is_told_wherever_the_registration_is(
    anyone: Api, coordinator: Api, signed_in: Callable[..., Api], event: Event, link: Link, mailbox: Mailbox
) -> None:
    for who in ("eka", "toka", "kolmas", "neljas"):
        made = register(anyone, event, who, wait=True).json
    token, own = link("neljas"), signed_in("neljas@example.org")
    assert "sijalla 2" in mailbox.text_to("neljas@example.org")
    assert "sijalla 2" in anyone.get(f"//manage/registrations/{token}").text
    one = [anyone.get(f"/manage/registrations/{token}").json, own.get(f"/registrations/{made['id']}").json]
    lists = (coordinator.get(f"/events/{event.pk}/registrations"), own.get("/members/me/registrations"))
    told = [made, *one, *(answer.json["items"][-1] for answer in lists)]
    assert [found["waiting_position"] for found in told] == [2] * 5


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("wait", [False, True])
def test_a_mail_says_how_the_person_takes_part_or_waits_to(
    anyone: Api, regional: Network, mailbox: Mailbox, deliver: Callable[[], None], language: str, wait: bool
) -> None:
    event = make_event(regional, capacity=dict.fromkeys(("onsite", "remote"), 0 if wait else 1))
    for who, mode in (("eka", "onsite"), ("eta", "remote")):
        assert register(anyone, event, who, mode=mode, language=language, wait=wait).status_code == 201
    deliver()
    onsite, remote = (mailbox.text_to(f"{who}@example.org") for who in ("eka", "eta"))
    said = {"fi": "Etänä (Teams)", "sv": "På distans (Teams)", "en": "Remote (Teams)"}[language]
    assert ("Toivolan vanha piha" in onsite, said in onsite) == (True, False)
    assert ("Toivolan vanha piha" in remote, said in remote) == (False, True)


def test_a_newcomer_does_not_pass_those_who_wait(anyone: Api, event: Event) -> None:
    """Even when a seat is free for a moment, as after a restore by hand."""
    Event.change({"_id": event.pk}, {"$set": {"seats.onsite.waiting": 1}})
    assert register(anyone, event, "eka").json["code"] == "event_full"


def test_a_full_theme_day_refuses_without_a_transaction_and_says_who_is_in_already(anyone: Api, event: Event) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    with queries.counted() as sent:
        assert register(anyone, event, "kolmas").json["code"] == "event_full"
    assert [command for command in sent if "events" in command] == ["find events"]
    assert register(anyone, event, "eka").json["code"] == "already_registered"


def test_a_seat_that_came_free_since_the_theme_day_was_read_is_given_and_no_place_in_the_queue(
    anyone: Api, event: Event, link: Link
) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    full = Event.get(event.pk)
    assert anyone.delete(f"/manage/registrations/{link('eka')}").status_code == 204
    assert queueing.claim_place(full, Registration(), "onsite") is None
    asked = admission.apply(STRANGER, full, person("kolmas", wait=True), {})
    assert admission.admit(full, asked)["status"] == "confirmed"
    adds_up()


def test_who_cancelled_can_register_again(anyone: Api, event: Event, link: Link) -> None:
    first = register(anyone, event, "eka")
    token = link("eka")
    assert anyone.delete(f"/manage/registrations/{token}").status_code == 204
    assert anyone.delete(f"/manage/registrations/{token}").status_code == 204
    again = register(anyone, event, "eka")
    assert (again.status_code, again.json["id"] == first.json["id"]) == (201, False)
    assert anyone.get(f"/manage/registrations/{token}").json["status"] == "cancelled"
    assert anyone.patch(f"/manage/registrations/{token}", {"mode": "remote"}).json["code"] == "registration_cancelled"
    assert seats(event)["onsite"] == (1, 0)
    adds_up()


def test_registering_twice_mails_the_link_again_once_an_hour(
    anyone: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    register(anyone, event, "eka")
    for _ in range(3):
        assert register(anyone, event, "Eka").json["code"] == "already_registered"
    deliver()
    assert len(mailbox.to("eka@example.org")) == 2
    Registration.change({"email_key": "eka@example.org"}, {"$set": {"reminded_at": utcnow() - timedelta(minutes=61)}})
    register(anyone, event, "eka")
    deliver()
    assert len(mailbox.to("eka@example.org")) == 3


def test_switching_moves_at_once_and_frees_the_old_seat(anyone: Api, event: Event, link: Link, mailbox: Mailbox) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "kolmas", wait=True)
    switched = anyone.patch(f"/manage/registrations/{link('eka')}", {"mode": "remote"})
    assert state(switched) == ("confirmed", "remote", None, None)
    assert link("eka", "/join/")
    assert anyone.get(f"/manage/registrations/{link('kolmas')}").json["status"] == "confirmed"
    assert seats(event) == {"onsite": (2, 0), "remote": (1, 0)}
    adds_up()


def test_switching_into_a_full_mode_is_refused_or_waits_with_the_old_seat_kept(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eta", mode="remote")
    for who in ("eka", "toka"):
        register(anyone, event, who)
    token = link("eta")
    refused = anyone.patch(f"/manage/registrations/{token}", {"mode": "onsite"})
    assert (refused.status_code, refused.json["code"]) == (409, "event_full")
    assert state(anyone.patch(f"/manage/registrations/{token}", {"mode": "onsite", "wait": True})) == (
        "confirmed",
        "remote",
        "onsite",
        1,
    )
    assert seats(event) == {"onsite": (2, 1), "remote": (1, 0)}
    adds_up()
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert state(anyone.get(f"/manage/registrations/{token}")) == ("confirmed", "onsite", None, None)
    assert seats(event) == {"onsite": (2, 0), "remote": (0, 0)}
    adds_up()


def test_who_waits_for_another_mode_can_think_better_of_it(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eta", mode="remote")
    for who in ("eka", "toka"):
        register(anyone, event, who)
    path = f"/manage/registrations/{link('eta')}"
    anyone.patch(path, {"mode": "onsite", "wait": True})
    assert state(anyone.patch(path, {"mode": "remote"})) == ("confirmed", "remote", None, None)
    assert seats(event)["onsite"] == (2, 0)
    adds_up()


def test_a_promotion_can_free_a_seat_that_promotes_the_next(anyone: Api, regional: Network, link: Link) -> None:
    event = make_event(regional, capacity={"onsite": 1, "remote": 1})
    register(anyone, event, "eka")
    register(anyone, event, "eta", mode="remote")
    anyone.patch(f"/manage/registrations/{link('eta')}", {"mode": "onsite", "wait": True})
    register(anyone, event, "jono", mode="remote", wait=True)
    assert Event.get(event.pk).is_full
    anyone.delete(f"/manage/registrations/{link('eka')}")
    assert state(anyone.get(f"/manage/registrations/{link('eta')}")) == ("confirmed", "onsite", None, None)
    assert state(anyone.get(f"/manage/registrations/{link('jono')}")) == ("confirmed", "remote", None, None)
    adds_up()


def test_a_waitlisted_person_can_take_the_other_mode(anyone: Api, event: Event, link: Link) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "kolmas", wait=True)
    assert state(anyone.patch(f"/manage/registrations/{link('kolmas')}", {"mode": "remote"})) == (
        "confirmed",
        "remote",
        None,
        None,
    )
    assert seats(event) == {"onsite": (2, 0), "remote": (1, 0)}
    adds_up()


def test_more_seats_go_to_those_who_wait_and_fewer_than_taken_are_refused(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    for who in ("kolmas", "neljas", "viides"):
        register(anyone, event, who, wait=True)
    path = f"/events/{event.pk}"
    below = coordinator.patch(path, {"capacity": {"onsite": 1, "remote": None}}, If_Match="*")
    assert (below.status_code, below.json["code"]) == (409, "capacity_below_taken")
    gone = coordinator.patch(path, {"capacity": {"remote": None}}, If_Match="*")
    assert (gone.status_code, gone.json["code"]) == (409, "capacity_below_taken")
    more = coordinator.patch(path, {"capacity": {"onsite": 4, "remote": None}}, If_Match="*")
    assert more.json["seats"]["onsite"] == {
        "capacity": 4,
        "available": 0,
        "taken": 4,
        "offered": 0,
        "waiting": 1,
    }
    deliver()
    assert [len(mailbox.to(f"{who}@example.org")) for who in ("kolmas", "neljas", "viides")] == [2, 2, 1]
    adds_up()


def test_a_mode_that_is_not_offered_is_a_422_that_names_it(anyone: Api, regional: Network) -> None:
    answer = register(anyone, make_event(regional, capacity={"onsite": 2}), "eta", mode="remote")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["mode"])


def test_a_remote_participant_gets_a_join_link_and_an_on_site_one_does_not(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eta", mode="remote", language="sv")
    assert link("eta", "/join/") != link("eta")


def test_a_member_sees_their_own_registrations_also_from_before_they_signed_in(
    anyone: Api, signed_in: Callable[..., Api], event: Event, regional: Network
) -> None:
    register(anyone, event, "aino")
    aino, eve = signed_in("aino@example.org"), signed_in("eve@example.org")
    register(aino, make_event(regional), "aino.tyossa")
    mine = aino.get("/members/me/registrations").json["items"]
    assert [found["email"] for found in mine] == ["aino@example.org", "aino.tyossa@example.org"]
    assert eve.get("/members/me/registrations").json["items"] == []
    path = f"/registrations/{mine[0]['id']}"
    assert (aino.get(path).status_code, eve.get(path).status_code, anyone.get(path).status_code) == (200, 404, 401)
    assert aino.delete(path).status_code == 428
    assert aino.delete(path, If_Match=aino.get(path).headers["ETag"]).status_code == 204


def test_a_coordinator_corrects_a_registration_and_others_cannot(anyone: Api, coordinator: Api, event: Event) -> None:
    path = f"/registrations/{register(anyone, event, 'eka').json['id']}"
    tag = coordinator.get(path).headers["ETag"]
    changed = coordinator.patch(
        path, {"needs": "Induktiosilmukka", "organisation": {"name": "Uusi ry", "type": "association"}}, If_Match=tag
    )
    assert (changed.status_code, changed.json["organisation"]["name"]) == (200, "Uusi ry")
    assert coordinator.patch(path, {"needs": "x"}, If_Match=tag).status_code == 412


@pytest.mark.parametrize("token", ["x", "0" * 24, "0" * 24 + ".", "{id}.wrong", "{id}." + "A" * 32, "é", "{id}.é"])
def test_a_token_that_we_did_not_make_opens_nothing(anyone: Api, event: Event, token: str) -> None:
    token = token.replace("{id}", register(anyone, event, "eka").json["id"])
    assert anyone.get(f"/manage/registrations/{token}").status_code == 404
    assert anyone.delete(f"/manage/registrations/{token}").status_code == 404
    assert anyone.get(f"//join/{token}").status_code == 404


def test_a_link_for_one_purpose_is_none_for_the_other(anyone: Api, event: Event, link: Link) -> None:
    register(anyone, event, "eta", mode="remote")
    assert anyone.get(f"//join/{link('eta')}").status_code == 404
    assert anyone.get(f"/manage/registrations/{link('eta', 'join/')}").status_code == 404


def test_a_link_survives_a_new_secret_key(anyone: Api, event: Event, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    register(anyone, event, "eka")
    token, config = link("eka"), anyone.client.application.config
    old = config["SECRET_KEY"]
    monkeypatch.setitem(config, "SECRET_KEY", "another secret, also long enough to be one")
    assert anyone.get(f"/manage/registrations/{token}").status_code == 404
    monkeypatch.setitem(config, "SECRET_KEY_FALLBACKS", [old])
    assert anyone.get(f"/manage/registrations/{token}").status_code == 200


def test_an_idempotency_key_registers_once(anyone: Api, event: Event) -> None:
    path = f"/events/{event.pk}/registrations"
    first, again = (anyone.post(path, person("eka"), Idempotency_Key="one") for _ in range(2))
    assert (first.status_code, first.json["id"]) == (again.status_code, again.json["id"])
    assert seats(event)["onsite"] == (1, 0)
