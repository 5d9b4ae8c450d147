"""Whoever asks to be erased is erased, whatever is killed meanwhile, and the receipt tells what went, what stays and why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from events.documents import Event
from events.feature import check as events_check
from events.registration_documents import Registration
from network_api.app import FEATURES, create_app
from network_api.auth.documents import AccessToken
from network_api.documents import utcnow
from network_api.mail.outbox import OutgoingMail
from network_api.members import erasing
from network_api.members.documents import Member
from network_api.members.erasure_documents import Erasure
from network_api.members.tasks import erase as erase_job
from network_api.networks.documents import Membership, Network
from newsletters.contributions.documents import Contribution
from newsletters.documents import Newsletter
from newsletters.subscriptions.documents import Subscription
from newsletters.subscriptions.suppression import Suppression
from tests.conftest import Api, give_role
from tests.events.conftest import own_app, own_settings  # noqa: F401 - fixtures
from tests.events.factories import make_event
from tests.killing import COMMITS, killed_at
from tests.newsletters.factories import make_newsletter, subscribe
from tests.processes import at_once, together

EVERYTHING = {"AccessToken": 1, "Contribution": 1, "Member": 1, "Membership": 1, "Registration": 1, "Subscription": 1}


def somebody(address: str, network: Network, event: Event, newsletter: Newsletter) -> Member:
    """A member who holds something in every feature."""
    member = Member.of_address(address)
    give_role(member, network, "member")
    AccessToken.issue("session", member.pk, expires_at=None)
    who = {"name": "Aino", "email": address, "language": "fi", "member_id": member.pk}
    Registration(event_id=event.pk, mode="remote", status="cancelled", **who).insert()
    subscribe(newsletter, address)
    text = {"fi": "Uutinen"}
    Contribution(network_id=network.pk, section="news", title=text, text=text, author_id=member.pk).insert()
    return Member.get(member.pk)


def place() -> tuple[Network, Event, Newsletter]:
    network = Network(slug="keski-suomi", name={"fi": "Keski-Suomi"}, kind="regional").insert()
    return network, make_event(network), make_newsletter(network)


def traces(*told: str) -> list[str]:
    """Collections in which somebody is still known."""
    database = Member.collection().database
    kept = (OutgoingMail.collection().name,)
    names = [name for name in database.list_collection_names() if not name.startswith("broker_") and name not in kept]
    return [name for name in names if any(word in str(row) for row in database[name].find() for word in told)]


def test_the_receipt_says_what_was_erased_what_stays_and_why(signed_in: Callable[..., Api], anyone: Api) -> None:
    somebody("aino@example.org", *place())
    answer = signed_in("aino@example.org").delete("/members/me")
    assert answer.status_code == 202
    erased = {line["document"]: line["number"] for line in answer.json["erased"]}
    assert erased == {**EVERYTHING, "AccessToken": 2}
    kept = {line["document"]: line["why"] for line in answer.json["kept"]}
    assert kept.keys() == {holding.name for feature in FEATURES for holding in feature.register if holding.after_erasure}
    assert all(kept.values())
    assert anyone.get(f"/erasures/{answer.json['receipt']}").json == answer.json
    assert kept["OutgoingMail"].startswith("Mihin osoitteeseen viesti lähti")
    assert traces("aino", "Aino") == []
    assert len(Suppression.rows({})) == 1
    assert anyone.get("/erasures/nonsense").status_code == 404


def test_whoever_is_being_erased_is_signed_out_first(signed_in: Callable[..., Api]) -> None:
    aino = signed_in("aino@example.org")
    erasing.begin(Member.get_by_address("aino@example.org"))
    assert aino.get("/members/me").status_code == 401
    erase_job()
    assert Member.rows({}) == []


def test_the_export_says_what_each_field_is_for(signed_in: Callable[..., Api]) -> None:
    register = signed_in("aino@example.org").get("/members/me/export").json["register"]
    [email] = [line for line in register if line["document"] == "Member" and "email" in line["fields"]]
    assert email["basis"] == "6(1)(b)"
    assert len(register) == sum(len(holding.personal) for feature in FEATURES for holding in feature.register)


def test_check_tells_of_an_erasure_that_was_left_half_done(signed_in: Callable[..., Api]) -> None:
    signed_in("aino@example.org")
    begun = erasing.begin(Member.get_by_address("aino@example.org"))
    assert list(erasing.check()) == []
    Erasure.alter({"_id": begun.pk}, {"$set": {"created_at": utcnow() - timedelta(hours=2)}})
    assert [problem.invariant for problem in erasing.check()] == ["erasure_overdue"]
    erase_job()
    assert list(erasing.check()) == []


def erase(address: str) -> None:
    """As the request does it."""
    erasing.erase(Member.get_by_address(address))


def test_an_erasure_that_is_killed_anywhere_goes_on_and_does_each_step_once(
    own_settings: dict[str, Any],  # noqa: F811
) -> None:
    """Before each commit, which is after the one before it: within a transaction there is nothing between."""
    network, event, newsletter = place()
    number, killed = 0, True
    while killed:
        address = f"henkilo{number}@example.org"
        member = somebody(address, network, event, newsletter)
        killed = killed_at(number, erase, own_settings, address, at=COMMITS)
        if killed and number == 0:
            assert Member.get(member.pk).email == address  # nothing was acknowledged, and nothing has happened
            erase(address)
        erase_job()
        assert traces(address) == []
        [erasure] = [Erasure.wrap(row) for row in Erasure.rows({}, sort=[("created_at", -1)], limit=1)]
        assert {line.document: line.number for line in erasure.erased} == EVERYTHING
        number += 1
    assert number > len(FEATURES)
    assert (Erasure.rows({"running": True}), list(events_check())) == ([], [])
    assert {document: document.rows({}) for document in (Member, Membership, Subscription)} == {
        Member: [],
        Membership: [],
        Subscription: [],
    }


def erase_in_a_process(settings: dict[str, Any], address: str) -> None:
    with create_app(settings).app_context():
        member = Member.get_by_address(address)
        together()
        erasing.erase(member)


def test_two_who_erase_the_same_person_at_once_do_each_step_once(own_settings: dict[str, Any]) -> None:  # noqa: F811
    somebody("aino@example.org", *place())
    at_once(erase_in_a_process, *[(own_settings, "aino@example.org")] * 2)
    assert traces("aino") == []
    numbers = [{line.document: line.number for line in Erasure.wrap(row).erased} for row in Erasure.rows({})]
    assert EVERYTHING in numbers
