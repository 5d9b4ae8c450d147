"""The mail of the site."""

from dataclasses import replace

from bson import ObjectId

from network_api.mail.message import MailMessage, compose


def feedback(to: str, language: str, message: str, sender: str | None) -> MailMessage:
    """To those who answer for the site; an answer goes to who wrote, where they gave an address."""
    made = compose(f"feedback:{ObjectId()}", to, language, "site/feedback.txt", message=message, sender=sender)
    return replace(made, headers={"Reply-To": sender}) if sender else made
