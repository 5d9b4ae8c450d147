"""Who may contribute: the editors of the network whose news it is; nobody else reads it before it is told."""

from network_api.auth.caller import EDITOR, Caller
from network_api.errors import NotFound
from network_api.networks.documents import Network
from newsletters.contributions.documents import Contribution


def edited_network(caller: Caller, network_id: str) -> Network:
    """A network for which the caller writes."""
    caller.require_sign_in()
    network = Network.get(network_id)
    caller.require(EDITOR, network.pk)
    return network


def edited_contribution(caller: Caller, contribution_id: str) -> Contribution:
    """A contribution of a network for which the caller writes."""
    caller.require_sign_in()
    contribution = Contribution.get(contribution_id)
    if not caller.has_role(EDITOR, contribution.network_id):
        raise NotFound
    return contribution
