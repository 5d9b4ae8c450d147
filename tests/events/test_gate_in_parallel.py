"""Several processes do everything at once that moves a seat, on the same theme day and the same people."""

from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

from events import cohosting, offers, publishing, registration, seating
from events.documents import ACCEPTED, Event, Partner
from events.feature import check
from events.registration_documents import Registration
from network_api.app import create_app
from network_api.auth.caller import STRANGER, Caller
from network_api.documents import utcnow
from network_api.errors import Conflict, StaleVersion
from network_api.members.documents import Member
from network_api.networks.documents import Network
from tests.conftest import give_role
from tests.events.factories import make_event
from tests.processes import at_once, together

PEOPLE = ("anna", "pia", "bo", "pekka", "cia", "paul", "dag", "petra")  # those with a p sit in the partner network
PROCESSES, STEPS = 3, 20


def move(event_id: str, partner: Network, chance: Random) -> None:
    """One thing that a person, a coordinator or the clock does; refusals are as good as anything else."""
    event, who, mode = Event.get(event_id), chance.choice(PEOPLE), chance.choice(seating.MODES)
    found, wait = Registration.twin(event.pk, f"{who}@example.org"), chance.random() < 0.8
    coordinator = Caller(partner.pk, is_administrator=True)
    number, tomorrow = chance.randint(0, 4), utcnow() + timedelta(days=1)
    verbs: list[tuple[Any, ...]] = [
        (publishing.change_event, coordinator, event, {"capacity": {"onsite": number, "remote": 3}, "overbook": wait}, None),
        (cohosting.set_quota, coordinator, event, partner.pk, {"quota": {mode: number // 2}, "quota_until": tomorrow}, None),
        (cohosting.return_quotas_due, utcnow() + timedelta(days=chance.choice((0, 2)))),
        (offers.lapse_overdue, utcnow() + timedelta(days=chance.choice((0, 2)))),
    ]
    if found is None:
        given = {"mode": mode, "name": who, "email": f"{who}@example.org", "wait": wait}
        verbs += [(registration.register, STRANGER, event, given)] * 6
    else:
        verbs += [(registration.change_registration, STRANGER, found, {"mode": mode, "wait": wait}, None)] * 3
        verbs += [(registration.cancel, STRANGER, found, None, "person")] * 2
        verbs += [(offers.accept, STRANGER, found), (offers.decline, STRANGER, found)]
    verb, *arguments = chance.choice(verbs)
    with suppress(Conflict, StaleVersion):
        verb(*arguments)


def is_oversold(event: Event) -> bool:
    """Whether more is promised right now than there is; a bigger capacity or a cancellation can mend that later."""
    return any(
        seats.capacity is not None and seats.taken + event.set_apart(mode) > seats.capacity + seats.overbooked
        for mode, seats in event.seats.items()
    )


def move_for_a_while(settings: dict[str, Any], event_id: str, partner_id: str, seed: int, guard: bool) -> bool:
    """A process of its own; whether it ever saw the theme day oversold."""
    if not guard:
        seating.seat_guard = lambda event, mode: {"status": seating.PUBLISHED}
    with create_app(settings).app_context():
        partner, chance = Network.get(partner_id), Random(seed)
        together()
        seen = False
        for _ in range(STEPS):
            move(event_id, partner, chance)
            seen = seen or is_oversold(Event.get(event_id))
        return seen


def run(settings: dict[str, Any], *, guard: bool = True) -> set[str]:
    """Everybody at once; the invariants that do not hold afterwards, and `event_oversold` where that was so for a while."""
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    partner = Network(slug="pirkanmaa", name={"fi": "Pirkanmaa"}, kind="regional").insert()
    for who in PEOPLE:
        if who.startswith("p"):
            give_role(Member.of_address(f"{who}@example.org"), partner, "member")
    together_with = {"co_hosts": [partner.pk], "partners": {str(partner.pk): Partner(state=ACCEPTED)}}
    event = make_event(network, capacity={"onsite": 2, "remote": 3}, offer_hours=24, **together_with)
    arguments = [(settings, str(event.pk), str(partner.pk), seed, guard) for seed in range(PROCESSES)]
    seen = at_once(move_for_a_while, *arguments)
    assert Event.get(event.pk).seats_version > STEPS
    return {problem.invariant for problem in check()} | ({"event_oversold"} if any(seen) else set())


def test_everything_at_once_leaves_every_invariant_true(own_settings: dict[str, Any]) -> None:
    assert run(own_settings) == set()


def test_without_the_guard_the_same_oversells(own_settings: dict[str, Any]) -> None:
    """The negative control: were this to fail, the test above would prove nothing."""
    assert "event_oversold" in run(own_settings, guard=False)
