"""Who may do what about a theme day that two networks arrange, for every role there is."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId

from events.documents import ACCEPTED, Event, Partner
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.factories import make_event, register
from tests.events.test_groups import group, table

ROLES = ("stranger", "member", "editor", "coordinator", "co_host", "elsewhere", "administrator")
OVERBOOKED = {"capacity": {"onsite": 1, "remote": None}, "overbook": True}
# In the order of the roles. `{own}` is a registration of the co-host's people, `{other}` one of nobody's but the host's.
ANSWERS = [
    ("GET", "/events/{event}/co-hosts", None, (401, 403, 200, 200, 200, 403, 200)),
    ("GET", "/events/{event}/co-hosts/{partner}", None, (401, 403, 200, 200, 200, 403, 200)),
    ("PATCH", "/events/{event}/co-hosts/{partner}", {"quota": {}}, (401, 403, 200, 200, 403, 403, 200)),
    ("GET", "/events/{event}/registrations", None, (401, 403, 403, 200, 200, 403, 200)),
    ("GET", "/events/{event}/registrations.csv", None, (401, 403, 403, 200, 200, 403, 200)),
    ("GET", "/events/{event}/registrations.xlsx", None, (401, 403, 403, 200, 200, 403, 200)),
    ("GET", "/registrations/{own}", None, (401, 404, 404, 200, 200, 404, 200)),
    ("GET", "/registrations/{other}", None, (401, 404, 404, 200, 404, 404, 200)),
    ("PATCH", "/registrations/{own}", {"name": "Uusi"}, (401, 404, 404, 200, 404, 404, 200)),
    ("GET", "/registrations/{own}/ticket.svg", None, (401, 404, 404, 200, 404, 404, 200)),
    ("GET", "/events/{event}/needs", None, (401, 403, 403, 200, 403, 403, 200)),
    ("GET", "/events/{event}/attendance", None, (401, 403, 403, 200, 403, 403, 200)),
    ("POST", "/registrations/{own}/check-in", {}, (401, 404, 404, 201, 404, 404, 201)),
    ("POST", "/registrations/{remote}/join-link/revoke", {}, (401, 404, 404, 200, 404, 404, 200)),
    ("POST", "/events/{event}/materials", {"title": {"fi": "Esitys"}}, (401, 403, 201, 201, 403, 403, 201)),
    ("PATCH", "/events/{event}", {"agenda": []}, (401, 403, 200, 200, 403, 403, 200)),
    ("PATCH", "/events/{event}", OVERBOOKED, (401, 403, 403, 200, 403, 403, 200)),
    ("DELETE", "/registrations/{own}", None, (401, 404, 404, 204, 404, 404, 204)),
    ("POST", "/events/{event}/co-hosts/{partner}/accept", {}, (401, 403, 403, 403, 200, 403, 200)),
    ("POST", "/events/{event}/co-hosts/{partner}/decline", {}, (401, 403, 403, 403, 200, 403, 200)),
]


@pytest.fixture
def callers(anyone: Api, signed_in: Callable[..., Api], national: Network, regional: Network, other_region: Network) -> Any:
    """Somebody for every role: in the network that arranges it, in its co-host, in a network that has no part in it."""
    third = Network(slug="pirkanmaa", name={"fi": "Pirkanmaan verkosto"}, kind="regional", parent_id=national.pk).insert()
    return {
        "stranger": anyone,
        "member": signed_in("jasen@example.org", regional, "member"),
        "editor": signed_in("toimittaja@example.org", regional, "editor"),
        "coordinator": signed_in("koordinaattori@example.org", regional, "coordinator"),
        "co_host": signed_in("kumppani@example.org", other_region, "coordinator"),
        "elsewhere": signed_in("muualla@example.org", third, "coordinator"),
        "administrator": signed_in("yllapitaja@example.org", administrator=True),
    }


def arranged(regional: Network, partner: Network, **given: Any) -> Event:
    """A theme day of the first network, with the second as its co-host."""
    return make_event(regional, co_hosts=[partner.pk], partners={str(partner.pk): Partner(state=ACCEPTED)}, **given)


@pytest.mark.parametrize("who", ROLES)
def test_each_role_is_answered_as_the_table_says(
    callers: dict[str, Api], regional: Network, other_region: Network, who: str
) -> None:
    event = arranged(regional, other_region)
    ids = {"event": event.pk, "partner": other_region.pk}
    ids["own"] = register(callers["co_host"], event, "oma").json["id"]
    ids["other"] = register(callers["stranger"], event, "vieras").json["id"]
    ids["remote"] = register(callers["stranger"], event, "eta", mode="remote").json["id"]
    wrong = []
    for method, path, sent, answers in ANSWERS:
        if_match = {"If_Match": "*"} if method in ("PATCH", "DELETE") else {}
        with callers[who](method, path.format(**ids), sent, **if_match) as answer:
            said = answer.get_data()
            if answer.status_code != answers[ROLES.index(who)]:
                wrong.append((method, path, answer.status_code, said))
    assert wrong == []


@pytest.mark.parametrize("who", ROLES)
def test_only_coordinators_of_the_host_write_people_down_once_registration_has_closed(
    callers: dict[str, Api], regional: Network, other_region: Network, who: str
) -> None:
    event = arranged(regional, other_region, registration_closes_at=utcnow())
    added = register(callers[who], event, "vieras")
    in_a_table = table(callers[who], event, "name,email\nToinen,toinen@example.org\n")
    if who in ("coordinator", "administrator"):
        assert (added.status_code, in_a_table.json["confirmed"]) == (201, 1)
    else:
        assert (added.status_code, added.json["code"]) == (409, "registration_closed")
        assert in_a_table.status_code == (401 if who == "stranger" else 403)
        assert Registration.rows({}) == []


@pytest.mark.parametrize("who", ROLES)
def test_whom_a_coordinator_registers_is_noted_in_the_audit_log(
    callers: dict[str, Api], regional: Network, other_region: Network, who: str
) -> None:
    event = arranged(regional, other_region)
    added = [register(callers[who], event, "vieras").json, group(callers[who], event, "toinen").json["people"][0]["registration"]]
    noted = [AuditEntry.row({"target_id": ObjectId(row["id"]), "action": "registration.added"}) for row in added]
    assert [found is not None for found in noted] == [who in ("coordinator", "co_host", "administrator")] * 2


def test_coordinators_come_in_themselves_as_everybody_does(
    callers: dict[str, Api], regional: Network, other_region: Network
) -> None:
    event = arranged(regional, other_region, registration_closes_at=utcnow())
    assert register(callers["coordinator"], event, "koordinaattori").json["code"] == "registration_closed"


@pytest.mark.parametrize("who", ROLES)
def test_everybody_may_register_colleagues(callers: dict[str, Api], regional: Network, other_region: Network, who: str) -> None:
    answer = group(callers[who], arranged(regional, other_region), "eka", "toka")
    assert (answer.status_code, answer.json["registered"]) == (201, 2)


@pytest.mark.parametrize("who", ROLES)
def test_materials_for_participants_are_read_by_them_and_by_those_who_edit_the_theme_day(
    callers: dict[str, Api], regional: Network, other_region: Network, who: str
) -> None:
    path = f"/events/{arranged(regional, other_region).pk}/materials"
    callers["editor"].post(path, {"title": {"fi": "Esitys"}, "url": "https://example.org/esitys"})
    assert len(callers[who].get(path).json["items"]) == (1 if who in ("editor", "coordinator", "administrator") else 0)
