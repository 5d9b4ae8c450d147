"""The verb of the site: pass feedback on."""

from collections.abc import Iterator
from email.utils import parseaddr

from flask import current_app

from network_api.documents import transactional
from network_api.mail import outbox
from network_api.members.documents import Member
from network_api.site import mails


@transactional
def pass_on(message: str, sender: str | None) -> None:
    """Mail feedback to the contact address, or else to every administrator. It is stored nowhere else."""
    for address, language in _who_answer():
        outbox.put(mails.feedback(address, language, message, sender))


def contact_address() -> str:
    """Where people write about the site."""
    return parseaddr(current_app.config["CONTACT_ADDRESS"] or current_app.config["MAIL_DEFAULT_SENDER"])[1]


def _who_answer() -> Iterator[tuple[str, str]]:
    administrators = [] if current_app.config["CONTACT_ADDRESS"] else Member.rows({"is_administrator": True})
    if not administrators:
        yield contact_address(), current_app.config["DEFAULT_LANGUAGE"]
    for member in administrators:
        yield member["email"], member["language"]
