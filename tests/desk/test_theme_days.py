"""Theme days on the desk: the glance, drafting, publishing, calling off, participants."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from bson import ObjectId
from flask import Flask

from events import desk
from events.documents import Event
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.networks.documents import Membership, Network
from tests.conftest import Api
from tests.desk.conftest import Person
from tests.events.factories import make_event, register
from tests.queries import queries

TYPED = {
    "title.fi": "Verkostopäivä",
    "starts_at": "2030-03-04T09:00",
    "ends_at": "2030-03-04T15:00",
    "modes": ["onsite", "remote"],
    "venue.name": "Kirjasto",
    "capacity.onsite": "30",
    "remote.join_url": "https://meet.example.org/huone",
}


def test_a_draft_is_written_published_and_called_off(coordinator: Person, regional: Network, anyone: Api) -> None:
    answer = coordinator.send("/desk/events/new", {**TYPED, "network_id": str(regional.pk)})
    assert answer.status_code == 303
    event = Event.get(answer.location.rpartition("/")[2])
    assert event.starts_at == datetime(2030, 3, 4, 7, tzinfo=UTC)  # nine o'clock in Finland
    assert {mode: seats.capacity for mode, seats in event.seats.items()} == {"onsite": 30, "remote": None}
    assert "Draft: nobody else sees it yet" in coordinator.get(answer.location).text
    assert coordinator.post(f"{answer.location}/publish").status_code == 303
    assert anyone.get(f"/events/{event.pk}").json["phase"] == "open"
    again = coordinator.post(f"{answer.location}/publish")
    assert (again.status_code, "It has been published already." in again.text) == (422, True)
    assert "only be called off" in coordinator.post(f"{answer.location}/remove").text
    assert coordinator.post(f"{answer.location}/cancel", reason__fi="Kouluttaja sairastui").status_code == 303
    assert Event.get(event.pk).cancel_reason == {"fi": "Kouluttaja sairastui"}
    assert "has been called off" in coordinator.post(f"{answer.location}/cancel").text


def test_a_mistake_keeps_what_was_typed_and_says_what_to_mend(coordinator: Person, regional: Network) -> None:
    typed = {**TYPED, "title.fi": "", "capacity.onsite": "monta", "ends_at": "iltapäivällä", "network_id": str(regional.pk)}
    answer = coordinator.send("/desk/events/new", typed)
    assert answer.status_code == 422
    for words in ("Please write it in one language at least.", "Please give a whole number.", "Please give a date and a time."):
        assert words in answer.text
    assert 'value="monta"' in answer.text
    assert '<a href="#field-title-fi">' in answer.text
    backwards = coordinator.send("/desk/events/new", {**TYPED, "ends_at": "2030-03-04T08:00", "network_id": str(regional.pk)})
    assert "The end has to come after the start" in backwards.text
    assert "Please choose one at least." in coordinator.send("/desk/events/new", {"network_id": str(regional.pk)}).text
    assert Event.rows({}) == []


def test_nobody_drafts_for_a_network_that_they_do_not_edit(coordinator: Person, other_region: Network) -> None:
    answer = coordinator.send("/desk/events/new", {**TYPED, "network_id": str(other_region.pk)})
    assert (answer.status_code, "You may not do this for that network" in answer.text) == (422, True)
    assert Event.rows({}) == []


def test_a_change_keeps_what_the_form_does_not_ask(editor: Person, event: Event) -> None:
    path = f"/desk/events/{event.pk}/edit"
    typed = {**TYPED, "version": str(event.version), "remote.join_url": event.remote.join_url}
    assert editor.send(path, typed).status_code == 303
    changed = Event.get(event.pk)
    assert (changed.title, changed.venue.name, changed.remote.opens_minutes_before) == ({"fi": "Verkostopäivä"}, "Kirjasto", 15)
    stale = editor.send(path, {**typed, "title.fi": "Myöhästynyt"})
    assert (stale.status_code, "Somebody has changed this theme day" in stale.text) == (422, True)
    assert 'value="Myöhästynyt"' in stale.text
    assert Event.get(event.pk).title == {"fi": "Verkostopäivä"}
    assert editor.send(path, {**typed, "title.fi": "Sittenkin", "version": str(changed.version)}).status_code == 303


def test_the_glance_has_seats_and_sign_ups_with_a_table(coordinator: Person, event: Event, anyone: Api) -> None:
    for who in ("aino", "leena", "paavo"):
        register(anyone, event, who, wait=True)
    text = coordinator.get("/desk").text
    assert "<svg" in text
    assert '<td class="number">2</td><td class="number">0</td><td class="number">1</td>' in text
    assert "Sign-ups by day" in text
    assert coordinator.get(f"/desk/events/{event.pk}").text.count('class="bar"') == 1


def test_sign_ups_are_told_by_the_day_of_the_place_and_by_week_where_it_is_long() -> None:
    late = datetime(2026, 3, 1, 23, tzinfo=UTC)  # the second of March in Finland
    assert desk.by_day([late, late], "Europe/Helsinki", datetime(2026, 3, 4, tzinfo=UTC)) == [
        (date(2026, 3, 2), 2),
        (date(2026, 3, 3), 0),
        (date(2026, 3, 4), 0),
    ]
    weekly = desk.by_day([late, datetime(2026, 4, 20, tzinfo=UTC)], "UTC", datetime(2026, 4, 21, tzinfo=UTC))
    assert [bar.number for bar in weekly] == [1, 0, 0, 0, 0, 0, 0, 1]
    assert desk.by_day([], "UTC", late) == []


def test_the_participants_are_on_a_list_to_print_and_in_tables_whose_download_is_noted(
    coordinator: Person, event: Event, anyone: Api
) -> None:
    for who in ("paavo", "aino"):
        register(anyone, event, who)
    text = coordinator.get(f"/desk/events/{event.pk}/participants").text
    assert text.index("Aino") < text.index("Paavo")
    assert "Kunta" in text
    table = coordinator.get(f"/desk/events/{event.pk}/participants.csv")
    assert "Name" in table.text.splitlines()[0]
    assert AuditEntry.row({"action": "registrations.exported"}) is not None
    assert coordinator.get(f"/desk/events/{event.pk}/participants.exe").status_code == 404


def test_a_co_hosts_coordinator_sees_their_own_people_only(
    person: Callable[..., Person], other_region: Network, event: Event, anyone: Api
) -> None:
    other = person("lappi", other_region, "coordinator")
    event.edit({"co_hosts": [other_region.pk]})
    assert other.api is not None
    assert other.api.post(f"/events/{event.pk}/co-hosts/{other_region.pk}/accept").status_code == 200
    register(anyone, event, "aino")
    register(anyone, event, "leena")
    Registration.change({"email_key": "leena@example.org"}, {"$set": {"network_id": other_region.pk}})
    text = other.get(f"/desk/events/{event.pk}/participants").text
    assert ("Leena" in text, "Aino" in text) == (True, False)
    assert other.get(f"/desk/events/{event.pk}").status_code == 200
    assert other.get(f"/desk/events/{event.pk}/check-in").status_code == 403


def test_requests_to_join_are_approved_and_declined(
    coordinator: Person, regional: Network, signed_in: Callable[..., Api]
) -> None:
    asked = [signed_in(f"{who}@example.org").post(f"/networks/{regional.pk}/memberships").json["id"] for who in ("eka", "toka")]
    assert "eka@example.org" in coordinator.get("/desk").text
    assert coordinator.post(f"/desk/memberships/{asked[0]}/approve").status_code == 303
    assert coordinator.post(f"/desk/memberships/{asked[1]}/decline").status_code == 303
    assert [Membership.get(found).state for found in asked] == ["active", "left"]
    again = coordinator.post(f"/desk/memberships/{asked[1]}/approve")
    assert (again.status_code, "has answered this request already" in again.text) == (422, True)


def test_nobody_answers_for_another_network(
    person: Callable[..., Person], regional: Network, other_region: Network, signed_in: Callable[..., Api]
) -> None:
    asked = signed_in("eka@example.org").post(f"/networks/{regional.pk}/memberships").json["id"]
    for somebody in (person("lappi", other_region, "coordinator"), person("toimittaja", regional, "editor")):
        assert somebody.post(f"/desk/memberships/{asked}/approve").status_code == 404
    assert Membership.get(asked).state == "requested"


def test_the_number_of_queries_does_not_grow(app: Flask, coordinator: Person, regional: Network, anyone: Api) -> None:
    counts = []
    for number in (1, 6):
        while Event.collection().count_documents({}) < number:
            event = make_event(regional, capacity={"onsite": None})
            for who in ("aino", "leena", "paavo"):
                register(anyone, event, f"{who}{number}")
        paths = [
            "/desk",
            f"/desk/events/{event.pk}",
            f"/desk/events/{event.pk}/participants",
            f"/desk/events/{event.pk}/check-in?q=a",
        ]
        counted = []
        for path in paths:
            with queries.counted() as sent:
                assert coordinator.get(path).status_code == 200
            counted.append(len(sent))
        counts.append(counted)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 14, counts


def test_what_is_no_theme_day_is_a_page_that_says_so(coordinator: Person) -> None:
    for identifier in (ObjectId(), "nothing"):
        assert coordinator.get(f"/desk/events/{identifier}").status_code == 404


def test_registration_opens_and_closes_when_the_form_says(coordinator: Person, regional: Network) -> None:
    times = {"registration_opens_at": "2030-02-01T08:00", "registration_closes_at": "2030-03-01T16:00"}
    answer = coordinator.send("/desk/events/new", {**TYPED, **times, "network_id": str(regional.pk)})
    event = Event.get(answer.location.rpartition("/")[2])
    assert event.registration_opens_at == datetime(2030, 2, 1, 6, tzinfo=UTC)
    page = coordinator.get(f"{answer.location}/edit").text
    assert 'value="2030-03-01T16:00"' in page
    changed = {**TYPED, "registration_opens_at": times["registration_opens_at"], "version": str(event.version)}
    assert coordinator.send(f"{answer.location}/edit", changed).status_code == 303
    assert (Event.get(event.pk).registration_opens_at, Event.get(event.pk).registration_closes_at) == (
        datetime(2030, 2, 1, 6, tzinfo=UTC),
        None,
    )
