"""A mail as a feature writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from flask import render_template
from flask_babel import force_locale


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Picture:
    """A picture in a mail (PNG), above the link to the same thing; `alt` tells it to who cannot see it."""

    address: str
    content: bytes
    alt: str

    @property
    def cid(self) -> str:
        """The name of the picture in its mail (RFC 2392); the same address has the same."""
        return f"{sha256(self.address.encode()).hexdigest()[:16]}@picture"


@dataclass(frozen=True)
class Addition:
    """What is added to a mail when it is sent: texts by their MIME subtype, and pictures."""

    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()


class Review(NamedTuple):
    """A last look at a mail when it is about to be sent: the name of one of the features' `reviews`, and what it is about."""

    name: str
    about: str


@dataclass(frozen=True)
class MailMessage:
    """One mail to one person. `cause` is unique: the same cause is never mailed twice.

    A mail that waits can be overtaken by what happens, so one with a `review` is looked at once more when it is sent.
    With a `language` and no `html` it gets an HTML part that is made of its text (`html_part`).
    """

    cause: str
    to: str
    subject: str
    text: str
    html: str | None = None
    language: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    review: Review | None = None


def compose(cause: str, to: str, language: str, template: str, *, review: Review | None = None, **values: Any) -> MailMessage:
    """A mail from a text template, in the reader's language. The template's first line is the subject."""
    with force_locale(language):
        rendered = render_template(template, language=language, **values)
    subject, _, text = rendered.strip().partition("\n")
    line = " ".join(subject.split())
    return MailMessage(cause, to, line, text.strip() + "\n", language=language, review=review)
