"""The API of theme days: who may, what is shown, what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events.documents import ACCEPTED, PHASES, Event, Partner
from events.seating import CANCELLED, DRAFT
from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import ROOM, body, make_event, register
from tests.mailserver import Mailbox

# method, path, body, and the answers for: stranger, member, editor, coordinator, national editor, coordinator of another region
WHO = ("stranger", "member", "editor", "coordinator", "national", "elsewhere")
TABLE = [
    ("GET", "/events/{event}", None, (200, 200, 200, 200, 200, 200)),
    ("GET", "/events/{draft}", None, (404, 404, 200, 200, 200, 404)),
    ("POST", "/events", "body", (401, 403, 201, 201, 201, 403)),
    ("PATCH", "/events/{event}", {"topics": []}, (401, 403, 200, 200, 200, 403)),
    ("PATCH", "/events/{draft}", {"topics": []}, (401, 404, 200, 200, 200, 404)),
    ("DELETE", "/events/{draft}", None, (401, 404, 204, 204, 204, 404)),
    ("DELETE", "/events/{event}", None, (401, 403, 409, 409, 409, 403)),
    ("POST", "/events/{draft}/publish", {}, (401, 404, 200, 200, 200, 404)),
    ("POST", "/events/{event}/cancel", {"reason": {"fi": "Sairaus"}}, (401, 403, 200, 200, 200, 403)),
    ("POST", "/events/{event}/duplicate", {}, (401, 403, 201, 201, 201, 403)),
    ("GET", "/events/{event}/registrations", None, (401, 403, 403, 200, 403, 403)),
    ("GET", "/events/{event}/registrations.csv", None, (401, 403, 403, 200, 403, 403)),
    ("GET", "/registrations/{registration}", None, (401, 404, 404, 200, 404, 404)),
    ("PATCH", "/registrations/{registration}", {"needs": "x"}, (401, 404, 404, 200, 404, 404)),
    ("DELETE", "/registrations/{registration}", None, (401, 404, 404, 204, 404, 404)),
    ("GET", "/members/me/registrations", None, (401, 200, 200, 200, 200, 200)),
]


@pytest.fixture
def callers(
    anyone: Api, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network
) -> dict[str, Api]:
    return {
        "stranger": anyone,
        "member": signed_in("jasen@example.org", regional, "member"),
        "editor": signed_in("toimittaja@example.org", regional, "editor"),
        "coordinator": signed_in("koordinaattori@example.org", regional, "coordinator"),
        "national": signed_in("valtakunta@example.org", national, "editor"),
        "elsewhere": signed_in("lappi@example.org", other_region, "coordinator"),
    }


@pytest.mark.parametrize("who", WHO)
def test_who_may_do_what(callers: dict[str, Api], anyone: Api, regional: Network, who: str) -> None:
    for number, (method, path, given, answers) in enumerate(TABLE):
        event, draft = make_event(regional, slug=f"e-{number}"), make_event(regional, slug=f"d-{number}", status=DRAFT)
        registration = register(anyone, event, "joku").json["id"]
        address = path.format(event=event.pk, draft=draft.pk, registration=registration)
        sent = body(regional) if given == "body" else given
        headers = {"If_Match": "*"} if method in ("PATCH", "DELETE") else {}
        answer = callers[who](method, address, sent, **headers)
        assert answer.status_code == answers[WHO.index(who)], (method, path, answer.get_data(as_text=True))


def test_the_remote_room_is_shown_to_editors_only(callers: dict[str, Api], event: Event) -> None:
    for who, api in callers.items():
        for path in (f"/events/{event.pk}", "/events"):
            found = ROOM in api.get(path).get_data(as_text=True)
            assert found == (who in ("editor", "coordinator", "national")), (who, path)


def test_a_co_host_reads_the_draft_and_edits_nothing(callers: dict[str, Api], regional: Network, other_region: Network) -> None:
    draft = make_event(regional, status=DRAFT, co_hosts=[other_region.pk])
    answer = callers["elsewhere"].get(f"/events/{draft.pk}")
    assert (answer.status_code, ROOM in answer.get_data(as_text=True)) == (200, False)
    assert callers["elsewhere"].patch(f"/events/{draft.pk}", {"topics": []}, If_Match="*").status_code == 403


def test_registrations_move_the_etag_and_never_make_an_editors_copy_stale(anyone: Api, coordinator: Api, event: Event) -> None:
    before = coordinator.get(f"/events/{event.pk}").headers["ETag"]
    assert anyone.get(f"/events/{event.pk}", If_None_Match=before).status_code == 304
    register(anyone, event, "eka")
    after = coordinator.get(f"/events/{event.pk}").headers["ETag"]
    assert after != before
    changed = coordinator.patch(f"/events/{event.pk}", {"summary": {"fi": "Uusi"}}, If_Match=before)
    assert changed.status_code == 200
    assert coordinator.patch(f"/events/{event.pk}", {"summary": {"fi": "x"}}, If_Match=before).status_code == 412
    assert coordinator.patch(f"/events/{event.pk}", {"summary": {"fi": "x"}}).status_code == 428


def test_what_may_be_left_out_has_a_sensible_value(coordinator: Api, regional: Network) -> None:
    given = {name: value for name, value in body(regional).items() if name != "capacity"}
    first, second, third = (coordinator.post("/events", given).json for _ in range(3))
    assert first["slug"] == "tyohonvalmennuksen-teemapaiva"
    assert (second["slug"], len({first["slug"], second["slug"], third["slug"]})) == (
        "tyohonvalmennuksen-teemapaiva-2030-03-04",
        3,
    )
    assert first["capacity"] == {"onsite": None, "remote": None}
    assert (first["timezone"], first["status"], first["phase"], first["topics"]) == ("Europe/Helsinki", "draft", "upcoming", [])
    assert coordinator.post("/events", body(regional, slug=first["slug"])).json["code"] == "slug_taken"


def test_every_write_is_in_the_audit_log(coordinator: Api, regional: Network) -> None:
    path = f"/events/{coordinator.post('/events', body(regional)).json['id']}"
    coordinator.patch(path, {"capacity": {"onsite": 5}}, If_Match="*")
    coordinator.post(f"{path}/publish")
    coordinator.post(f"{path}/cancel", {"reason": "Sairaus"})
    entries = AuditEntry.rows({}, sort=[("_id", 1)])
    assert [entry["action"] for entry in entries] == ["event.drafted", "event.changed", "event.published", "event.cancelled"]
    assert entries[1]["changes"]["capacity"]["after"] == {"onsite": 5}


def test_cancelling_tells_everybody_and_closes_registration(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "kolmas", wait=True, language="sv")
    cancelled = coordinator.post(
        f"/events/{event.pk}/cancel", {"reason": {"fi": "Kouluttaja on sairas.", "sv": "Utbildaren är sjuk."}}
    )
    assert (cancelled.json["status"], cancelled.json["phase"]) == ("cancelled", "closed")
    assert coordinator.post(f"/events/{event.pk}/cancel").json["code"] == "event_cancelled"
    deliver()
    assert "Kouluttaja on sairas." in mailbox.text_to("eka@example.org")
    assert "Utbildaren är sjuk." in mailbox.text_to("kolmas@example.org")
    assert mailbox.to("kolmas@example.org")[-1]["Subject"].startswith("Inställt:")
    assert register(anyone, event, "uusi").json["code"] == "event_cancelled"


def test_a_new_time_is_mailed_to_everybody_and_a_new_summary_is_not(
    anyone: Api, coordinator: Api, event: Event, mailbox: Mailbox, deliver: Callable[[], None]
) -> None:
    register(anyone, event, "eka")
    coordinator.patch(f"/events/{event.pk}", {"summary": {"fi": "Uusi"}}, If_Match="*")
    coordinator.patch(f"/events/{event.pk}", {"venue": {"name": "Uusi paikka"}}, If_Match="*")
    deliver()
    assert len(mailbox.to("eka@example.org")) == 2
    assert "Uusi paikka" in mailbox.text_to("eka@example.org")


def test_the_phase_filter_says_what_the_phase_says(anyone: Api, regional: Network) -> None:
    now, hour = utcnow(), timedelta(hours=1)
    coming = {"starts_at": now + 5 * hour, "ends_at": now + 9 * hour}
    cases: list[dict[str, Any]] = [
        {**coming, "registration_opens_at": now + hour},
        coming,
        {**coming, "capacity": {"onsite": 0, "remote": 0}},
        {**coming, "capacity": {"onsite": 0}},
        {**coming, "capacity": {"onsite": 0, "remote": None}},
        {**coming, "registration_closes_at": now - hour},
        {**coming, "status": CANCELLED, "cancelled_at": now},
        {"starts_at": now - hour, "ends_at": now + hour},
        {"starts_at": now - hour, "ends_at": now + hour, "status": CANCELLED, "cancelled_at": now},
        {"starts_at": now - 3 * hour, "ends_at": now - hour},
        {"starts_at": now - 3 * hour, "ends_at": now - hour, "status": CANCELLED},
    ]
    for number, given in enumerate(cases):
        make_event(regional, slug=f"case-{number}", **given)
    everything = {row["id"]: row["phase"] for row in anyone.get("/events?limit=100").json["items"]}
    assert set(everything.values()) == set(PHASES)
    for phase in PHASES:
        found = {row["id"] for row in anyone.get(f"/events?phase={phase}").json["items"]}
        assert found == {identifier for identifier, said in everything.items() if said == phase}, phase


def test_filters_find_what_they_name(anyone: Api, regional: Network, other_region: Network) -> None:
    start = utcnow().replace(microsecond=0) + timedelta(days=40)
    end = start + timedelta(hours=3)
    make_event(regional, slug="yksi", topics=["rekrytointi"], capacity={"remote": 5})
    make_event(other_region, slug="kaksi", starts_at=start, ends_at=end, capacity={"onsite": 5}, title={"fi": "Äänekosken päivä"})
    make_event(
        regional,
        slug="kolme",
        starts_at=start,
        ends_at=end,
        co_hosts=[other_region.pk],
        partners={str(other_region.pk): Partner(state=ACCEPTED)},
        capacity={"onsite": 5},
    )
    stamp = start.isoformat().replace("+00:00", "Z")
    cases = {
        "": ["yksi", "kaksi", "kolme"],
        "sort=-starts_at": ["kolme", "kaksi", "yksi"],
        f"from={stamp}": ["kaksi", "kolme"],
        f"to={stamp}": ["yksi"],
        f"network={regional.pk}": ["yksi", "kolme"],
        f"network={other_region.pk}": ["kaksi", "kolme"],
        "region=FI-10": ["kaksi", "kolme"],
        f"region=FI-10&network={regional.pk}": [],
        "region=FI-01": [],
        "mode=remote": ["yksi"],
        "topic=rekrytointi": ["yksi"],
        "q=aanekos": ["kaksi"],
        f"phase=open&from={stamp}&q=teema": ["kolme"],
    }
    for query, slugs in cases.items():
        assert [row["slug"] for row in anyone.get(f"/events?{query}").json["items"]] == slugs, query
    page = anyone.get("/events?limit=2&total=true").json
    assert ([row["slug"] for row in page["items"]], page["total"]) == (["yksi", "kaksi"], 3)
    rest = anyone.get(f"/events?limit=2&total=true&cursor={page['next']}").json
    assert ([row["slug"] for row in rest["items"]], rest["next"]) == (["kolme"], None)


def test_the_list_of_registrations_filters_and_pages(anyone: Api, coordinator: Api, event: Event) -> None:
    for who, mode in (("eka", "onsite"), ("toka", "onsite"), ("eta", "remote")):
        register(anyone, event, who, mode=mode)
    register(anyone, event, "jono", wait=True)
    path = f"/events/{event.pk}/registrations"
    cases = {
        "status=confirmed": 3,
        "mode=remote": 1,
        "status=waitlisted&mode=onsite": 1,
        "q=eta": 1,
        "q=eta&status=waitlisted": 0,
    }
    for query, number in cases.items():
        assert len(coordinator.get(f"{path}?{query}").json["items"]) == number, query
    assert coordinator.get(f"{path}?status=waitlisted").json["items"][0]["waiting_position"] == 1
    page = coordinator.get(f"{path}?limit=3").json
    assert len(coordinator.get(f"{path}?limit=3&cursor={page['next']}").json["items"]) == 1


def test_the_table_of_registrations_runs_no_formulas(anyone: Api, coordinator: Api, event: Event) -> None:
    register(anyone, event, "eka", name='=HYPERLINK("http://example.org")', organisation={"name": "@SUM(1)", "type": "other"})
    text = coordinator.get(f"/events/{event.pk}/registrations.csv").get_data(as_text=True)
    assert "'=HYPERLINK" in text
    assert ",'@SUM(1)," in text


BAD_EVENTS = [
    ({"ends_at": "2030-03-04T06:00:00Z"}, "ends_at"),
    ({"ends_at": "2031-03-04T06:00:00Z"}, "ends_at"),
    ({"starts_at": "2030-03-04T09:00:00"}, "starts_at"),
    ({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
    ({"timezone": "Europe/Jyvaskyla"}, "timezone"),
    ({"capacity": {"onsite": -1}}, "capacity"),
    ({"capacity": {"onsite": "2"}}, "capacity"),
    ({"capacity": {"onsite": True}}, "capacity"),
    ({"capacity": {"moon": 1}}, "capacity"),
    ({"capacity": {"onsite": 2**60}}, "capacity"),
    ({"remote": {"join_url": "http://meet.example.org"}}, "remote"),
    ({"remote": {"join_url": "javascript:alert(1)"}}, "remote"),
    ({"registration_opens_at": "2030-03-04T07:00:00Z"}, "registration_opens_at"),
    ({"registration_closes_at": "2030-03-05T07:00:00Z"}, "registration_closes_at"),
    ({"title": {}}, "title"),
    ({"title": "teksti"}, "title"),
    ({"title": {"de": "Tag"}}, "title"),
    ({"slug": "Iso Slug"}, "slug"),
    ({"co_hosts": ["65f1c0ffee65f1c0ffee65f1"]}, "co_hosts"),
    ({"questions": [{"a.b": 1}]}, "questions"),
    ({"questions": [{"a\x00": 1}]}, "questions"),
    ({"questions": [{"a": 2**63}]}, "questions"),
    ({"questions": [{"a": [[[[[[1]]]]]]}]}, "questions"),
    ({"questions": ["x"]}, "questions"),
    ({"agenda": [{"title": {"fi": "x"}}]}, "agenda"),
    ({"status": "published"}, "status"),
    ({"visible_to": ["public"]}, "visible_to"),
]


@pytest.mark.parametrize(("given", "field"), BAD_EVENTS, ids=[str(number) for number in range(len(BAD_EVENTS))])
def test_a_bad_theme_day_names_the_field_and_is_not_written(
    coordinator: Api, regional: Network, given: dict[str, Any], field: str
) -> None:
    answer = coordinator.post("/events", body(regional, **given))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), answer.get_data(as_text=True)
    assert field in answer.json["errors"]
    assert Event.collection().count_documents({}) == 0


BAD_PEOPLE = [
    ({"name": "Aino\r\nBcc: kaikki@example.org"}, "name"),
    ({"name": ""}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"email": "ei osoite"}, "email"),
    ({"email": "a@example.org\nBcc: b@example.org"}, "email"),
    ({"email": ["a@example.org"]}, "email"),
    ({"mode": "moon"}, "mode"),
    ({"mode": None}, "mode"),
    ({"language": "de"}, "language"),
    ({"organisation": {"name": "x", "type": "guild"}}, "organisation"),
    ({"answers": {"$where": "1"}}, "answers"),
    ({"answers": []}, "answers"),
    ({"answers": {"a": 2**63}}, "answers"),
    ({"needs": "x" * 2001}, "needs"),
    ({"wait": "perhaps"}, "wait"),
    ({"status": "confirmed"}, "status"),
]


@pytest.mark.parametrize(("given", "field"), BAD_PEOPLE, ids=[str(number) for number in range(len(BAD_PEOPLE))])
def test_a_bad_registration_names_the_field_and_takes_no_seat(
    anyone: Api, event: Event, given: dict[str, Any], field: str
) -> None:
    answer = register(anyone, event, "eka", **given)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), answer.get_data(as_text=True)
    assert field in answer.json["errors"]
    assert Event.get(event.pk).seats["onsite"].taken == 0


@pytest.mark.parametrize("path", ["/events/x", "/events/" + "0" * 24, "/registrations/x"])
def test_what_is_no_id_is_not_found(coordinator: Api, path: str) -> None:
    assert coordinator.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["cursor=x", "limit=0", "phase=late", "from=yesterday", "colour=red", "network=x", "sort=title"]
)
def test_a_bad_query_is_a_422(anyone: Api, event: Event, query: str) -> None:
    assert anyone.get(f"/events?{query}").status_code == 422
