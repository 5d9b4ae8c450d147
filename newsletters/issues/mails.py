"""The mails of issues to those who make them; the letter itself is made in `newsletters/dispatch/letters.py`."""

from bson import ObjectId
from flask import current_app

from network_api.documents import Row
from network_api.languages import in_language
from network_api.mail.message import MailMessage, compose
from newsletters.documents import Newsletter
from newsletters.issues.documents import Issue
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


def please_approve(approver: Row, issue: Issue, newsletter: Newsletter, made: Rendered) -> MailMessage:
    """To one who may approve an issue that was handed in, with how it reads."""
    return compose(
        f"issue:{issue.pk}:submitted:{issue.version}:{approver['_id']}",
        approver["email"],
        approver["language"],
        "newsletters/please_approve.txt",
        newsletter=_line(in_language(newsletter.name, approver["language"])),
        title=made.subject,
        letter=made.text,
        address=_address(issue),
    )


def answered(author: Row, issue: Issue, step: str, reason: str) -> MailMessage:
    """To the author of an issue that was approved or rejected."""
    return compose(
        f"issue:{issue.pk}:{step}:{issue.version}",
        author["email"],
        author["language"],
        f"newsletters/issue_{step}.txt",
        title=_line(in_language(issue.title, author["language"])),
        reason=reason,
        address=_address(issue),
    )


def _address(issue: Issue) -> str:
    return f"{current_app.config['PUBLIC_URL']}/api/v1/issues/{issue.pk}"


def _line(text: str) -> str:
    return " ".join(text.split())
