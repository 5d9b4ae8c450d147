"""The mails of networks."""

from flask import current_app

from network_api.documents import Row
from network_api.languages import in_language
from network_api.mail.message import MailMessage, compose
from network_api.networks.documents import Membership, Network


def invitation(membership: Membership, network: Network) -> MailMessage:
    """To somebody who is invited to a network; each invitation is a cause of its own."""
    language = current_app.config["DEFAULT_LANGUAGE"]
    return compose(
        f"membership:{membership.pk}:invited:{membership.version}",
        membership.email,
        language,
        "networks/invitation.txt",
        network=in_language(network.name, language),
        role=membership.role,
    )


def without_coordinator(coordinator: Row, network: Network) -> MailMessage:
    """To a coordinator of the national network, which now looks after a network that lost its last one."""
    language = current_app.config["DEFAULT_LANGUAGE"]
    return compose(
        f"network:{network.pk}:without-coordinator:{network.updated_at.isoformat()}:{coordinator['_id']}",
        coordinator["email"],
        language,
        "networks/without_coordinator.txt",
        network=in_language(network.name, language),
    )
