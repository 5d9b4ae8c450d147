"""What is kept about people by networks: see `network_api.privacy`."""

from network_api.networks.documents import Membership, Network
from network_api.privacy import SERVICE, Field, Holding, Term

BELONGING = Term("until the person erases themselves")

REGISTER = (
    Holding(
        Network,
        other="slug, name, kind, regions, parent_id, description, topics, coordinating_organisation, coordination_ends_on,"
        " coordinators, search",
    ),
    Holding(
        Membership,
        (
            Field("email, email_key", "To invite somebody; one place in a network for each address.", SERVICE, BELONGING),
            Field(
                "member_id, network_id, role, state",
                "Who belongs to a network, and what they may do there.",
                SERVICE,
                BELONGING,
            ),
            Field("joined_at, left_at, invited_by", "Since when, and by whose invitation.", SERVICE, BELONGING),
        ),
    ),
)
