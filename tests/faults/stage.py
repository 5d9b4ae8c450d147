"""What people come for: two theme days, one with few seats, and a newsletter of which an issue is being sent."""

from dataclasses import dataclass

from tests.faults.client import Client
from tests.faults.machines import Machines
from tests.faults.people import stamp
from tests.platform.running import token_of

FEW = 12  # seats on site


@dataclass(frozen=True)
class Stage:
    """Its ids, and the two administrators who look after it."""

    first: Client
    second: Client
    events: list[str]
    newsletter: str
    issue: str
    readers: set[str]


def made(client: Client, path: str, body: object) -> str:
    """The id of what was made."""
    answer = client("POST", path, body)
    assert answer.status == 201, answer
    return str(answer.body["id"])


def done(client: Client, path: str, status: int = 200) -> None:
    """A step that must be acknowledged."""
    answer = client("POST", path, {})
    assert answer.status == status, answer


def prepare(machines: Machines, number: int) -> Stage:
    """Make it all, up to the sending to so many."""
    first, second = (Client(machines.ports, token_of(node.up)) for node in machines.nodes)
    network = made(first, "/networks", {"name": {"fi": "Verkosto"}, "kind": "national"})
    events = []
    for seats in (FEW, None):
        day = {
            "network_id": network,
            "title": {"fi": "Teemapäivä"},
            "starts_at": stamp(days=20),
            "ends_at": stamp(days=20, hours=6),
            "venue": {"name": "Toivolan vanha piha", "address": "Cygnaeuksenkatu 2, Jyväskylä"},
            "remote": {"join_url": "https://meet.example.org/x", "platform": "Teams"},
            "capacity": {"onsite": seats, "remote": None},
        }
        events.append(made(first, "/events", day))
        done(first, f"/events/{events[-1]}/publish")
    letter = {
        "slug": "kirje",
        "name": {"fi": "Kirje"},
        "network_id": network,
        "sender": {"name": "Kirje", "email": "kirje@example.org"},
        "languages": ["fi"],
        "sections": ["editorial"],
    }
    newsletter = made(first, "/newsletters", letter)
    readers = {f"lukija-{reader}@example.org" for reader in range(number)}
    lines = "".join(f"{reader},fi,{stamp(days=-30)},Ilmoittautumislista\n" for reader in sorted(readers))
    table = f"email,language,consented_at,consent_source\n{lines}".encode()
    imported = first("POST", f"/newsletters/{newsletter}/subscribers/import", table, Content_Type="text/csv")
    assert imported.body["created"] == number, imported
    block = {"section": "editorial", "text": {"fi": "Tervehdys toimituksesta."}}
    issue = made(second, f"/newsletters/{newsletter}/issues", {"title": {"fi": "Kirje"}, "blocks": [block]})
    done(second, f"/issues/{issue}/submit")
    done(first, f"/issues/{issue}/approve")
    return Stage(first, second, events, newsletter, issue, readers)
