"""What theme days tell webhooks."""

from bson import ObjectId

from events.documents import Event
from events.registration_documents import Registration
from network_api.feature import MessageType
from network_api.webhooks.telling import tell

PUBLISHED = MessageType("event.published", "A theme day has been published.", "events/{id}")
CHANGED = MessageType("event.changed", "A theme day that is published has been edited.", "events/{id}")
CANCELLED = MessageType("event.cancelled", "A theme day has been called off.", "events/{id}")
MATERIAL = MessageType(
    "material.published",
    "A material of a published theme day has got its link or file; it may open later.",
    "events/{event_id}/materials/{id}",
    ("event_id",),
)


def _registration(name: str, meaning: str) -> MessageType:
    return MessageType(f"registration.{name}", meaning, "registrations/{id}", ("event_id",))


CREATED = _registration("created", "Somebody has registered: for a seat, or for the queue.")
REGISTRATION_CHANGED = _registration("changed", "A registration has been changed: what was typed, or the mode.")
OFFERED = _registration("offered", "Somebody who waits is offered a seat, to accept within some hours.")
PROMOTED = _registration("promoted", "Somebody who waited has got a seat.")
REGISTRATION_CANCELLED = _registration("cancelled", "A registration has been cancelled; nobody comes.")
ATTENDED = _registration("attended", "Somebody was there.")
TYPES = (
    *(PUBLISHED, CHANGED, CANCELLED, MATERIAL),
    *(CREATED, REGISTRATION_CHANGED, OFFERED, PROMOTED, REGISTRATION_CANCELLED, ATTENDED),
)


def tell_of(kind: MessageType, event: Event) -> None:
    """Tell of a theme day."""
    tell(kind, event.network_id, event.version, id=event.pk)


def tell_of_registration(kind: MessageType, registration: Registration, network_id: ObjectId) -> None:
    """Tell of a registration for a theme day of this network."""
    tell(kind, network_id, registration.version, id=registration.pk, event_id=registration.event_id)
