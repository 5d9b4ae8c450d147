"""`/dev/mail`: what the mail sink of `network-api up` has caught, as pages. Only there where MAIL_SINK_DIR is set.

For trials: nobody signs in, so whoever reaches the server reads the mail. A mail's HTML is shown in a frame without
scripts and without an origin, for it is somebody else's content.
"""

import os
import re
from email import message_from_binary_file, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

blueprint = Blueprint("mailbox", __name__, url_prefix="/dev/mail")
PER_PAGE = 100
SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'self'"
)
_name = re.compile(r"[\w.,:=+-]+")  # what a Maildir calls a mail; nothing that leads out of it
_shown_headers = (
    "From",
    "To",
    "Reply-To",
    "Date",
    "Subject",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)


class Entry(NamedTuple):
    """A mail in the list."""

    name: str
    to: str
    subject: str
    date: str


def maildir() -> Path:
    """The Maildir of the settings."""
    return Path(current_app.config["MAIL_SINK_DIR"])


def names(before: str | None) -> list[str]:
    """The mails that came before one, or all, the newest first; the names begin with the time of arrival."""
    found = [name for folder in ("new", "cur") for name in _listed(maildir() / folder) if before is None or name < before]
    return sorted(found, reverse=True)


def _listed(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _file(name: str) -> Path:
    for folder in ("new", "cur"):
        file = maildir() / folder / name
        if _name.fullmatch(name) and file.is_file():
            return file
    abort(404)


def _message(name: str) -> EmailMessage:
    with _file(name).open("rb") as file:
        message = message_from_binary_file(file, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _entry(name: str) -> Entry:
    with _file(name).open("rb") as file:
        headers = BytesHeaderParser(policy=policy.default).parse(file)
    return Entry(name, str(headers["To"] or ""), str(headers["Subject"] or ""), _when(headers["Date"]))


def _when(date: str | None) -> str:
    try:
        return f"{parsedate_to_datetime(str(date)):%Y-%m-%d %H:%M}"
    except ValueError:  # no date, or none that can be read
        return ""


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else None


def _parts(message: EmailMessage) -> list[EmailMessage]:
    """The attachments and the pictures inside the mail."""
    leaves = (part for part in message.walk() if not part.is_multipart())
    return [part for part in leaves if part.get_filename() or part["Content-ID"]]


@blueprint.get("")
def mails() -> str:
    """The newest mails, a page at a time; with `?to=`, those whose recipient has these letters."""
    to = request.args.get("to", "").strip()
    entries = (entry for entry in map(_entry, names(request.args.get("before"))) if to.casefold() in entry.to.casefold())
    shown = list(islice(entries, PER_PAGE))
    older = shown[-1].name if next(entries, None) else None
    return render_template("mailbox/list.html", mails=shown, to=to, older=older)


@blueprint.get("/<name>")
def mail(name: str) -> str:
    """One mail: headers, text, HTML in a frame, attachments."""
    message = _message(name)
    return render_template(
        "mailbox/mail.html",
        name=name,
        subject=message["Subject"],
        headers=[(header, message[header]) for header in _shown_headers if message[header]],
        text=_body(message, "plain"),
        has_html=_body(message, "html") is not None,
        parts=list(enumerate(part.get_filename() or part.get_content_type() for part in _parts(message))),
    )


@blueprint.get("/<name>/html")
def html(name: str) -> Response:
    """The HTML part; its links open in a new window, its inline pictures are the mail's own."""
    message = _message(name)
    body = _body(message, "html")
    if body is None:
        abort(404)
    for number, part in enumerate(_parts(message)):
        if part["Content-ID"]:
            address = url_for("mailbox.part", name=name, number=number)
            body = body.replace(f"cid:{str(part['Content-ID']).strip('<>')}", address)
    return _sandboxed(f'<base target="_blank">{body}'.encode(), "text/html")


@blueprint.get("/<name>/parts/<int:number>")
def part(name: str, number: int) -> Response:
    """An attachment or inline picture."""
    parts = _parts(_message(name))
    if number >= len(parts):
        abort(404)
    chosen = parts[number]
    content = chosen.get_payload(decode=True)
    return _sandboxed(content if isinstance(content, bytes) else b"", chosen.get_content_type())


@blueprint.get("/<name>/source")
def source(name: str) -> Response:
    """The mail as it came in."""
    return _sandboxed(_file(name).read_bytes(), "text/plain")


def _sandboxed(content: bytes, content_type: str) -> Response:
    response = Response(
        content, content_type=f"{content_type}; charset=utf-8" if content_type.startswith("text/") else content_type
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Mail belongs into no cache and no search engine."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
