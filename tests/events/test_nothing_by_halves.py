"""What fails in its middle leaves everything as it was: the seat, the registrations, the mails."""

from collections.abc import Callable
from typing import Any

import pytest

from events import mails
from events.documents import ACCEPTED, Event, Partner
from events.needs_documents import Needs
from events.registration_documents import Registration
from network_api.audit import AuditEntry
from network_api.mail.outbox import OutgoingMail
from network_api.networks.documents import Network
from tests.conftest import Api
from tests.events.conftest import adds_up
from tests.events.factories import make_event, register

Link = Callable[..., str]


class Killed(BaseException):
    """The process ends here."""


def everything() -> list[Any]:
    return [document.rows({}) for document in (Event, Registration, Needs, OutgoingMail, AuditEntry)]


@pytest.fixture
def event(regional: Network, other_region: Network) -> Event:
    """A theme day with two seats on site and a co-host that has accepted."""
    together_with = {"co_hosts": [other_region.pk], "partners": {str(other_region.pk): Partner(state=ACCEPTED)}}
    return make_event(regional, **together_with)


def cancel(anyone: Api, coordinator: Api, event: Event, path: str) -> None:
    anyone.delete(path)


def switch(anyone: Api, coordinator: Api, event: Event, path: str) -> None:
    anyone.patch(path, {"mode": "remote", "name": "Toisella nimellä"})


def add_seats(anyone: Api, coordinator: Api, event: Event, path: str) -> None:
    coordinator.patch(f"/events/{event.pk}", {"capacity": {"onsite": 3, "remote": None}, "topics": ["x"]}, If_Match="*")


def return_the_quota(anyone: Api, coordinator: Api, event: Event, path: str) -> None:
    coordinator.patch(f"/events/{event.pk}", {"co_hosts": []}, If_Match="*")


@pytest.mark.parametrize("free", [cancel, switch, add_seats, return_the_quota])
def test_a_seat_comes_free_with_its_promotion_or_not_at_all(
    anyone: Api,
    coordinator: Api,
    event: Event,
    other_region: Network,
    link: Link,
    monkeypatch: pytest.MonkeyPatch,
    free: Callable[..., None],
) -> None:
    register(anyone, event, "eka", diet="kasvis")
    coordinator.patch(f"/events/{event.pk}/co-hosts/{other_region.pk}", {"quota": {"onsite": 1}}, If_Match="*")
    register(anyone, event, "toka", wait=True)
    path = f"/manage/registrations/{link('eka')}"
    before = everything()

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(mails, "promoted", killed)
        with pytest.raises(Killed):
            free(anyone, coordinator, event, path)
    assert everything() == before
    free(anyone, coordinator, event, path)
    assert anyone.get(f"/manage/registrations/{link('toka')}").json["status"] == "confirmed"
    adds_up()


def test_a_switch_that_is_refused_changes_nothing_else_of_the_registration(anyone: Api, event: Event, link: Link) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    register(anyone, event, "eta", mode="remote")
    path = f"/manage/registrations/{link('eta')}"
    before = everything()
    refused = anyone.patch(path, {"name": "Toisella nimellä", "diet": "kasvis", "mode": "onsite"})
    assert (refused.status_code, refused.json["code"]) == (409, "event_full")
    assert everything() == before


def test_a_capacity_that_is_refused_changes_nothing_else_of_the_theme_day(anyone: Api, coordinator: Api, event: Event) -> None:
    for who in ("eka", "toka"):
        register(anyone, event, who)
    before = everything()
    smaller = {"capacity": {"onsite": 1, "remote": None}, "topics": ["x"], "co_hosts": []}
    assert coordinator.patch(f"/events/{event.pk}", smaller, If_Match="*").json["code"] == "capacity_below_taken"
    assert everything() == before
