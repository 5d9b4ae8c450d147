"""The mails of members."""

from bson import ObjectId

from network_api.auth.documents import CODE_LIFETIME
from network_api.mail.message import MailMessage, compose


def sign_in_code(address: str, code: str, language: str) -> MailMessage:
    """The code somebody asked for; each request is a cause of its own."""
    minutes = int(CODE_LIFETIME.total_seconds() // 60)
    return compose(f"sign-in:{ObjectId()}", address, language, "members/sign_in_code.txt", code=code, minutes=minutes)
