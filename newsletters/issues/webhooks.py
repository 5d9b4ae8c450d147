"""What issues tell webhooks."""

from network_api.feature import MessageType

SENT = MessageType("issue.sent", "An issue of a newsletter has gone out.", "issues/{id}", ("newsletter_id",))
TYPES = (SENT,)
