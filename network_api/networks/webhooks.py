"""What networks tell webhooks."""

from network_api.feature import MessageType

REQUESTED = MessageType("membership.requested", "Somebody asks to join a network.", "memberships/{id}")
JOINED = MessageType("membership.joined", "Somebody has become a member of a network.", "memberships/{id}")
LEFT = MessageType("membership.left", "Somebody is no member of a network any more.", "memberships/{id}")
TYPES = (REQUESTED, JOINED, LEFT)
