"""The mails of issues to those who make them; the letter itself is made in `newsletters/dispatch/letters.py`."""

from bson import ObjectId

from network_api.mail.message import MailMessage
from newsletters.issues.rendering import Rendered


def test_letter(issue_id: ObjectId, address: str, rendered: Rendered) -> MailMessage:
    """An issue as its readers would get it, to one who wants to see it first."""
    return MailMessage(
        cause=f"issue:{issue_id}:test:{ObjectId()}",
        to=address,
        subject=f"[test] {rendered.subject}",
        text=rendered.text,
        html=rendered.html,
    )
