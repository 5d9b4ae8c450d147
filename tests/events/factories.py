"""Theme days and registrations for tests, made through the documents or the API."""

from datetime import timedelta
from typing import Any

from events.documents import Event
from events.seating import PUBLISHED, Seats
from network_api.documents import utcnow
from network_api.networks.documents import Network
from tests.clients import Api

ROOM = "https://meet.example.org/salainen-huone"


def make_event(network: Network, **given: Any) -> Event:
    """A published theme day in 20 days, with two seats on site and no limit remotely."""
    starts = utcnow().replace(microsecond=0) + timedelta(days=20)
    capacity = given.pop("capacity", {"onsite": 2, "remote": None})
    values = {
        "network_id": network.pk,
        "slug": f"teemapaiva-{Event.collection().count_documents({})}",
        "title": {"fi": "Työhönvalmennuksen teemapäivä"},
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=6),
        "venue": {"name": "Toivolan vanha piha", "address": "Cygnaeuksenkatu 2, Jyväskylä"},
        "remote": {"join_url": ROOM, "platform": "Teams", "opens_minutes_before": 15},
        "status": PUBLISHED,
        "published_at": utcnow() - timedelta(days=1),
        "seats": {mode: Seats(capacity=number) for mode, number in capacity.items()},
    }
    return Event(**{**values, **given}).insert()


def body(network: Network, **given: Any) -> dict[str, Any]:
    """What a coordinator sends to draft such a theme day."""
    return {
        "network_id": str(network.pk),
        "title": {"fi": "Työhönvalmennuksen teemapäivä"},
        "starts_at": "2030-03-04T07:00:00Z",
        "ends_at": "2030-03-04T13:00:00Z",
        "venue": {"name": "Toivolan vanha piha"},
        "remote": {"join_url": ROOM, "platform": "Teams", "opens_minutes_before": 15},
        "capacity": {"onsite": 2, "remote": None},
        **given,
    }


def person(who: str, **given: Any) -> dict[str, Any]:
    """What a participant sends."""
    return {
        "mode": "onsite",
        "name": who.title(),
        "email": f"{who}@example.org",
        "organisation": {"name": "Kunta", "type": "municipality"},
        "language": "fi",
        **given,
    }


def register(client: Api, event: Event, who: str, **given: Any) -> Any:
    """Register somebody; the answer."""
    return client.post(f"/events/{event.pk}/registrations", person(who, **given))


def send_pdf(client: Api, path: str, content: bytes = b"%PDF-1.7 esitys", content_type: str = "application/pdf") -> Any:
    """Send the file of a material; the answer."""
    headers = {"Authorization": f"Bearer {client.token}"}
    sent = {"data": content, "content_type": content_type, "headers": headers}
    return client.client.put(f"/api/v1{path}?filename=esitys.pdf", **sent)
