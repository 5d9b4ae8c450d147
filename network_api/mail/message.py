"""A mail as a feature writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import render_template
from flask_babel import force_locale


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class MailMessage:
    """One mail to one person. `cause` is unique: the same cause is never mailed twice."""

    cause: str
    to: str
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


def compose(cause: str, to: str, language: str, template: str, **values: Any) -> MailMessage:
    """A mail from a text template, in the reader's language. The template's first line is the subject."""
    with force_locale(language):
        rendered = render_template(template, language=language, **values)
    subject, _, text = rendered.strip().partition("\n")
    return MailMessage(cause=cause, to=to, subject=" ".join(subject.split()), text=text.strip() + "\n")
