"""The gate against a model of it in plain Python: whatever people and coordinators do, in whichever order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from bson import ObjectId
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from events import cohosting, offers, publishing, registration, seating
from events.checking import check_event
from events.documents import ACCEPTED, Event, Partner
from events.registration_documents import Registration, with_positions
from network_api.auth.caller import STRANGER, Caller
from network_api.documents import utcnow
from network_api.errors import DomainError
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import give_role
from tests.events.factories import make_event
from tests.events.seat_model import MODES, Model
from tests.profiles import LONG, QUICK, WITHOUT_SHRINKING

PEOPLE = ("anna", "pia", "bo", "pekka", "cia", "paul")  # those with a p sit in the partner network
COORDINATOR = Caller(ObjectId(), is_administrator=True)
people, modes, waits = st.sampled_from(PEOPLE), st.sampled_from(MODES), st.booleans()
few = st.integers(0, 3)


class Gate(RuleBasedStateMachine):
    """What is done to the theme day is done to the model, and they must agree on every answer and on all that follows."""

    regional: ClassVar[Network]
    partner: ClassVar[Network]

    @initialize(onsite=few, remote=st.none() | few, offers_seats=st.booleans(), crowd=st.lists(modes, max_size=len(PEOPLE)))
    def open(self, onsite: int, remote: int | None, offers_seats: bool, crowd: list[str]) -> None:
        capacity = {"onsite": onsite, "remote": remote}
        invited = {"co_hosts": [self.partner.pk], "partners": {str(self.partner.pk): Partner(state=ACCEPTED)}}
        slug = f"paiva-{ObjectId()}"
        self.event = make_event(self.regional, slug=slug, capacity=capacity, offer_hours=24 if offers_seats else None, **invited)
        self.model = Model(dict(capacity), offers_seats)
        for who, mode in zip(PEOPLE, crowd, strict=False):
            self.register(who, mode, wait=True)

    @rule(who=people, mode=modes, wait=waits)
    def register(self, who: str, mode: str, wait: bool) -> None:
        given = {"mode": mode, "name": who, "email": f"{who}@example.org", "wait": wait}
        self.agree(self.model.register(who, mode, wait), registration.register, STRANGER, self.now(), given)

    @rule(who=people)
    def cancel(self, who: str) -> None:
        if found := self.registration_of(who):
            self.model.cancel(who)
            registration.cancel(STRANGER, found, None, "person")

    @rule(who=people, mode=modes, wait=waits)
    def switch(self, who: str, mode: str, wait: bool) -> None:
        if found := self.registration_of(who):
            asked = {"mode": mode, "wait": wait}
            self.agree(self.model.switch(who, mode, wait), registration.change_registration, STRANGER, found, asked, None)

    @precondition(lambda self: self.model.offers_seats)
    @rule(who=people, taken=st.booleans())
    def answer(self, who: str, taken: bool) -> None:
        if found := self.registration_of(who):
            expected = self.model.accept(who) if taken else self.model.decline(who)
            self.agree(expected, offers.accept if taken else offers.decline, STRANGER, found)

    @precondition(lambda self: self.model.offers)
    @rule(who=people)
    def lapse(self, who: str) -> None:
        """The time of one offer is over: the others are kept by theirs."""
        if who in self.model.offers and (found := self.registration_of(who)):
            self.model.decline(who)
            assert offers.lapse(found.pk, utcnow() + timedelta(days=2))

    @rule(onsite=few, remote=st.none() | few, overbook=st.booleans())
    def resize(self, onsite: int, remote: int | None, overbook: bool) -> None:
        wanted = {"onsite": onsite, "remote": remote}
        asked = {"capacity": wanted, "overbook": overbook}
        self.agree(self.model.resize(wanted, overbook), publishing.change_event, COORDINATOR, self.now(), asked, None)

    @rule(quota=st.dictionaries(modes, few))
    def set_quota(self, quota: dict[str, int]) -> None:
        asked = {"quota": quota, "quota_until": utcnow() + timedelta(days=1)}
        expected = self.model.set_quota(quota)
        self.agree(expected, cohosting.set_quota, COORDINATOR, self.now(), self.partner.pk, asked, None)

    @precondition(lambda self: self.model.quota)
    @rule()
    def return_quota(self) -> None:
        self.model.set_quota({})
        cohosting.return_quotas_due(utcnow() + timedelta(days=2))

    @invariant()
    def people_are_where_the_model_has_them(self) -> None:
        rows = with_positions(Registration.rows({"event_id": self.event.pk, "active": True}))
        found = {row["name"]: row for row in rows}
        assert sorted(found) == [who for who in sorted(PEOPLE) if self.model.is_live(who)]
        for who, row in found.items():
            seat, offer = self.model.seats.get(who), self.model.offers.get(who)
            assert (row["status"] == "confirmed") == (seat is not None), who
            assert seat is None or (row["mode"], bool(row.get("holds_quota"))) == (seat.mode, seat.of_quota), who
            place = (row.get("waiting_for"), row["waiting_position"])
            assert place == (self.model.waits_for(who), self.model.position(who)), who
            offered = row.get("offer")
            assert (offered and (offered["mode"], offered["of_quota"])) == (offer and (offer.mode, offer.of_quota)), who

    @invariant()
    def seats_are_counted_as_the_model_has_them(self) -> None:
        event = self.now()
        for mode, seats in event.seats.items():
            assert (seats.capacity, seats.taken) == (self.model.capacity[mode], self.model.taken(mode))
            assert (seats.available, seats.waiting) == (self.model.free(mode), len(self.model.queues[mode]))
        assert list(check_event(event)) == []

    def now(self) -> Event:
        return Event.get(self.event.pk)

    def registration_of(self, who: str) -> Registration | None:
        return Registration.twin(self.event.pk, f"{who}@example.org")

    def agree(self, expected: str | None, verb: Callable[..., Any], *given: Any) -> None:
        answer = None
        try:
            verb(*given)
        except DomainError as error:
            answer = error.code
        assert answer == expected


@pytest.fixture
def gate(regional: Network, other_region: Network) -> type[Gate]:
    """The machine, with two networks and the people of the partner network."""
    Gate.regional, Gate.partner = regional, other_region
    for who in PEOPLE:
        if who.startswith("p"):
            give_role(Member.of_address(f"{who}@example.org"), other_region, "member")
    return Gate


def test_the_gate_does_what_the_model_does(gate: type[Gate]) -> None:
    run_state_machine_as_test(gate, settings=QUICK)


@pytest.mark.fuzz
def test_the_gate_does_what_the_model_does_for_long(gate: type[Gate]) -> None:
    run_state_machine_as_test(gate, settings=LONG)


def test_the_model_finds_a_gate_that_oversells(gate: type[Gate], monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: neither the guard nor what was read before it asks whether a seat is available."""
    monkeypatch.setattr(seating.Seats, "is_full", False)
    monkeypatch.setattr(seating, "seat_guard", lambda event, mode: seating.standing(event))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(gate, settings=WITHOUT_SHRINKING)
