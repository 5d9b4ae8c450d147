"""What members tell webhooks: each of the networks that the member belongs to hears it."""

from network_api.feature import MessageType

PUBLISHED = MessageType(
    "introduction.published",
    "A member has introduced themselves, or anew; the id is the member's.",
    "introductions?network={network_id}",
)
WITHDRAWN = MessageType(
    "introduction.withdrawn",
    "A member has taken their introduction back: nobody may show it any more. The id is the member's.",
    "introductions?network={network_id}",
)
TYPES = (PUBLISHED, WITHDRAWN)
